import * as z from "zod";

import type { ObjectStore } from "../store/objects/object-store.ts";
import { rangesSchema, type SeedRange } from "./chunk.ts";

/*
 * Hosts that were found to give what no other gives. The list is in the store, as what they made is: a queue that loses
 * everything must not trust them again. The queue has a copy, so that they are given nothing more at once.
 */

/** Why nothing counts that a host made. */
export interface Quarantine {
  readonly format: 1;
  readonly host: string;
  readonly at: string;
  /** Where it was found out. */
  readonly spec: string;
  readonly seeds: readonly SeedRange[];
}

const schema: z.ZodType<Quarantine> = z.strictObject({
  format: z.literal(1),
  host: z.string(),
  at: z.string(),
  spec: z.string(),
  seeds: rangesSchema,
});

const folder = "quarantine/";
const [start, end] = [folder.length, ".json".length];

/** The hosts whose results do not count. @throws `io_failed` */
export async function quarantinedHosts(store: ObjectStore): Promise<string[]> {
  const hosts: string[] = [];
  for await (const key of store.list(folder)) if (key.endsWith(".json")) hosts.push(key.slice(start, -end));
  return hosts.sort();
}

/** Says that nothing counts that a host made. What was said first stays. @throws `io_failed`, `disk_full` */
export async function addQuarantine(store: ObjectStore, quarantine: Quarantine): Promise<void> {
  await store.putIfAbsent(keyOf(quarantine.host), Buffer.from(JSON.stringify(quarantine)));
}

/** Why a host is out; undefined where it is not, or nobody can read why. @throws `io_failed` */
export async function readQuarantine(store: ObjectStore, host: string): Promise<Quarantine | undefined> {
  const bytes = await store.get(keyOf(host));
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}

/** A host is trusted again. @throws `io_failed` */
export async function liftQuarantine(store: ObjectStore, host: string): Promise<void> {
  await store.delete(keyOf(host));
}

function keyOf(host: string): string {
  return `${folder}${host}.json`;
}
