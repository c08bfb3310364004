import * as z from "zod";

import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { packageVersion } from "../base/package-version.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { FleetWork, FleetWorkKind } from "../rollout/rollout-fleet.ts";
import { exactJson } from "../store/exact-json.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";
import { checkSpec, fleetSpec, type FleetSpec, parseSpec, type SpecDocument } from "./fleet-spec.ts";

/*
 * Work that is no rollout of a seed: completions to be scored, environments to be audited. Its items have numbers, which take the
 * place of seeds in chunks. A document names the work; the items are in parts of their own, so that a host reads only those that
 * it was given, and what many items share, such as a task with all its tests, is in the store once.
 */

/** Everything that a host of a fleet is told of the work of one call. */
export interface WorkSpec {
  readonly format: 1;
  readonly kind: FleetWorkKind;
  readonly version: string;
  /** The hosts that may do it: those that give the same numbers. */
  readonly hostClass: string;
  /** Digests of images, 64 hex digits, by the names that items call them. */
  readonly images: Readonly<Record<string, string>>;
  /** Where the items are, in order, and how many. */
  readonly parts: readonly (readonly [digest: string, items: number])[];
  /** Makes the work of one call its own: it is never taken from what an earlier call has left. */
  readonly call?: string;
}

/** An item as a host has it. */
export interface WorkItem {
  readonly at: number;
  readonly own: JsonValue;
  readonly shared: JsonValue;
}

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const json: z.ZodType<JsonValue> = z.json();

const workSchema: z.ZodType<WorkSpec> = z.strictObject({
  format: z.literal(1),
  kind: z.enum(["scores", "audits"]),
  version: z.string(),
  hostClass: z.string(),
  images: z.record(z.string(), hex64),
  parts: z.array(z.tuple([hex64, z.int().min(1)]).readonly()),
  call: z.string().exactOptional(),
});

const partSchema = z.array(z.strictObject({ own: json, shared: hex64.nullable() }));

/** The most items of a part, and the length of its text from which on it gets no more. */
const [partItemsMost, partLengthMost] = [128, 2 ** 20];
/** Objects that are written at the same time. */
const writesAtOnce = 16;

/** Puts the items of a work into a store. @returns what names them */
export async function publishWork(
  store: ObjectStore,
  { items, images }: Pick<FleetWork, "items" | "images">,
): Promise<WorkSpec["parts"]> {
  const blobs = new Map<string, Buffer>();
  const digests = new Map<JsonValue, string>();
  const parts: (readonly [string, number])[] = [];
  const add = (text: string): string => {
    const bytes = Buffer.from(text);
    const digest = sha256(bytes).toString("hex");
    blobs.set(digest, bytes);
    return digest;
  };
  // Texts: large items are written once.
  let part: string[] = [];
  let length = 0;
  const end = async (): Promise<void> => {
    if (part.length > 0) parts.push([add(`[${part.join(",")}]`), part.length]);
    [part, length] = [[], 0];
    await writeAll(store, blobs);
  };
  for (const { own: given, shared, options } of items) {
    const own =
      options === undefined
        ? given
        : {
            ...given,
            spec: fleetSpec(options, images[options.image] ?? options.image, "") as unknown as JsonObject,
          };
    let digest: string | null = null;
    if (shared !== undefined) {
      digest = digests.get(shared) ?? add(exactJson(shared));
      digests.set(shared, digest);
    }
    const text = exactJson({ own, shared: digest });
    part.push(text);
    length += text.length;
    if (part.length >= partItemsMost || length >= partLengthMost) await end();
  }
  await end();
  return parts;
}

async function writeAll(store: ObjectStore, blobs: Map<string, Buffer>): Promise<void> {
  const all = [...blobs];
  blobs.clear();
  while (all.length > 0)
    await Promise.all(
      all.splice(0, writesAtOnce).map(async ([digest, bytes]) => {
        await store.putIfAbsent(blobKey(digest), bytes);
      }),
    );
}

/** Writes what names a work. */
export function encodeWork(
  { kind, images, call }: Pick<FleetWork, "kind" | "images" | "call">,
  parts: WorkSpec["parts"],
  hostClass: string,
): SpecDocument {
  const own = { format: 1, kind, version: packageVersion(), hostClass, images, parts };
  const spec: WorkSpec = { ...own, format: 1, ...(call === undefined ? {} : { call }) };
  const bytes = Buffer.from(exactJson(spec));
  return { hash: sha256(bytes).toString("hex"), bytes };
}

/**
 * Reads what a chunk is about.
 * @throws `protocol_broken` where the bytes are not those of the hash, or nothing that this version knows
 */
export function decodeAnySpec(bytes: Buffer, hash: string): FleetSpec | WorkSpec {
  const value = parseSpec(bytes, hash);
  if (typeof value !== "object" || value === null || !("kind" in value))
    return checkSpec(value, hash.slice(0, 12));
  const spec = workSchema.safeParse(value);
  if (spec.success && spec.data.version === packageVersion()) return spec.data;
  throw new SameseedError("protocol_broken", `the store's work ${hash.slice(0, 12)} cannot be read`, {
    hint: "run the same version of Sameseed on every host of the fleet",
  });
}

/**
 * The items of these numbers.
 * @throws `io_failed`, `protocol_broken`
 */
export async function readItems(
  store: ObjectStore,
  { parts }: WorkSpec,
  numbers: readonly number[],
): Promise<WorkItem[]> {
  const wanted = new Set(numbers);
  const items: WorkItem[] = [];
  const shared = new Map<string, JsonValue>();
  let first = 0;
  for (const [digest, count] of parts) {
    const range = Array.from({ length: count }, (_, at) => first + at).filter((at) => wanted.has(at));
    if (range.length > 0) {
      const part = partSchema.parse(await readBlob(store, digest));
      for (const at of range) {
        const { own, shared: name } = part[at - first]!;
        if (name !== null && !shared.has(name)) shared.set(name, await readBlob(store, name));
        items.push({ at, own, shared: name === null ? null : shared.get(name)! });
      }
    }
    first += count;
  }
  if (items.length === wanted.size) return items;
  throw new SameseedError("protocol_broken", "a chunk names items that its work does not have");
}

async function readBlob(store: ObjectStore, digest: string): Promise<JsonValue> {
  const bytes = await store.get(blobKey(digest));
  if (bytes !== undefined && sha256(bytes).toString("hex") === digest)
    return JSON.parse(bytes.toString()) as JsonValue;
  throw new SameseedError(
    "io_failed",
    `the fleet's store does not have ${digest.slice(0, 12)} as it was written`,
  );
}

function blobKey(digest: string): string {
  return `work/${digest}.json`;
}
