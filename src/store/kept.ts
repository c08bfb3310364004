import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { isComplete, isCutOff, isSettled } from "../model/outcome.ts";
import { type Keep, keepSchema } from "../model/keep.ts";
import type { RolloutSummary, RunSpec } from "../model/rollout.ts";

/**
 * Whether a run keeps a rollout's trajectory. What cannot be relied on to be made again is kept whatever the run wants: the receipt
 * claims no tier, or the rollout came to no end of its own: a limit or a signal ended it, a process vanished, a stream broke off.
 */
export function isKept(keep: Keep, summary: RolloutSummary): boolean {
  const { outcome, receipt, seed } = summary;
  if (keep === "full" || receipt.tier === "none") return true;
  // An exception settles an end, save where it says that a limit was reached: the load of the machine has a part in when.
  if (isCutOff(outcome) || !isSettled(summary)) return true;
  if (keep === "failures") return !isComplete(outcome);
  return typeof keep === "number" && shareOf(seed) < keep;
}

/** Where a seed falls between 0 and 1: the same in every run and on every host, and nothing of the environment follows it. */
function shareOf(seed: number): number {
  return sha256(`sameseed/sample/1\0${seed}`).readUInt32BE(0) / 2 ** 32;
}

/**
 * Checks what a run is to keep.
 * @throws `bad_argument` where it is none of the ways, or the run's trajectories could not be made again
 */
export function checkKeep(keep: unknown, { seats, branch }: Pick<RunSpec, "seats" | "branch">): Keep {
  const read = keepSchema.safeParse(keep);
  if (!read.success)
    throw new SameseedError(
      "bad_argument",
      `${JSON.stringify(keep)} does not say which trajectories to keep`,
      {
        hint: "name full, failures, digest, or a share between 0 and 1",
      },
    );
  const isCalled = seats.some(({ policy }) => policy.kind === "caller");
  if (read.data !== "full" && (isCalled || branch !== undefined))
    throw new SameseedError(
      "bad_argument",
      "the trajectories of this run must be kept: the answers in them cannot be had again from the run",
      { hint: "leave `keep` out, or give the policy as a file" },
    );
  return read.data;
}

/**
 * Checks that a run that is gone on with keeps what is asked for: it keeps what it kept.
 * @throws `run_differs`
 */
export function checkSameKeep(folder: string, kept: Keep = "full", asked: Keep = kept): void {
  if (asked === kept) return;
  throw new SameseedError("run_differs", `${folder} keeps other trajectories`, {
    context: { path: folder, differences: ["keep"] },
    hint: "leave `keep` out: a run that is resumed keeps what it kept",
  });
}
