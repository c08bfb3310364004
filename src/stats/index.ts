/**
 * The statistics of Sameseed's reports, for returns of your own: intervals of means, rates and differences, sequential tests, Elo
 * and ratings. Pure functions; what they do and why is in `docs/concepts/statistics.md`.
 * @module
 */
// Means, rates and differences
export type { Interval, IntervalMethod, IntervalOptions, MeanEstimate } from "./interval.ts";
export { clusterInterval, meanInterval } from "./mean-interval.ts";
export { pairedDifference, type PairedDifference } from "./paired-difference.ts";
export { probabilityBetter, probabilityBetterPaired } from "./probability-better.ts";
export { wilsonInterval } from "./wilson-interval.ts";
export { anytimeInterval } from "./anytime-interval.ts";
export { sampleSize, type SampleSizeOptions } from "./sample-size.ts";

// Results of games
export type { GameCounts, PairCounts, ScoreCounts } from "./score-counts.ts";
export { scoreInterval } from "./score-interval.ts";
export { type EloDifference, type EloEstimate, eloDifference, eloOfScore, scoreOfElo } from "./elo.ts";
export type { EloModel, Hypotheses } from "./gsprt.ts";
export { sprt, type SprtOptions, type SprtState } from "./sprt.ts";
export {
  bradleyTerry,
  type LeagueOptions,
  type LeagueRatings,
  type LeagueResult,
  type Rating,
} from "./bradley-terry.ts";
