import * as z from "zod";

import { SameseedError } from "../../../base/error.ts";
import type { JsonValue } from "../../../model/json.ts";
import { seedSchema } from "../../../model/seed.ts";
import { type CborField, type CborValue, entryOf } from "../../../model/cbor/value.ts";
import { NdArray, StringArray } from "../../../model/cbor/ndarray.ts";
import { toTyped } from "../../../model/cbor/typed-value.ts";
import { check, defaultQueueMs, queueMsMost } from "../../http/route.ts";
import { idleField, rolloutFields, type RolloutRequest } from "../rollout-request.ts";

/** Reads the `config` of `open`. */
export const openSchema: z.ZodType<OpenRequest> = z.union([
  z.strictObject({
    snapshot: z.string(),
    backend: z.enum(["zygote", "cold"]).optional(),
    idleMs: idleField,
  }),
  z.strictObject({ ...rolloutFields, seed: seedSchema, idleMs: idleField }),
]) as z.ZodType<OpenRequest>;

/** What `open` is asked for. */
export type OpenRequest =
  | { readonly snapshot: string; readonly backend?: "zygote" | "cold"; readonly idleMs?: number }
  | (RolloutRequest & { readonly seed: number; readonly idleMs?: number });

/** How the environments of a vector begin their next episodes; Gymnasium's three modes. */
export type Autoreset = "next_step" | "same_step" | "disabled";

/** What `open_vector` is asked for. */
export interface VectorRequest extends RolloutRequest {
  readonly count: number;
  readonly seeds: number | number[];
  readonly repeatSeeds?: boolean;
  readonly autoreset: Autoreset;
  readonly idleMs?: number;
}

/** Reads the `config` of `open_vector`. */
export const vectorSchema: z.ZodType<VectorRequest> = z.strictObject({
  ...rolloutFields,
  count: z.int().min(1).max(256),
  seeds: z.union([seedSchema, z.array(seedSchema).max(1_000_000)]),
  repeatSeeds: z.boolean().optional(),
  autoreset: z.enum(["next_step", "same_step", "disabled"]).default("next_step"),
  idleMs: idleField,
}) as unknown as z.ZodType<VectorRequest>;

/** Fields that requests have, each read where it is needed. */
export class CallFields {
  readonly #entries: readonly CborField[];

  constructor(entries: readonly CborField[]) {
    this.#entries = entries;
  }

  /** A field as it came. @throws `bad_argument` where there is none */
  value(name: string): CborValue {
    const value = entryOf(this.#entries, name);
    if (value === undefined) throw new SameseedError("bad_argument", `the request has no ${name}`);
    return value;
  }

  /** A text. @throws `bad_argument` */
  text(name: string): string {
    return check(z.string().min(1).max(200), this.#plain(name), name);
  }

  /** The number of a request. @throws `bad_argument` */
  get seq(): number {
    return check(z.int().min(1), this.#plain("seq"), "seq");
  }

  /** How long it may wait for room. @throws `bad_argument` */
  get queueMs(): number {
    return check(z.int().min(0).max(queueMsMost).default(defaultQueueMs), this.#plain("queueMs"), "queueMs");
  }

  /** Anything that a schema reads. @throws `bad_argument` */
  read<T>(name: string, schema: z.ZodType<T>): T {
    return check(schema, this.#plain(name), name);
  }

  #plain(name: string): JsonValue | undefined {
    const value = entryOf(this.#entries, name);
    return value === undefined ? undefined : asJson(toTyped(value));
  }
}

/** A value as JSON has it; arrays are lists. @throws `bad_argument` for what JSON cannot have */
function asJson(value: unknown): JsonValue {
  if (value === null || typeof value === "boolean" || typeof value === "string" || typeof value === "number")
    return value;
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof NdArray) return listed(value.toList());
  if (value instanceof StringArray || value instanceof Uint8Array) throw notJson();
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
  throw notJson();
}

function listed(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(listed);
  return typeof value === "bigint" ? Number(value) : asJson(value);
}

function notJson(): SameseedError {
  return new SameseedError("bad_argument", "options are made of texts, numbers, booleans, lists and maps", {
    hint: "send bytes as { base64 }",
  });
}
