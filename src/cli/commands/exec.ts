import { constants } from "node:os";
import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { defaultLimits } from "../../model/limits.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import type { CommandResult } from "../../sandbox/command-types.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { parseSeed } from "../parse/seeds.ts";
import { prepareHost } from "../prepare-host.ts";
import {
  givenLimits,
  limitOptions,
  placementOptions,
  type LimitOptions,
  type PlacementOptions,
} from "./options.ts";

/** How long a command may take where nothing else is said, in milliseconds: it may be a person's own shell pipeline. */
const defaultWallMs = 300_000;

const wallExitCode = 124;
const killedExitCode = 137;

interface ExecOptions extends PlacementOptions, LimitOptions {
  readonly seed?: number;
}

/** Adds `sameseed exec`. */
export function addExecCommand(program: Command, choose: (work: CommandWork) => void): void {
  const exec = program
    .command("exec")
    .summary("run one command in a fresh sandbox")
    .description(
      "Runs one command in a fresh sandbox: no network, no files of the host, an empty /tmp that is removed afterwards. Standard input is passed on unless it is a terminal.",
    )
    .usage("[OPTIONS] -- COMMAND [ARGS...]")
    .argument("<COMMAND...>", "a program of the image and its arguments")
    .addOption(
      new Option("--seed <N>", "the seed of a sealed world's entropy (default: 0)").argParser(parseSeed),
    )
    .passThroughOptions()
    .addHelpText("after", help)
    .action((command: readonly string[], options: ExecOptions) =>
      choose(async (cli) => await execute(cli, command, options)),
    );
  const defaults = { wallMs: defaultWallMs, cpuMs: defaultWallMs };
  for (const option of [...placementOptions("host"), ...limitOptions("the command", defaults)])
    exec.addOption(option);
}

const help = `
Examples:
  sameseed exec -- python3 -c 'print(6 * 7)'
  cat script.py | sameseed exec --memory-mb 256 -- python3 -
  sameseed exec --world sealed --seed 7 -- python3 -c 'import time, os; print(time.time(), os.urandom(4))'

The exit code is the command's own, 124 at its wall limit, 137 at its memory, CPU or output limit, 127 if
the image has no such command, and 128 + N if signal N ended it.`;

async function execute(
  cli: Cli,
  [command = "", ...args]: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const { image, backend, world, seed } = options;
  const { wallMs = defaultWallMs, ...limits } = givenLimits(options);
  if (seed !== undefined && world === "host") {
    throw new SameseedError("bad_argument", "--seed has no effect in the host's world", {
      hint: "add --world sealed",
    });
  }
  await prepareHost(cli, image);
  await using sandbox = await Sandbox.create({
    image,
    backend,
    world,
    seed,
    timeoutMs: wallMs,
    cpuMs: Math.max(wallMs, defaultWallMs),
    outputBytes: defaultLimits.outputBytes,
    ...limits,
    signal: cli.signal,
  });
  let written: Promise<unknown> = Promise.resolve();
  const result = await sandbox.run(command, {
    args,
    ...(process.stdin.isTTY ? {} : { input: process.stdin }),
    signal: cli.signal,
    onStdout: (data) => {
      written = Promise.all([written, cli.output.write(data)]);
      written.catch(() => {}); // the last of them is waited for below
    },
    onStderr: (data) => void process.stderr.write(data),
  });
  await written;
  const note = noteOn(result, wallMs, limits.outputBytes ?? defaultLimits.outputBytes);
  if (note !== undefined) cli.status.note(`sameseed: ${note}`);
  return exitCodeOf(result);
}

function exitCodeOf({ exitCode, signal, timedOut, outputTruncated, sandboxEnded }: CommandResult): number {
  if (sandboxEnded === "wall" || (timedOut && sandboxEnded === null)) return wallExitCode;
  if (outputTruncated || sandboxEnded !== null) return killedExitCode;
  return exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/** What a person must be told because the command could not say it; undefined if it ended by itself. */
function noteOn(result: CommandResult, wallMs: number, outputBytes: number): string | undefined {
  const { startError, sandboxEnded, timedOut, outputTruncated, memoryExceeded } = result;
  if (startError !== null) return `the command cannot be started: ${startError.message}`;
  if (sandboxEnded === "wall" || (timedOut && sandboxEnded === null))
    return `the command was ended after ${wallMs} ms (--wall-ms)`;
  if (sandboxEnded === "cpu") return "the command was ended: it used up its processor time (--cpu-ms)";
  if (sandboxEnded === "memory") return "the command was ended: it used up its memory (--memory-mb)";
  if (outputTruncated || sandboxEnded === "output")
    return `the command was ended: it printed more than ${outputBytes} bytes (--output-bytes)`;
  if (memoryExceeded) return "the command ran out of memory (--memory-mb)";
  return undefined;
}
