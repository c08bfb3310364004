/*
 * The documents that the viewer shows: what `sameseed view` answers under `/api/` and what an exported page carries, one and
 * the same. Each has a path of a kind and names, such as `steps/lake/42/0`; names are encoded as in a URL.
 */
import type { BranchLineage, BranchParent } from "../model/branch.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { Outcome } from "../model/outcome.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { Divergence } from "../model/trajectory.ts";
import type { PicturesOverview } from "./shown-pictures.ts";

/** What a folder of the library holds. */
export type RecordingKind = "run" | "matchup" | "league" | "scores";

/** A value as a step table shows it: cut where it is long. */
export interface ShownValue {
  /** Such as `float32[4]`. */
  readonly type: string;
  readonly value: JsonValue;
  /** Whether `value` is less than the whole. */
  readonly cut: boolean;
}

/** What is known of whether a run gives the same bytes again. */
export type VerdictDocument =
  | { readonly state: "never" }
  | { readonly state: "altered"; readonly why: string }
  | {
      /**
       * `verified`: every rollout gave the same bytes. `diverged`: one did not. `failed`: none did not, but some failed in the
       * same way both times, which proves nothing. `partial`: some were not compared, or came since.
       */
      readonly state: "verified" | "diverged" | "failed" | "partial";
      readonly at: string;
      readonly image: string;
      readonly checked: "stamps" | "content";
      readonly sameseedVersion: string;
      readonly equal: number;
      /** Rollouts that were compared. */
      readonly rollouts: number;
      /** Rollouts that were recorded since. */
      readonly since: number;
      readonly diverged: readonly {
        readonly key: number;
        readonly kept: boolean;
        readonly divergence: Divergence;
      }[];
      readonly failed: readonly { readonly key: number; readonly outcome: Outcome }[];
    };

/** One line of the table of recordings. */
export interface LibraryEntry {
  readonly id: string;
  readonly kind: RecordingKind;
  /** The recording that it is a part of, such as a matchup of its two runs. */
  readonly part?: string;
  /** What it is of: an environment, a game. */
  readonly title: string;
  readonly policy: string;
  /** Rollouts, games, or completions. */
  readonly size: number;
  readonly missing: number;
  /** Rollouts without a return: faults and trouble, left out of the mean. */
  readonly faults: number;
  readonly mean: JsonValue;
  readonly verdict: VerdictDocument["state"];
  readonly createdAt: string;
  readonly image: string;
  readonly world: string;
  /** Whether a process writes to it now. */
  readonly live: boolean;
  /** Why it cannot be read. */
  readonly damage?: string;
}

/** `library`: everything that is recorded below the folders that are shown. */
export interface LibraryDocument {
  readonly version: string;
  /** Whether it is a page in a file, or served. */
  readonly served: boolean;
  /** What the page sends along with what it asks to be run; absent where nothing may run. */
  readonly token?: string;
  readonly entries: readonly LibraryEntry[];
}

/** `run/ID`: one run, without its rollouts' rows. */
export interface RunDocument {
  readonly id: string;
  /** The folder as a command names it. */
  readonly dir: string;
  readonly runId: string;
  readonly environment: string;
  readonly policy: string;
  readonly seats: readonly string[];
  readonly image: { readonly name: string; readonly digest: string };
  readonly world: string;
  readonly createdAt: string;
  readonly sameseedVersion: string;
  readonly spec: JsonObject;
  readonly verdict: VerdictDocument;
  readonly live: boolean;
  readonly missing: number;
  readonly branch?: { readonly parent: BranchParent; readonly step: number; readonly parentId?: string };
  /** The rollouts in the order of their keys, by columns: `keys[i]` ended in `outcomes[i]`, and so on. */
  readonly keys: readonly number[];
  /** Indices into {@link outcomeNames}. */
  readonly outcomes: readonly number[];
  readonly outcomeNames: readonly Outcome[];
  readonly steps: readonly number[];
  /** Null where there is none: a fault, or a return that is not one number. */
  readonly returns: readonly (number | null)[];
  /** The mean return of complete rollouts with its interval; null where there is none. */
  readonly mean: {
    readonly value: number;
    readonly low: number;
    readonly high: number;
    readonly n: number;
  } | null;
  readonly audit: AuditLine | null;
  /** Groups of seeds with the same play: a sign that the seed is ignored. */
  readonly identical: readonly (readonly number[])[];
}

/** A run's certificate in a line. */
export interface AuditLine {
  readonly verdict: string;
  readonly causes: readonly AuditCauseLine[];
}

/** One place in a program that reads the world. */
export interface AuditCauseLine {
  readonly factor: string;
  readonly path: string;
  readonly step: number;
  readonly seed: number;
  readonly file?: string;
  readonly line?: number;
  readonly source?: string;
  readonly function?: string;
}

/** `rows/ID/CHUNK` and `slowest/ID`: whole rows, {@link rowsPerChunk} at a time. */
export interface RowsDocument {
  readonly first: number;
  readonly rows: readonly RowDocument[];
}

/** What a table says of a rollout. */
export type RowDocument = Pick<
  RolloutSummary,
  "outcome" | "steps" | "playDigest" | "warnings" | "timings" | "error"
> & {
  readonly key: number;
  readonly totalReward: JsonValue;
  readonly branch?: BranchLineage;
};

/** `rollout/ID/KEY`: one rollout. */
export interface RolloutDocument {
  readonly id: string;
  readonly key: string;
  readonly dir: string;
  readonly summary: JsonObject;
  readonly seed: number;
  readonly outcome: Outcome;
  readonly totalReward: JsonValue;
  /** The number of the first record: 0, or of a branch the one after the step it starts at. */
  readonly first: number;
  /** Records, the closing one included. */
  readonly records: number;
  readonly bytes: number;
  readonly lineage?: BranchLineage;
  readonly parent?: { readonly id?: string; readonly runId: string; readonly key: number };
  /** What was seeded, the spaces of each seat, warnings. */
  readonly end: JsonObject;
  /** Branches of this rollout in the library. */
  readonly branches: readonly { readonly id: string; readonly step: number; readonly count: number }[];
  /** Whether the bytes of a verification that diverged are there. */
  readonly hasOther: boolean;
  readonly divergence?: Divergence;
  readonly pictures?: PicturesOverview;
  /** Whether there is a document of what its programs wrote to stdout and stderr. */
  readonly hasStdio: boolean;
}

/** One record of a rollout. */
export interface StepDocument {
  readonly k: number;
  readonly kind: "reset" | "step" | "closing";
  /** In the order they are told: action, observation, reward and so on, with those of the record's kind. */
  readonly fields: Readonly<Record<string, ShownValue>>;
  /** Elements of the observation that are not those of the record before; null where they cannot be counted. */
  readonly changed: number | null;
  /** Sources of randomness whose state moved since the record before. */
  readonly moved: readonly string[];
  readonly ledger?: JsonObject;
  /** What is recorded beside the chain. */
  readonly volatile?: ShownValue;
  /** This record's link of the chain. */
  readonly digest: string;
}

/** `steps/ID/KEY/CHUNK`: records, {@link stepsPerChunk} at a time. */
export interface StepsDocument {
  readonly first: number;
  readonly steps: readonly StepDocument[];
}

/** `value/ID/KEY/STEP/FIELD`: one field of one record, whole. */
export interface ValueDocument {
  readonly k: number;
  readonly field: string;
  readonly type: string;
  /** As JSON for people; null where it is too large for it ({@link valueBytesMost}). */
  readonly value: JsonValue;
  /** How many bytes the encoded value has, and the first of them in base64. */
  readonly length: number;
  readonly bytes: string;
  readonly digest: string;
  /** Where the value is one numeric array. */
  readonly array?: { readonly dtype: string; readonly shape: readonly number[]; readonly data: string };
}

/** `series/ID/KEY`: numbers along the steps, at most {@link seriesPoints} of them. */
export interface SeriesDocument {
  readonly steps: readonly number[];
  readonly rewards: readonly (number | null)[];
  readonly total: readonly (number | null)[];
  /** The components of a small observation: one list for each. */
  readonly observation: readonly (readonly (number | null)[])[];
}

/** `script/ID/KEY`: what ran, the seed a literal in it. */
export interface ScriptDocument {
  readonly parts: readonly { readonly name: string; readonly text: string; readonly literal: string }[];
}

/** `diff/ID/KEY/ID/KEY`: two rollouts aligned. */
export interface DiffDocument {
  readonly sides: readonly [DiffSide, DiffSide];
  readonly equal: boolean;
  readonly divergence: Divergence | null;
  readonly first: number;
  /** Runs of records that are equal or not, in their order, from {@link first} on. */
  readonly runs: readonly { readonly equal: boolean; readonly count: number }[];
  /** The fields that differ in records from the first that does: `[k, fields]`. At most {@link diffFieldsMost} records. */
  readonly fields: readonly (readonly [k: number, fields: readonly string[]])[];
  /** What the audit says of the place, where one was made. */
  readonly causes: readonly AuditCauseLine[];
}

/** One side of a diff. */
export interface DiffSide {
  readonly id: string;
  readonly key: string;
  readonly label: string;
  readonly outcome: string;
  readonly steps: number;
  readonly digest: string;
  readonly contentDigest: string;
}

/** `tree/ID`: a run and all that branches from its rollouts, or that it branches from. */
export interface TreeDocument {
  readonly nodes: readonly TreeNode[];
}

/** One rollout of a tree. */
export interface TreeNode {
  readonly id: string;
  readonly key: number;
  /** Its parent among the nodes; null for a root. */
  readonly parent: number | null;
  /** The step it starts at, and the one it ends with. */
  readonly from: number;
  readonly to: number;
  readonly outcome: Outcome;
  readonly totalReward: JsonValue;
  readonly prefix: string | null;
  readonly reseed: number | null;
}

/** `audit/ID`: a run's certificate, whole. */
export interface AuditDocument {
  readonly id: string;
  readonly report: JsonObject;
}

export const rowsPerChunk = 200;
export const stepsPerChunk = 50;
/** Up to here a value is given as JSON, in encoded bytes. */
export const valueBytesMost: number = 4 * 1024 * 1024;
/** Up to here its bytes are given. */
export const hexBytesMost: number = 64 * 1024;
export const seriesPoints = 1000;
export const diffFieldsMost = 400;
/** The key of the other bytes of a rollout, which a verification kept: `42` and `42~now`. */
export const otherSuffix = "~now";
