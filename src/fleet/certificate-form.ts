/*
 * What all certificates of a fleet have in common: those of runs and those of scores. A root over what was made, the hosts that
 * made it, and how much of it was made twice. A certificate is as it was written, is about what lies beside it, and is what the
 * store's records say, or it does not hold.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../base/atomic-file.ts";
import { nowIso } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import { packageVersion } from "../base/package-version.ts";
import { canonicalJson } from "../harness/manifest.ts";
import type { JsonObject } from "../model/json.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";
import { readRegular } from "../store/run-folder.ts";
import { merkleRoot } from "./merkle.ts";
import { quarantinedHosts } from "./quarantine.ts";
import { recordedOf, type Subject, type Tally } from "./tally-records.ts";

/** What a fleet vouches for, of whatever kind. */
export interface Vouching {
  readonly format: 1;
  /** The spec's document in the fleet's store, and the store. */
  readonly spec: string;
  readonly store: string;
  /** Those that the fleet's store has a record of. */
  readonly fromFleet: number;
  /** Merkle root over all of them, in order. */
  readonly root: string;
  readonly hosts: readonly string[];
  /** The classes of the hosts. */
  readonly classes: readonly string[];
  readonly chunks: number;
  /** Those that were made a second time, by why, and those of them on another host. */
  readonly again: Readonly<Record<"lease" | "hedge" | "audit", number>>;
  readonly onAnotherHost: number;
  /** Second executions on hosts that are not quarantined that gave something else. */
  readonly mismatches: number;
  /** Those in which only what a limit of time or the like ended on one of the hosts differs, if there are any. */
  readonly undecided?: number;
  /** Hosts that were found to give what no other host gives: nothing here is theirs. */
  readonly quarantined: readonly string[];
  readonly at: string;
  readonly sameseedVersion: string;
  /** SHA-256 over the JCS form of everything else. */
  readonly digest: string;
}

const fileName = "fleet.json";
const largestBytes = 4 * 1024 * 1024;
/** A number of things. */
export const count: z.ZodNumber = z.int().min(0);

/** The form of a certificate. @param own what it has beside what every certificate has */
export function certificateSchema<C extends Vouching>(own: z.ZodRawShape): z.ZodType<C> {
  const shape = {
    format: z.literal(1),
    spec: z.string().regex(/^[0-9a-f]{64}$/),
    store: z.string(),
    fromFleet: count,
    root: z.string(),
    hosts: z.array(z.string()),
    classes: z.array(z.string()),
    chunks: count,
    again: z.strictObject({ lease: count, hedge: count, audit: count }),
    onAnotherHost: count,
    mismatches: count,
    undecided: count.exactOptional(),
    quarantined: z.array(z.string()),
    at: z.string(),
    sameseedVersion: z.string(),
    digest: z.string(),
  };
  return z.strictObject({ ...shape, ...own }) as unknown as z.ZodType<C>;
}

/** What a tally of records says, as a certificate has it. */
export function vouchedBy(
  { records, recorded, undecided, ...counts }: Tally,
  { leaves }: Subject,
  { spec, store, quarantined }: { spec: string; store: ObjectStore; quarantined: readonly string[] },
): Omit<Vouching, "digest"> {
  return {
    format: 1,
    spec,
    store: store.url,
    fromFleet: recorded.size,
    root: merkleRoot(leaves.values()),
    hosts: distinct(records.map(({ host }) => host)),
    classes: distinct(records.map(({ numbers }) => numbers)),
    chunks: records.length,
    ...counts,
    ...(undecided === 0 ? {} : { undecided }),
    quarantined: distinct(quarantined),
    at: nowIso(),
    sameseedVersion: packageVersion(),
  };
}

/** Writes a certificate. @returns it, with its digest */
export function writeCertificate<T extends Omit<Vouching, "digest">>(
  dir: string,
  content: T,
): T & { readonly digest: string } {
  const certificate = { ...content, digest: digestOfContent(content) };
  writeFileAtomic(join(dir, fileName), `${JSON.stringify(certificate, undefined, 2)}\n`);
  return certificate;
}

/** What was found beside something that a fleet may have made. */
export type CertificateCheck<C extends Vouching> =
  | { readonly state: "none" }
  /** It is as it was written, and its root is that of what lies beside it. */
  | { readonly state: "intact"; readonly certificate: C; readonly inStore?: number }
  /** There is more than it is about. */
  | { readonly state: "outgrown"; readonly certificate: C }
  /**
   * It was changed, is about something else, or what lies beside it, the store or a second execution has something else. Where
   * nothing but a second execution speaks against it, it is there.
   */
  | { readonly state: "altered"; readonly why: string; readonly certificate?: C };

/** Reads a certificate: `none`, one that was altered, or one that is as it was written. */
export function readCertificate<C extends Vouching>(
  dir: string,
  schema: z.ZodType<C>,
): Exclude<CertificateCheck<C>, { state: "outgrown" }> {
  const path = join(dir, fileName);
  if (!existsSync(path)) return { state: "none" };
  const parsed = schema.safeParse(parseJson(readRegular(path, largestBytes).toString()));
  if (!parsed.success) return { state: "altered", why: `${fileName} is not a certificate of format 1` };
  const { digest, ...content } = parsed.data;
  if (digestOfContent(content) !== digest)
    return { state: "altered", why: "its content is not what its digest was made of" };
  return { state: "intact", certificate: parsed.data };
}

/**
 * Compares a certificate with what lies beside it, and with the store where there is one.
 * @param about how many rollouts or scores it is about
 * @param of what holds them
 * @param what what they are called
 */
export async function compareCertificate<C extends Vouching>(
  certificate: C,
  subject: Subject,
  { about, of, what, store }: { about: number; of: string; what: string; store?: ObjectStore | undefined },
): Promise<CertificateCheck<C>> {
  const altered = (why: string): CertificateCheck<C> => ({ state: "altered", why });
  const { leaves } = subject;
  if (leaves.size > about) return { state: "outgrown", certificate };
  if (merkleRoot(leaves.values()) !== certificate.root)
    return altered(`its root is not that of the ${of}'s ${what}`);
  if (certificate.mismatches > 0)
    return {
      state: "altered",
      why: `${certificate.mismatches} second executions gave something else`,
      certificate,
    };
  if (store === undefined) return { state: "intact", certificate };
  const out = await quarantinedHosts(store);
  const found = certificate.hosts.find((host) => out.includes(host));
  if (found !== undefined)
    return altered(`the host ${found} was quarantined since, and some of the ${what} are its`);
  const recorded = await recordedOf(store, certificate.spec, subject);
  if ("other" in recorded)
    return altered(`the store's record of numbers from ${recorded.other} on has another root`);
  if (recorded.numbers.size < certificate.fromFleet)
    return altered(
      `the store has records of ${recorded.numbers.size} ${what}, not of ${certificate.fromFleet}`,
    );
  return { state: "intact", certificate, inStore: recorded.numbers.size };
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function digestOfContent(content: object): string {
  return digestOf(canonicalJson(JSON.parse(JSON.stringify(content)) as JsonObject));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
