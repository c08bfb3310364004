import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError } from "../base/error.ts";
import { defaultLimits } from "../model/limits.ts";
import { type JudgePlace, refuseAborted, type Watched } from "./judge-place.ts";
import type { Lanes } from "./lanes.ts";
import type { TestRun } from "./test-run.ts";

/** How often a test that the host failed is run again, and how long before each time. */
const retryDelaysMs = [100, 1000];
/** How often a test that reached its wall time is run alone. */
const aloneMost = 2;
/** The part of one processor below which a machine is starved: a program that has it gets nowhere. */
const starvedShare = 0.25;
/** What it costs to look: some 50 ms of a processor. */
const spin = "total = 0\nfor number in range(1_000_000):\n    total += number\n";

/** A test's run, and how many were needed. */
export interface SettledRun {
  readonly run: TestRun;
  readonly runs: number;
}

/**
 * Runs one test until it has a verdict that stands. Trouble of the host is tried again. Wall time says as much of the machine
 * as of the program: one that reached it on a starved machine, or while it worked, is run again alone, and where a process of Sameseed's
 * own gets nowhere either, the verdict is the host's.
 * @throws `aborted`
 */
export async function settleTest(
  attempt: () => Promise<TestRun>,
  place: JudgePlace,
  lanes: Lanes,
): Promise<SettledRun> {
  const { signal } = place;
  let runs = 0;
  let failures = 0;
  let alone = 0;
  for (;;) {
    runs++;
    const run = await guarded(async () =>
      failures + alone === 0 ? await lanes.shared(attempt, signal) : await lanes.alone(attempt, signal),
    );
    if (run.verdict === "infra_error") {
      const delay = retryDelaysMs[failures++];
      if (delay === undefined) return { run, runs };
      await sleep(delay, undefined, { signal }).catch(() => {});
      refuseAborted(signal);
      continue;
    }
    if (run.verdict !== "time_limit_idle" || run.solution === undefined) return { run, runs };
    const share = await processorShare(place);
    const isStarved = share < starvedShare;
    if (!isStarved && !wasBusy(run.solution)) return { run, runs };
    if (alone++ < aloneMost) continue;
    if (!isStarved) return { run, runs };
    return {
      run: {
        ...run,
        verdict: "infra_error",
        message: `the machine is starved: a process of its own gets ${Math.round(share * 100)} % of a processor`,
      },
      runs,
    };
  }
}

/** The part of its wall time from which on a program worked, and did not wait. */
const busyPart = 0.1;

/**
 * Whether a program worked until its wall time was over. Then another program's work decided which of its limits it met first, and by
 * itself it meets the one that counts: an endless loop its CPU time, a slow solution none.
 */
function wasBusy({ end: { cpuMs, wallMs } }: Watched): boolean {
  return cpuMs >= wallMs * busyPart;
}

/** The part of one processor that a process of ours gets now: 1 on a machine with a free one. */
async function processorShare({ host }: JudgePlace): Promise<number> {
  const job = { entry: "script" as const, name: "share.py", source: spin, files: [], env: {} };
  const [running] = await host.backend.start({
    members: [{ job, limits: defaultLimits }],
    links: [],
    onOutput: () => {},
  });
  const { cpuMs, wallMs } = await running!.ended;
  return wallMs === 0 ? 1 : Math.min(1, cpuMs / wallMs);
}

async function guarded(attempt: () => Promise<TestRun>): Promise<TestRun> {
  try {
    return await attempt();
  } catch (error) {
    // A test whose input does not fit into a sandbox: no solution can be run on it.
    if (isSameseedError(error) && error.code === "bad_argument")
      return { verdict: "grader_error", message: `the test cannot be run: ${error.message}` };
    if (!isSameseedError(error) || error.code === "aborted" || !error.kind.retryable) throw error;
    return { verdict: "infra_error", message: `the host failed: ${error.message}` };
  }
}
