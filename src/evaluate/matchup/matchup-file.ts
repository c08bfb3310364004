import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { SameseedError } from "../../base/error.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { worldModeSchema } from "../../model/rollout-schema.ts";
import { seedSchema } from "../../model/seed.ts";
import { readDocument } from "../../store/read-document.ts";
import { storeError } from "../../store/store-error.ts";

/*
 * `matchup.json` describes a folder of recorded games: the two policies and the number of games. The games are in two
 * ordinary run folders beside it, one for each leg, whose `run.json` contain the policies' sources and everything else
 * that determines the bytes.
 */

/** What a recorded matchup is. */
export interface MatchupDocument {
  readonly format: 1;
  readonly env: string;
  /** The policies: a name for people, and a digest of the text or the moves; null for a built-in one. */
  readonly x: { readonly name: string; readonly digest: string | null };
  readonly o: { readonly name: string; readonly digest: string | null };
  readonly seeds: readonly number[];
  /** Pairs under each seed, or games where seats are not swapped; null if a test decides how many. */
  readonly unitsPerSeed: number | null;
  readonly swap: boolean;
  /** Of a sequential matchup. */
  readonly maxPairs: number | null;
  /** The world its games were played in. Documents from before it was recorded are of the sealed one. */
  readonly world: WorldMode;
}

/** The file's name in the folder. */
export const matchupFileName = "matchup.json";

const player = z.strictObject({ name: z.string(), digest: z.string().nullable() });

const schema: z.ZodType<MatchupDocument> = z.strictObject({
  format: z.literal(1),
  env: z.string(),
  x: player,
  o: player,
  seeds: z.array(seedSchema),
  unitsPerSeed: z.int().min(1).nullable(),
  swap: z.boolean(),
  maxPairs: z.int().min(1).nullable(),
  world: worldModeSchema.default("sealed"),
});

/** The run folders of a recorded matchup, by whether seats are swapped. */
export function legFolder(folder: string, swapped: boolean): string {
  return join(folder, swapped ? "b-first" : "a-first");
}

/** Whether a folder holds a recorded matchup. */
export function isMatchupFolder(folder: string): boolean {
  return existsSync(join(folder, matchupFileName));
}

/**
 * Reads what a recorded matchup is.
 * @throws SameseedError `run_missing`, `run_damaged`, `io_failed`
 */
export function readMatchup(folder: string): MatchupDocument {
  return readDocument(join(folder, matchupFileName), schema, {
    message: `${folder} holds no matchup`,
    hint: "name a folder that `sameseed eval --out` or `sameseed compare --out` has written",
  });
}

/** Writes what a matchup is; it is on the disk when this returns. @throws SameseedError `io_failed`, `disk_full` */
export function writeMatchup(folder: string, document: MatchupDocument): void {
  const path = join(folder, matchupFileName);
  try {
    writeFileAtomic(path, `${JSON.stringify(document)}\n`);
  } catch (error) {
    throw storeError(error, "writing", path);
  }
}

/**
 * Refuses to go on with a matchup that is another one.
 * @throws SameseedError `run_exists` unless `resume`, `run_differs`
 */
export function checkSameMatchup(folder: string, now: MatchupDocument, resume: boolean): void {
  if (!resume)
    throw new SameseedError("run_exists", `${folder} already holds a matchup`, {
      hint: "continue it with --resume, or choose another folder",
      context: { dir: folder },
    });
  const before = readMatchup(folder);
  const names = ["env", "x", "o", "seeds", "unitsPerSeed", "swap", "maxPairs", "world"] as const;
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  if (differing.length > 0)
    throw new SameseedError(
      "run_differs",
      `${folder} holds another matchup: ${differing.join(", ")} differ`,
      {
        hint: "use the original arguments and files, or choose another folder",
        context: { dir: folder, differing },
      },
    );
}
