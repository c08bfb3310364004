import { availableParallelism } from "node:os";
import * as z from "zod";

import { seedSchema } from "../../../model/seed.ts";
import {
  policiesSchema,
  type PolicyRequest,
  rolloutFields,
  type RolloutRequest,
} from "../rollout-request.ts";

/** The most seeds of one run: a manifest names all of them, and nobody else is served while it is written. */
const seedsMost = 100_000;

/** What a run is asked for with. */
export interface RunRequest extends RolloutRequest {
  readonly policy?: PolicyRequest | PolicyRequest[] | undefined;
  readonly seeds: number[] | { readonly from: number; readonly count: number };
  readonly concurrency?: number | undefined;
  readonly detached?: boolean | undefined;
}

/** Reads a {@link RunRequest}. */
export const runSchema: z.ZodType<RunRequest> = z.strictObject({
  ...rolloutFields,
  policy: policiesSchema.optional(),
  seeds: z.union([
    z.array(seedSchema).min(1).max(seedsMost),
    z.strictObject({ from: seedSchema, count: z.int().min(1).max(seedsMost) }),
  ]),
  concurrency: z.int().min(1).max(512).optional(),
  /** Leaves the run to the server: it does not end with its lease. */
  detached: z.boolean().optional(),
});

/** The seeds that are asked for. */
export function seedsOf({ seeds }: Pick<RunRequest, "seeds">): number[] {
  return Array.isArray(seeds) ? seeds : Array.from({ length: seeds.count }, (_, at) => seeds.from + at);
}

/** How many sandboxes one rollout takes: its own, and one for each policy that is source. */
export function sandboxesOf(policy: PolicyRequest | readonly PolicyRequest[] | undefined): number {
  const all: readonly unknown[] = Array.isArray(policy) ? policy : [policy];
  return 1 + all.filter((each) => typeof each === "object" && each !== null && "source" in each).length;
}

/**
 * How many rollouts go at the same time: as many as are asked for, else as many as the SDK takes and the server has room for.
 * @param each sandboxes of one of them
 */
export function concurrencyOf(asked: number | undefined, each: number, room: number): number {
  return asked ?? roomFor(2 * availableParallelism(), each, room).many;
}

/** How many go at the same time where one of them always may, and the sandboxes that room is taken for. */
export interface RoomFor {
  readonly many: number;
  readonly sandboxes: number;
}

/**
 * How many tests, games or rollouts go at the same time: as many as are asked for and the server has room for.
 * @param asked undefined: as many as the SDK takes
 * @param each sandboxes of one of them; one goes also where the server has room for fewer
 */
export function roomFor(asked: number | undefined, each: number, room: number): RoomFor {
  const many = Math.max(1, Math.min(asked ?? 2 * availableParallelism(), Math.floor(room / each)));
  return { many, sandboxes: Math.min(room, many * each) };
}
