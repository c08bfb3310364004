import type { Comparison } from "../../evaluate/matchup/compare-policies.ts";
import type { ExactMatchup } from "../../evaluate/matchup/exact-matchup.ts";
import type { MatchupReport } from "../../evaluate/matchup/report-matchup.ts";

/** What only the command line knows. */
export interface DocumentExtras {
  readonly dir?: string;
  readonly exact?: ExactMatchup;
}

/** `eval --json`: the fields that are promised first. */
export function toMatchupDocument(
  report: MatchupReport,
  { dir, exact }: DocumentExtras,
): Record<string, unknown> {
  const { env, x, o, games, seeds, meanReturn, interval, perSeat, wins, draws, losses } = report;
  const { faults, infra, unpaired, swap, units, effective, distinct, spec, bySeed } = report;
  return {
    env,
    x,
    o,
    games,
    seeds,
    meanReturn,
    interval,
    perSeat,
    wins,
    draws,
    losses,
    faults,
    infra,
    unpaired,
    swap,
    units,
    effective,
    distinct,
    spec,
    ...(dir === undefined ? {} : { dir }),
    ...(exact === undefined ? {} : { exact }),
    bySeed: bySeed.map(({ seed, meanReturn: mean, totalReward, steps, digest }) => {
      return { seed, meanReturn: mean, totalReward, steps, digest };
    }),
  };
}

/** `compare --json`: that of `eval`, and what is known of the difference. */
export function toComparisonDocument(
  comparison: Comparison,
  extras: DocumentExtras,
): Record<string, unknown> {
  const { pairs, pentanomial, better, elo, nelo, los, sprt, correlation, varianceReduction } = comparison;
  const { bySeed, ...report } = toMatchupDocument(comparison, extras);
  return {
    ...report,
    pairs,
    pentanomial,
    better,
    elo,
    nelo,
    los,
    sprt,
    correlation,
    varianceReduction,
    selfCheck: comparison.selfCheck,
    decision: comparison.decision,
    bySeed,
  };
}
