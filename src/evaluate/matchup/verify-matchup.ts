import { existsSync } from "node:fs";
import { basename } from "node:path";
import { refuseUnknownOptions } from "../../base/known-options.ts";

import { verifyNames, verifyRun, type VerifyOptions, type VerifyResult } from "../../verify/verify-run.ts";
import { legFolder, readMatchup } from "./matchup-file.ts";

/** The result of verifying a recorded matchup. */
export interface MatchupVerification {
  /** Whether every recorded game was played again with the same bytes. */
  readonly verified: boolean;
  /** Each order of seats, by the name of its run folder. */
  readonly legs: readonly MatchupLeg[];
}

/** One order of seats. */
export interface MatchupLeg {
  readonly leg: string;
  /** A sequential test that stopped early leaves games unplayed; `missing` is then 0. */
  readonly result: VerifyResult;
}

/** The run folders of a recorded matchup. @throws `run_missing`, `run_damaged`, `io_failed` */
export function recordedLegs(folder: string): readonly string[] {
  const { swap } = readMatchup(folder);
  const legs = swap ? [false, true] : [false];
  return legs.map((swapped) => legFolder(folder, swapped)).filter((leg) => existsSync(leg));
}

/**
 * Plays every recorded game of a matchup again, and compares every byte.
 * @throws `run_missing`, `run_damaged`, `image_missing`, `wall_unavailable`, `aborted`…
 */
export async function verifyMatchup(
  folder: string,
  options: VerifyOptions = {},
): Promise<MatchupVerification> {
  refuseUnknownOptions(options, verifyNames, "verifyMatchup");
  const { maxPairs } = readMatchup(folder);
  const legs: MatchupLeg[] = [];
  for (const leg of recordedLegs(folder)) {
    const result = await verifyRun(leg, options);
    legs.push({ leg: basename(leg), result: maxPairs === null ? result : withoutUnplayed(result) });
  }
  return { verified: legs.length > 0 && legs.every(({ result }) => result.verified), legs };
}

/** The verification of games of a test that stopped by itself: what it did not play is not missing. */
export function withoutUnplayed(result: VerifyResult): VerifyResult {
  if (result.cutShort) return result;
  const { equal, rollouts } = result;
  return { ...result, missing: 0, verified: rollouts > 0 && equal === rollouts };
}
