import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { checkSeed, seedSchema } from "../../model/seed.ts";

/** A quantity over all episodes: constant, or linear from its first value to its last. */
export type Schedule = number | { readonly from: number; readonly to: number };

/** What determines a learned table, besides the opponent's source: equal settings give equal tables. */
export interface TrainingSettings {
  readonly seed: number;
  /** Number of episodes of the training; schedules span all of them. */
  readonly plannedEpisodes: number;
  /** `self`, a built-in policy, or the name and digest of a source: `name.py sha256:…`. */
  readonly against: string;
  /** The learning rate: first and last. */
  readonly alpha: readonly [number, number];
  /** The share of random moves: first and last. */
  readonly epsilon: readonly [number, number];
  /** The discount for each of the learner's own moves. */
  readonly gamma: number;
  /** The value of a cell that was never taken. */
  readonly initial: number;
}

/** What of {@link TrainingSettings} a caller may choose. */
export interface TrainingChoices {
  /** @default 0 */
  readonly seed?: number;
  /** @default 30000 */
  readonly episodes?: number;
  /** Learning rate, above 0 and at most 1. @default from 0.5 to 0.05 */
  readonly alpha?: Schedule;
  /** Share of random moves, from 0 to 1. @default from 0.5 to 0.3 */
  readonly epsilon?: Schedule;
  /** Discount of an own move, from 0 to 1. @default 1 */
  readonly gamma?: number;
  /** Value of a cell that was never taken, from -1 to 1. @default 0 */
  readonly initial?: number;
}

/** The most episodes of one training. */
export const episodesMost = 100_000_000;

const share = z.number().min(0).max(1);
const positiveShare = z.number().gt(0).max(1);

/** The form of {@link TrainingSettings}, as a table's source keeps them. */
export const trainingSettingsSchema: z.ZodType<TrainingSettings> = z.strictObject({
  seed: seedSchema,
  plannedEpisodes: z.int().min(1).max(episodesMost),
  against: z.string().regex(/^[^\r\n\0]{1,400}$/),
  alpha: z.tuple([positiveShare, positiveShare]),
  epsilon: z.tuple([share, share]),
  gamma: share,
  initial: z.number().min(-1).max(1),
});

/**
 * Puts the defaults in and checks every number.
 * @param against as {@link TrainingSettings} names it
 * @throws SameseedError `bad_argument`
 */
export function settleTraining(choices: TrainingChoices, against: string): TrainingSettings {
  const settings = {
    seed: checkSeed(choices.seed ?? 0),
    plannedEpisodes: choices.episodes ?? 30_000,
    against,
    alpha: ends(choices.alpha ?? { from: 0.5, to: 0.05 }),
    epsilon: ends(choices.epsilon ?? { from: 0.5, to: 0.3 }),
    gamma: choices.gamma ?? 1,
    initial: choices.initial ?? 0,
  };
  const parsed = trainingSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const [option, end] = issue?.path ?? [];
  const name = option === "plannedEpisodes" ? "episodes" : String(option ?? "the options");
  const which = typeof end === "number" ? ` (its ${end === 0 ? "first" : "last"} value)` : "";
  throw new SameseedError("bad_argument", `${name}${which}: ${issue?.message ?? "not valid"}`, {
    hint: "alpha must be above 0 and at most 1, epsilon and gamma from 0 to 1, the initial value from -1 to 1",
  });
}

function ends(schedule: Schedule): [number, number] {
  return typeof schedule === "number" ? [schedule, schedule] : [schedule.from, schedule.to];
}
