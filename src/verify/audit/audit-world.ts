import type { JsonObject, JsonValue } from "../../model/json.ts";
import type { Limits } from "../../model/limits.ts";
import type { WorldSettings } from "../../sandbox/world-settings.ts";
import type { ZygotePins } from "../../sandbox/zygote/start-zygote.ts";

/** Something of the world that a rollout must not depend on. */
export type FactorId =
  | "clock"
  | "entropy"
  | "addresses"
  | "directory-order"
  | "inode-mtime"
  | "cpu-count"
  | "pid"
  | "names"
  | "time-zone"
  | "locale"
  | "umask"
  | "environment"
  | "cwd"
  | "descriptors"
  | "garbage-collection"
  | "earlier-episode"
  | "float-environment"
  | "blas-threads"
  | "memory-limit"
  | "thread-switch"
  | "real-clock"
  | "cpu-load"
  | "history"
  | "hash-seed"
  | "numerics"
  | "aslr"
  | "cold";

/** How a world differs from the one that every rollout has. An empty change is that world itself. */
export interface WorldChange {
  /** Settings of the sealed world. */
  readonly settings?: Omit<Partial<WorldSettings>, "key">;
  /** What `python/sameseed/audit/perturb.py` changes in the copy. */
  readonly perturb?: JsonObject;
  /** Memory, as a multiple of what the rollout has otherwise. */
  readonly memoryTimes?: number;
  /** Sandboxes that compute beside it meanwhile, as fast as they can. */
  readonly busy?: number;
  /** Rollouts that its zygote has had before. */
  readonly before?: number;
  /** What its zygote is pinned to; a world with other pins needs a zygote of its own. */
  readonly pins?: ZygotePins;
  /** Whether it gets a zygote that nobody used before. */
  readonly fresh?: boolean;
}

/** Several changes at the same time. */
export function combineChanges(changes: readonly WorldChange[]): WorldChange {
  const pins = changes.flatMap((change) => (change.pins === undefined ? [] : [change.pins]));
  const perturb = mergeObjects(changes.map((change) => change.perturb));
  const settings: NonNullable<WorldChange["settings"]> = Object.assign(
    {},
    ...changes.map((change) => change.settings),
  );
  const largest = (values: readonly (number | undefined)[]): number =>
    Math.max(0, ...values.filter((value) => value !== undefined));
  return {
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(perturb === undefined ? {} : { perturb }),
    memoryTimes: Math.max(1, largest(changes.map((change) => change.memoryTimes))),
    busy: largest(changes.map((change) => change.busy)),
    before: largest(changes.map((change) => change.before)),
    ...(pins.length === 0 ? {} : { pins: mergePins(pins) }),
    fresh: changes.some((change) => change.fresh),
  };
}

/** A text that is equal for worlds that can share a zygote. */
export function zygoteKey({ pins, fresh }: WorldChange): string {
  const variables = Object.entries(pins?.environment ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([variables, pins?.freeAddresses ?? false, fresh ?? false]);
}

/** The limits a rollout has in a world. */
export function limitsIn(change: WorldChange, limits: Limits): Limits {
  return { ...limits, memoryMb: Math.round(limits.memoryMb * (change.memoryTimes ?? 1)) };
}

function mergePins(pins: readonly ZygotePins[]): ZygotePins {
  return {
    environment: Object.assign({}, ...pins.map(({ environment }) => environment ?? {})) as Record<
      string,
      string
    >,
    freeAddresses: pins.some(({ freeAddresses }) => freeAddresses),
  };
}

/** Later values take the place of earlier ones; objects inside are joined. */
function mergeObjects(parts: readonly (JsonObject | undefined)[]): JsonObject | undefined {
  const merged: Record<string, JsonValue> = {};
  let any = false;
  for (const part of parts) {
    for (const [name, value] of Object.entries(part ?? {})) {
      const before = merged[name];
      merged[name] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
      any = true;
    }
  }
  return any ? merged : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
