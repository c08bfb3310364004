import canonicalize from "canonicalize";
import { digestOf } from "../base/digest.ts";
import { SameseedError, toError } from "../base/error.ts";
import type { BranchOrigin } from "../model/branch.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { World } from "../model/receipt.ts";
import type { EnvironmentRef, RolloutSpec, SeatPolicy, SpecFile } from "../model/rollout.ts";
import { runFormat } from "../model/run-manifest.ts";

/** What a trajectory's manifest is made from. */
export interface ManifestInputs {
  readonly spec: RolloutSpec;
  /** The source of the scripts that ran. */
  readonly harness: {
    readonly referee: string;
    /** By seat: of those whose policy had a sandbox of its own. */
    readonly seats?: Readonly<Record<string, string>>;
  };
  /** The image's digest. */
  readonly image: string;
  readonly world: World;
  /** Where it starts, if it is a branch. */
  readonly branch?: BranchOrigin;
}

/** A manifest as an object and as the bytes that a trajectory's chain starts from. */
export interface Manifest {
  readonly value: JsonObject;
  /** The JCS form (RFC 8785) in UTF-8. */
  readonly bytes: Uint8Array;
}

/**
 * The manifest of one rollout: everything that decides its bytes. Texts and lists of actions stand in it by their
 * digests, so that it stays small.
 *
 * @throws {@link SameseedError} `bad_argument` where the spec holds a value that JSON cannot: a NaN, an infinity or a
 * text with a lone surrogate
 */
export function buildManifest({ spec, harness, image, world, branch }: ManifestInputs): Manifest {
  const value: JsonObject = {
    ...(branch === undefined ? {} : { branch: { ...branch } }),
    format: runFormat,
    spec: {
      environment: environmentEntry(spec.environment),
      ...filesEntry(spec.files),
      envArgs: spec.envArgs,
      seed: spec.seed,
      seats: spec.seats.map(({ seat, policy }) => ({ seat, policy: policyEntry(policy) })),
      mode: spec.mode,
      clocks: spec.clocks === null ? null : { ...spec.clocks },
      maxSteps: spec.maxSteps,
      volatileInfo: spec.volatileInfo,
    },
    harness: {
      referee: digestOf(harness.referee),
      ...(harness.seats === undefined
        ? {}
        : {
            seats: Object.fromEntries(
              Object.entries(harness.seats).map(([seat, text]) => [seat, digestOf(text)]),
            ),
          }),
    },
    image,
    world: worldEntry(world),
  };
  return { value, bytes: Buffer.from(canonicalJson(value), "utf8") };
}

/**
 * The JCS form (RFC 8785) of a JSON value.
 *
 * @throws {@link SameseedError} `bad_argument` where the value is not JSON
 */
export function canonicalJson(value: JsonValue): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (error) {
    throw new SameseedError("bad_argument", `a value of the spec is not JSON: ${toError(error).message}`, {
      cause: error,
    });
  }
  throw new SameseedError("bad_argument", "a value of the spec is not JSON");
}

/**
 * What of the world decides bytes. A host's numeric results and shortcomings are the receipt's: hosts that give the same
 * bytes give the same digests.
 */
function worldEntry({ mode, addressesFixed, hashSeed, numericClass, clock }: World): JsonObject {
  return {
    mode,
    addressesFixed,
    hashSeed,
    numericClass,
    ...(clock === undefined ? {} : { clock: { ...clock } }),
  };
}

function environmentEntry(environment: EnvironmentRef): JsonObject {
  if (environment.kind !== "file") return { kind: environment.kind, id: environment.id };
  const { kind, name, className, source } = environment;
  return { kind, name, className, source: digestOf(source) };
}

/** Absent where there are none: a spec without files is what it was before there could be any. */
function filesEntry(files: readonly SpecFile[] | undefined): JsonObject {
  if (files === undefined) return {};
  return { files: files.map(({ path, data }) => ({ path, data: digestOf(Buffer.from(data, "base64")) })) };
}

function policyEntry(policy: SeatPolicy): JsonObject {
  switch (policy.kind) {
    case "builtin":
      return { kind: policy.kind, name: policy.name };
    case "source":
      return { kind: policy.kind, source: digestOf(policy.source), ...filesEntry(policy.files) };
    case "actions": {
      const { kind, actions } = policy;
      return { kind, count: actions.length, actions: digestOf(canonicalJson(actions)) };
    }
    case "none":
    case "caller":
      break;
  }
  return { kind: policy.kind };
}
