import * as z from "zod";

import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { packageVersion } from "../base/package-version.ts";
import { renderReferee, renderSeatHost } from "../harness/render-rollout.ts";
import type { JsonValue } from "../model/json.ts";
import { defaultLimits, limitsSchema, type Limits } from "../model/limits.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import type { EnvironmentRef, Seat, SeatPolicy, SpecFile } from "../model/rollout.ts";
import type { ResolvedOptions, SpecTemplate } from "../rollout/rollout-config.ts";
import { backendName } from "../rollout/rollout-host.ts";
import { exactJson } from "../store/exact-json.ts";

/** Everything that a host of a fleet is told of the rollouts of one call: what a local call reads from its options. */
export interface FleetSpec {
  readonly format: 1;
  /** The version of Sameseed that plays the rollouts, and SHA-256 over the scripts that it plays them with. */
  readonly version: string;
  readonly harness: string;
  readonly template: SpecTemplate;
  /** The image's digest, 64 hex digits. */
  readonly image: string;
  readonly world: ResolvedOptions["world"];
  readonly limits: Limits;
  readonly backend: "zygote" | "cold";
  readonly start: "usual" | "prepared";
  /** The hosts that may run it: those that give the same numbers. */
  readonly hostClass: string;
}

/** A spec as it lies in the store. */
export interface SpecDocument {
  /** SHA-256 of the bytes: 64 hex digits. */
  readonly hash: string;
  readonly bytes: Buffer;
}

/**
 * What a fleet is asked to do, as a document.
 * @throws `bad_argument` where only this process could do it
 */
export function fleetSpec(options: ResolvedOptions, image: string, hostClass: string): FleetSpec {
  const { template, world, limits, backend, start = "usual" } = options;
  if (options.branch !== undefined || template.seats.some(({ policy }) => policy.kind === "caller"))
    throw new SameseedError("bad_argument", "a fleet cannot call back into this process", {
      hint: "give the policy as a Python file; branches and functions run without --fleet",
    });
  return {
    format: 1,
    version: packageVersion(),
    harness: harnessOf(template),
    template,
    image,
    world,
    limits,
    backend: backendName(backend),
    start,
    hostClass,
  };
}

/** What plays a spec's rollouts beside the image: the scripts of seed 0. */
function harnessOf(own: SpecTemplate): string {
  const referee = renderReferee({
    spec: { ...own, seed: 0 },
    plans: own.seats.map(() => ({ kind: "none" })),
    environmentPath: "/environment",
  });
  const seat = renderSeatHost({
    seed: 0,
    seat: "0",
    fd: 0,
    path: "/policy",
    mode: own.mode,
    moveCpuMs: null,
  });
  return sha256(`${referee}\0${seat}`).toString("hex");
}

/** @throws `protocol_broken` where this version plays rollouts in another way than a spec says */
function refuseOtherVersion({ version, harness, template: own }: FleetSpec): void {
  if (version === packageVersion() && harness === harnessOf(own)) return;
  throw new SameseedError(
    "protocol_broken",
    `the rollouts are Sameseed ${version}'s, and this is ${packageVersion()}`,
    {
      hint: "run the same version of Sameseed on every host of the fleet",
    },
  );
}

/** Writes a spec; the same spec gives the same bytes. */
export function encodeSpec(spec: FleetSpec): SpecDocument {
  const bytes = Buffer.from(exactJson(spec));
  return { hash: sha256(bytes).toString("hex"), bytes };
}

const json: z.ZodType<JsonValue> = z.json();
const files: z.ZodType<readonly SpecFile[]> = z.array(z.strictObject({ path: z.string(), data: z.base64() }));

const environment: z.ZodType<EnvironmentRef> = z.union([
  z.strictObject({ kind: z.enum(["gymnasium", "builtin", "pettingzoo", "parallel"]), id: z.string() }),
  z.strictObject({
    kind: z.literal("file"),
    name: z.string().regex(/^[^/]{1,255}$/),
    className: z.string(),
    source: z.string(),
  }),
]);

const policy: z.ZodType<SeatPolicy> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("builtin"), name: z.string() }),
  z.strictObject({
    kind: z.literal("source"),
    name: z.string().regex(/^[^/]{1,255}$/),
    source: z.string(),
    files: files.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("actions"), actions: z.array(json) }),
  z.strictObject({ kind: z.literal("none") }),
]);

const seat: z.ZodType<Seat> = z.strictObject({ seat: z.string(), policy });
const milliseconds = z.int().min(1);

const template: z.ZodType<SpecTemplate> = z.strictObject({
  environment,
  files: files.exactOptional(),
  envArgs: z.record(z.string(), json),
  seats: z.array(seat).min(1).max(8),
  mode: z.enum(["keep", "restart"]),
  clocks: z
    .strictObject({ moveCpuMs: milliseconds, bankCpuMs: milliseconds, moveWallMs: milliseconds })
    .nullable(),
  maxSteps: z.int().min(1).nullable(),
  volatileInfo: z.array(z.string()),
});

const limits: z.ZodType<Limits> = limitsSchema.transform((given) => ({
  ...defaultLimits,
  ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
}));

const specSchema: z.ZodType<FleetSpec> = z.strictObject({
  format: z.literal(1),
  version: z.string(),
  harness: z.string(),
  template,
  image: z.string().regex(/^[0-9a-f]{64}$/),
  world: worldModeSchema,
  limits,
  backend: z.enum(["zygote", "cold"]),
  start: z.enum(["usual", "prepared"]),
  hostClass: z.string(),
});

/**
 * Reads a spec that came from the store.
 * @throws `protocol_broken` where the bytes are not those of the hash, or no spec
 */
export function decodeSpec(bytes: Buffer, hash: string): FleetSpec {
  return checkSpec(parseSpec(bytes, hash), hash.slice(0, 12));
}

/** What the bytes of a hash say, whatever kind of spec it is. @throws `protocol_broken` where they are others */
export function parseSpec(bytes: Buffer, hash: string): unknown {
  if (sha256(bytes).toString("hex") === hash) return JSON.parse(bytes.toString());
  throw new SameseedError("protocol_broken", `the store's spec ${hash.slice(0, 12)} has other bytes`);
}

/** As {@link decodeSpec}, of a value. @throws `protocol_broken` */
export function checkSpec(value: unknown, name: string): FleetSpec {
  const spec = specSchema.safeParse(value);
  if (spec.success) {
    refuseOtherVersion(spec.data);
    return spec.data;
  }
  throw new SameseedError("protocol_broken", `the store's spec ${name} cannot be read`, {
    hint: "run the same version of Sameseed on every host of the fleet",
    context: { problems: z.prettifyError(spec.error) },
  });
}

/** A spec as what a host runs rollouts with. */
export function optionsOf(spec: FleetSpec): ResolvedOptions {
  const { template: own, image, world, limits: given, backend, start } = spec;
  return { template: own, image, world, limits: given, backend, start };
}
