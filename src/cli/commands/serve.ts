import type { Command } from "commander";

import { leaseMsMost } from "../../server/leases.ts";
import type { ServerOptions } from "../../server/server-options.ts";
import { defaultImageName } from "../../image/default-image.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";

interface ServeOptions {
  readonly listen: string;
  readonly tokenFile?: string;
  readonly maxSandboxes?: number;
  readonly runs?: string;
  readonly leaseMs?: number;
  readonly drainMs?: number;
  readonly allowHost: readonly string[];
  readonly allowOrigin: readonly string[];
  readonly untilInputEnds?: true;
}

/** Adds `sameseed serve`. */
export function addServeCommand(program: Command, choose: (work: CommandWork) => void): void {
  const collect = (value: string, all: readonly string[]): string[] => [...all, value];
  program
    .command("serve")
    .summary("serve sandboxes and rollouts to programs in any language, over HTTP")
    .description(
      "Serves the native API below /v1 and the protocols of other tools. Without a token it accepts connections from this machine only.",
    )
    .option(
      "--listen <ADDRESS>",
      "HOST:PORT, or unix:PATH for a socket that only this user can open",
      "127.0.0.1:8900",
    )
    .option(
      "--token-file <FILE>",
      "the file with the secret that every request must carry; required if other machines can reach the address",
    )
    .option(
      "--max-sandboxes <N>",
      "sandboxes at the same time (default: 16 for each processor)",
      wholeNumber({ option: "--max-sandboxes", unit: "sandboxes", max: 512 }),
    )
    .option("--runs <DIR>", "the folder of recorded runs (default: runs in the home folder)")
    .option(
      "--lease-ms <MS>",
      "how long a client without heartbeats keeps what it opened (default: 30000)",
      wholeNumber({ option: "--lease-ms", unit: "milliseconds", max: leaseMsMost }),
    )
    .option(
      "--drain-ms <MS>",
      "how long running work may take after SIGTERM (default: 30000)",
      wholeNumber({ option: "--drain-ms", unit: "milliseconds", max: leaseMsMost }),
    )
    .option(
      "--allow-host <NAME>",
      "a name by which requests may call the server; may be repeated",
      collect,
      [],
    )
    .option(
      "--allow-origin <ORIGIN>",
      "an origin whose pages may call the server; may be repeated",
      collect,
      [],
    )
    .option(
      "--until-input-ends",
      "drain when standard input ends too: a program that holds its other end takes the server with it, however it ends",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  sameseed serve\n  sameseed serve --listen 0.0.0.0:8900 --token-file token --allow-host lab7\n\nThe log goes to standard error, a JSON document a line; the address to standard output. SIGTERM and Ctrl-C drain:\nno new work begins, and running work may finish; a second signal stops at once.",
    )
    .action((options: ServeOptions) => choose(async (cli) => await serve(cli, options)));
}

async function serve(cli: Cli, options: ServeOptions): Promise<number> {
  await prepareHost(cli, defaultImageName);
  // What a server is made of takes some 70 ms to load; every other command would wait for it too.
  const { createServer } = await import("../../server/server.ts");
  const server = createServer(toServerOptions(options));
  await server.start();
  await cli.output.lines([`listening at ${server.address}`]);
  await Promise.race([aborted(cli.signal), ...(options.untilInputEnds === true ? [inputEnded()] : [])]);
  // A signal that comes after the input's end is the second word, and ends at once.
  await server.drain(cli.signal.aborted ? undefined : cli.signal);
  return 0;
}

function toServerOptions(options: ServeOptions): ServerOptions {
  const { allowHost, allowOrigin, untilInputEnds: _, ...rest } = options;
  return {
    ...rest,
    allowHosts: allowHost,
    allowOrigins: allowOrigin,
    onLog: (line) => void process.stderr.write(`${line}\n`),
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Resolves when nothing more comes on standard input; what comes is nobody's. */
async function inputEnded(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const event of ["end", "close", "error"]) process.stdin.once(event, () => resolve());
    process.stdin.resume();
  });
}
