import type { Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { classImage } from "../../fleet/worker/class-image.ts";
import { prepareHost } from "../prepare-host.ts";

interface WorkerOptions {
  readonly redis: string;
  readonly store: string;
  readonly slots?: number;
  readonly lanes?: number;
  readonly host?: string;
  readonly drainMs: number;
}

/** Adds `sameseed worker`. */
export function addWorkerCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("worker")
    .summary("give this machine's sandboxes to a fleet")
    .description(
      "Takes chunks of rollouts from the fleet's queue, runs them here, and puts what comes of them into the fleet's store. Whoever can write to the queue can run programs in this machine's sandboxes.",
    )
    .requiredOption(
      "--redis <URL>",
      "the fleet's queue: redis://HOST:PORT, rediss://HOST:PORT, redis+unix:/path/to/socket or postgresql://HOST/DB",
    )
    .requiredOption(
      "--store <URL>",
      "the fleet's store: a folder that every host sees at this path, or s3://BUCKET/PREFIX",
    )
    .option(
      "--slots <N>",
      "rollouts that run at the same time (default: twice the processors)",
      wholeNumber({ option: "--slots", unit: "rollouts", max: 1024 }),
    )
    .option(
      "--lanes <N>",
      "chunks that run at the same time and share the slots (default: 2)",
      wholeNumber({ option: "--lanes", unit: "chunks", max: 16 }),
    )
    .option("--host <NAME>", "this machine's name in the fleet (default: its host name)")
    .option(
      "--drain-ms <MS>",
      "how long chunks may go on after SIGTERM before they are given back",
      wholeNumber({ option: "--drain-ms", unit: "milliseconds", max: 3_600_000 }),
      30_000,
    )
    .addHelpText("after", help)
    .action((options: WorkerOptions) => choose(async (cli) => await work(cli, options)));
}

const help = `
Examples:
  sameseed worker --redis redis://queue:6379 --store /srv/rollouts
  sameseed worker --redis redis://queue:6379 --store /srv/rollouts --slots 64 --host rack1-07

The log goes to standard error. SIGTERM and Ctrl-C drain: nothing more is taken, what runs may end, what does not is given
back; a second one ends at once, and other hosts take over when the leases run out.`;

async function work(cli: Cli, { drainMs, ...options }: WorkerOptions): Promise<number> {
  await prepareHost(cli, classImage());
  // The queue's client and the store's are large: every other command would wait for them too.
  const { startFleetWorker } = await import("../../fleet/worker/fleet-worker.ts");
  if (cli.signal.aborted) throw new SameseedError("aborted", "interrupted; no chunk was taken");
  const onLog = (line: string): void => cli.status.note(line);
  const worker = await startFleetWorker({ ...options, signal: cli.signal, onLog });
  const { id, hostClass, lanes, slots, store } = worker.note;
  await cli.output.lines([
    `worker ${id} of class ${hostClass}: ${lanes} lanes, ${slots} slots, store ${store}`,
  ]);
  await aborted(cli.signal);
  cli.status.note("draining");
  await worker.drain(drainMs);
  return 0;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
