import type { Space } from "../../../model/spaces.ts";
import { NdArray, StringArray } from "../../../model/cbor/ndarray.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import type { OpenRollout } from "../../../rollout/rollout-step.ts";

/**
 * A value as JSON: arrays are lists, bytes base64. JSON has no numbers that are infinite or none, which are texts here.
 */
export function toJson(value: unknown): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof NdArray) return toJson(value.toList());
  if (value instanceof StringArray) return toJson(nest(value.items, value.shape));
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]));
}

/** How an episode stands: both end flags are in the observation, as the protocol has but one. */
export interface Standing {
  readonly reward: number | null;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** What an `observation` message holds. */
export function observationData(
  rollout: OpenRollout,
  { reward, terminated, truncated }: Standing,
): JsonObject {
  const observation: JsonObject = {
    observation: toJson(rollout.observation),
    info: toJson(rollout.info),
    legal_actions: toJson(rollout.legal),
    terminated,
    truncated,
  };
  return { observation, reward, done: terminated || truncated };
}

/** JSON Schemas of what a step takes, of what is seen, and of the state. */
export function schemasOf(action: Space | undefined, observation: Space | undefined): JsonObject {
  const object = (title: string, properties: JsonObject, required: readonly string[]): JsonObject => ({
    title,
    type: "object",
    properties,
    required: [...required],
  });
  const whole: JsonObject = { type: "integer" };
  const flag: JsonObject = { type: "boolean" };
  return {
    // `Action` alone is what its tools are called by: verifiers asks such an environment for its tools before it begins.
    action: {
      ...object("StepAction", { action: schemaOf(action) }, ["action"]),
      additionalProperties: false,
    },
    observation: object(
      "Observation",
      {
        observation: schemaOf(observation),
        info: { type: "object" },
        legal_actions: { type: ["array", "null"], items: whole },
        terminated: flag,
        truncated: flag,
      },
      ["observation", "info", "terminated", "truncated"],
    ),
    state: object(
      "State",
      { episode_id: { type: ["string", "null"] }, step_count: whole, seed: { type: ["integer", "null"] } },
      ["episode_id", "step_count"],
    ),
  };
}

function schemaOf(space: Space | undefined): JsonObject {
  switch (space?.type) {
    case "Discrete":
      return { type: "integer", minimum: space.start, maximum: space.start + space.n - 1 };
    case "Box":
      return nested(space.shape, { type: space.dtype.startsWith("float") ? "number" : "integer" });
    case "MultiDiscrete":
    case "MultiBinary":
      return nested(space.shape, { type: "integer" });
    case "Text":
      return { type: "string", minLength: space.minLength, maxLength: space.maxLength };
    case "Tuple":
      return { type: "array", prefixItems: space.spaces.map(schemaOf), minItems: space.spaces.length };
    case "Dict":
      return {
        type: "object",
        properties: Object.fromEntries(space.spaces.map(([key, part]) => [keyText(key), schemaOf(part)])),
      };
    case "OneOf":
    case "Sequence":
    case "Graph":
    case "other":
    case undefined:
      break;
  }
  return {};
}

function keyText(key: unknown): string {
  return typeof key === "string" ? key : JSON.stringify(toJson(key));
}

function nested(shape: readonly number[], item: JsonObject): JsonObject {
  return shape.reduceRight<JsonObject>(
    (items, size) => ({ type: "array", items, minItems: size, maxItems: size }),
    item,
  );
}

/** Elements in C order as lists of lists. */
function nest(items: readonly unknown[], [first, ...rest]: readonly number[]): unknown {
  if (first === undefined) return items[0];
  const size = first === 0 ? 0 : items.length / first;
  return Array.from({ length: first }, (_, at) => nest(items.slice(at * size, (at + 1) * size), rest));
}
