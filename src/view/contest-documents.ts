/*
 * Documents of matchups, leagues and scores, as `documents.ts` has those of runs.
 */
import type { JsonObject } from "../model/json.ts";

/** `matchup/ID` */
export interface MatchupViewDocument {
  readonly id: string;
  readonly dir: string;
  readonly document: JsonObject;
  readonly report: JsonObject;
  readonly strength: JsonObject | null;
  readonly path: readonly {
    readonly pairs: number;
    readonly llr: number;
    readonly low: number;
    readonly high: number;
    readonly verdict: string;
  }[];
  /** Pairs in which the first policy scored most and least from the even: where the two part most. */
  readonly parted: readonly {
    readonly seed: number;
    readonly game: number;
    readonly scores: readonly number[];
    readonly keys: readonly number[];
  }[];
  readonly forfeits: readonly {
    readonly seed: number;
    readonly game: number;
    readonly by: string;
    readonly fault: string;
    readonly message: string;
    readonly leg: string;
    readonly key: number;
  }[];
  /** The ids of its runs: the first policy at the first seat, then at the second. */
  readonly legs: readonly string[];
}

/** `league/ID` */
export interface LeagueViewDocument {
  readonly id: string;
  readonly dir: string;
  readonly game: string;
  readonly table: JsonObject;
  readonly pairings: readonly { readonly id: string; readonly a: string; readonly b: string }[];
}

/** `scores/ID`: a folder of scores, without its completions' texts. */
export interface ScoresViewDocument {
  readonly id: string;
  readonly dir: string;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly mean: number | null;
  readonly items: readonly ScoreLine[];
  readonly groups: readonly ScoreGroup[];
  readonly live: boolean;
}

/** A completion in a line. */
export interface ScoreLine {
  readonly id: string;
  readonly task: string;
  readonly score: number | null;
  readonly verdict: string;
  readonly passed: number;
  readonly total: number;
  readonly flags: readonly string[];
  readonly assurance: string;
}

/** The completions of one task: a trainer's group. */
export interface ScoreGroup {
  readonly task: string;
  readonly scores: readonly (number | null)[];
  readonly ids: readonly string[];
  readonly mean: number | null;
  /** Whether all scores are the same, so that a group-relative advantage is zero everywhere. */
  readonly flat: boolean;
}

/** `score/ID/ITEM`: one completion with its result. */
export interface ScoreDocument {
  readonly item: JsonObject;
  readonly task: JsonObject;
  readonly result: JsonObject | null;
}
