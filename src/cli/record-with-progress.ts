import { addRewards, mapRewards, type RewardSum } from "../model/reward-sum.ts";
import { relative } from "node:path";

import { SameseedError } from "../base/error.ts";
import { isComplete } from "../model/outcome.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import { recordRun, type OpenRun, type RecordRunConfig } from "../store/record-run.ts";
import type { Cli } from "./cli.ts";
import { resumeCommand } from "./parse/shell-words.ts";
import { asSameseedError } from "./render/error-text.ts";
import { jsonText } from "./render/json-text.ts";
import { count, formatReward } from "./render/numbers.ts";
import { Progress } from "./render/progress.ts";
import { toRolloutDocument } from "./render/rollout-document.ts";
import { clip } from "./render/style.ts";
import { withWayOn } from "./way-on.ts";

/** What to run; how it is watched is this module's. */
export type RunRequest = Omit<RecordRunConfig, "onOpen" | "onRollout" | "signal">;

/** What was recorded by one command. */
export interface RecordedByCommand {
  readonly run: OpenRun;
  /** Rollouts that this command recorded. */
  readonly recorded: number;
  readonly wallMs: number;
}

const mostWarnings = 5;

/**
 * Records a run and says on standard error how far it is.
 * @param lines print each rollout as a JSON line when it is recorded
 * @throws as `recordRun`; where something is recorded already, the error says how to go on
 */
export async function recordWithProgress(
  cli: Cli,
  request: RunRequest,
  lines: boolean,
): Promise<RecordedByCommand> {
  const startedAt = performance.now();
  const watch = new Watch(cli, lines, request.fleet !== undefined);
  try {
    const run = await recordRun({
      ...request,
      signal: cli.signal,
      onOpen: (open) => watch.open(open),
      onRollout: (summary) => watch.add(summary),
    });
    await watch.written;
    return { run, recorded: watch.recorded, wallMs: performance.now() - startedAt };
  } catch (error) {
    throw stopped(cli, asSameseedError(error), watch);
  } finally {
    watch.stop();
  }
}

/** Adds up what a person wants to know meanwhile. */
class Watch {
  /** Fulfilled when every line so far was written. */
  written: Promise<void> = Promise.resolve();
  run: OpenRun | undefined;
  readonly #cli: Cli;
  readonly #lines: boolean;
  readonly #warnings = new Set<string>();
  #progress: Progress | undefined;
  #faults = 0;
  #complete = 0;
  #reward: RewardSum = 0;
  #saidStart = false;
  /** What the line of each seed said. */
  readonly #said = new Map<number, string>();
  readonly #mayBeginAnew: boolean;

  constructor(cli: Cli, lines: boolean, mayBeginAnew: boolean) {
    this.#cli = cli;
    this.#lines = lines;
    this.#mayBeginAnew = mayBeginAnew;
  }

  get recorded(): number {
    return this.#progress?.done ?? 0;
  }

  open(run: OpenRun): void {
    if (this.run !== undefined) this.#beginAnew();
    this.run = run;
    const before = run.recorded === 0 ? "" : `; ${run.recorded} recorded before`;
    this.#cli.status.note(`recording ${count(run.total, "rollout")} in ${shownPath(run.dir)}${before}`);
    this.#progress = new Progress(this.#cli.status, {
      verb: "recording",
      total: run.total,
      before: run.recorded,
      details: () => [
        ...(this.#complete === 0 || this.#reward === null
          ? []
          : [`mean return ${formatReward(mapRewards(this.#reward, (sum) => sum / this.#complete))}`]),
        count(this.#faults, "fault"),
      ],
    });
  }

  add(summary: RolloutSummary): void {
    if (isComplete(summary.outcome)) {
      this.#complete++;
      this.#reward =
        this.#complete === 1 ? summary.totalReward : addRewards(this.#reward, summary.totalReward);
    } else {
      this.#faults++;
    }
    if (this.#lines && this.#isNew(summary)) {
      this.written = this.written.then(async () => {
        await this.#cli.output.write(`${jsonText(toRolloutDocument(summary))}\n`);
      });
      // Whoever waits for it hears of a failure; until then it must not end the process.
      this.written.catch(() => {});
    }
    this.#progress?.advance();
    this.#sayStart(summary);
    for (const warning of summary.warnings) this.#warn(summary.seed, warning);
  }

  /** A fleet found a host out, and the run begins anew: what was counted does not count. */
  #beginAnew(): void {
    this.#progress?.stop();
    [this.#faults, this.#complete, this.#reward] = [0, 0, 0];
    this.#cli.status.note(
      "a host of the fleet was found out: the run begins anew, from what the others made",
    );
  }

  /** Whether a rollout's line is not there yet: after a take-back only what differs is said again. */
  #isNew({ seed, digest, outcome }: RolloutSummary): boolean {
    const what = `${digest} ${outcome}`;
    if (this.#said.get(seed) === what) return false;
    if (this.#mayBeginAnew) this.#said.set(seed, what);
    return true;
  }

  /** Says once why rollouts start as usual that were to start prepared. */
  #sayStart({ receipt: { start } }: RolloutSummary): void {
    if (start === undefined || start.prepared || this.#saidStart) return;
    this.#saidStart = true;
    this.#cli.status.note(`rollouts start as usual: ${clip(start.reason, 300)}`);
  }

  stop(): void {
    this.#progress?.stop();
  }

  #warn(seed: number, warning: string): void {
    if (this.#warnings.has(warning) || this.#warnings.size >= mostWarnings) return;
    this.#warnings.add(warning);
    this.#cli.status.note(`${this.#cli.paintStatus("warn", "warning:")} seed ${seed}: ${clip(warning, 300)}`);
  }
}

/** Says what is recorded already and which command goes on with it, where there is something to go on with. */
function stopped(cli: Cli, error: SameseedError, { run, recorded }: Watch): SameseedError {
  if (run === undefined || error.kind.exitCode === 2) return error;
  const done = run.recorded + recorded;
  if (done === 0)
    return error.code === "aborted"
      ? new SameseedError("aborted", "interrupted; nothing is recorded yet")
      : error;
  const kept = `${done} of ${count(run.total, "rollout")} ${done === 1 ? "is" : "are"} recorded in ${shownPath(run.dir)}`;
  return withWayOn(error, {
    kept,
    goOn: resumeCommand(cli.args, shownPath(run.dir)),
    context: { dir: run.dir, recorded: done, total: run.total },
  });
}

/** A folder as a person would name it from where they are. */
export function shownPath(dir: string): string {
  const near = relative(process.cwd(), dir);
  return near === "" || near.startsWith("..") ? dir : near;
}
