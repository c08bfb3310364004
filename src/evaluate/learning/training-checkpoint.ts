import { existsSync, unlinkSync } from "node:fs";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { SameseedError, systemErrorCode } from "../../base/error.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { worldModeSchema } from "../../model/rollout-schema.ts";
import { readRegular } from "../../store/run-folder.ts";
import { runDamaged, storeError } from "../../store/store-error.ts";
import type { ImprovementRound, ImproveRules } from "./improve-policy.ts";
import { trainingSettingsSchema, type TrainingSettings } from "./training-settings.ts";

/** A training with evaluations as far as it got: enough to continue and end as if it had not stopped. */
export interface SavedImprovement {
  readonly settings: TrainingSettings;
  readonly rules: ImproveRules;
  /** Digest of the image. */
  readonly image: string;
  /** Trainings from before it was kept were of the sealed one. */
  readonly world: WorldMode;
  /** The table as a sandbox handed it back, in base64; null before the first piece. */
  readonly table: string | null;
  /** The champion's, in the same form. */
  readonly champion: string | null;
  readonly rounds: readonly ImprovementRound[];
}

const fileBytesMost = 16 << 20;
const whole = z.int().min(0);
const base64 = z.base64().nullable();

const round = z.strictObject({
  round: z.int().min(1),
  episodes: whole,
  candidate: z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)]),
  champion: z.string(),
  promoted: z.boolean(),
  pairs: whole,
  pentanomial: z.array(whole).length(5),
  llr: z.number(),
  low: z.number(),
  high: z.number(),
  verdict: z.enum(["better", "not better", "undecided"]),
  forfeits: whole,
});

const savedSchema: z.ZodType<SavedImprovement> = z.strictObject({
  settings: trainingSettingsSchema,
  rules: z.strictObject({
    evaluateEvery: z.int().min(1),
    patience: z.int().min(1),
    elo0: z.number(),
    elo1: z.number(),
    falsePositives: z.number(),
    falseNegatives: z.number(),
    maxPairs: z.int().min(1),
  }),
  image: z.string(),
  world: worldModeSchema.default("sealed"),
  table: base64,
  champion: base64,
  rounds: z.array(round),
});

const fileSchema: z.ZodType<{ format: 1; saved: SavedImprovement }> = z.strictObject({
  format: z.literal(1),
  saved: savedSchema,
});

/** Replaces a checkpoint: it is on the disk when this returns. @throws SameseedError `io_failed`, `disk_full` */
export function writeCheckpoint(path: string, saved: SavedImprovement): void {
  try {
    writeFileAtomic(path, `${JSON.stringify({ format: 1, saved })}\n`);
  } catch (error) {
    throw storeError(error, "writing", path);
  }
}

/**
 * Reads a checkpoint; undefined if there is none.
 * @throws SameseedError `run_damaged`, `io_failed`
 */
export function readCheckpoint(path: string): SavedImprovement | undefined {
  if (!existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readRegular(path, fileBytesMost).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw runDamaged(path, "it is not JSON");
    throw error;
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.saved;
  const issue = parsed.error.issues[0];
  throw runDamaged(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a checkpoint"}`);
}

/** Removes a checkpoint that is no longer needed. */
export function removeCheckpoint(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw storeError(error, "removing", path);
  }
}

/**
 * Refuses to go on with a training as another one.
 * @throws SameseedError `run_differs`
 */
export function checkSaved(
  saved: SavedImprovement,
  now: Pick<SavedImprovement, "settings" | "rules" | "image" | "world">,
): void {
  const parts = (of: Pick<SavedImprovement, "settings" | "rules" | "image" | "world">): [string, unknown][] =>
    Object.entries({ ...of.settings, ...of.rules, image: of.image, world: of.world });
  const before = new Map(parts(saved));
  const differing = parts(now)
    .filter(([name, value]) => JSON.stringify(before.get(name)) !== JSON.stringify(value))
    .map(([name]) => name);
  if (differing.length > 0)
    throw new SameseedError(
      "run_differs",
      `the checkpoint is of another training: ${differing.join(", ")} differ`,
      {
        hint: "use the original arguments, or start a new training without --resume",
        context: { differing },
      },
    );
}
