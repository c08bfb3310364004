/*
 * Theory of operation. A trajectory's identity is the last link of a hash chain over its records:
 *
 *   field  f   = H("sameseed/field/1\0" || name || "\0" || value)
 *   step   d_k = H("sameseed/step/1\0" || u64be k || f_1 || … || f_n)
 *   chain  c_k = H("sameseed/chain/1\0" || c_(k-1) || d_k)
 *
 * Two chains run side by side over the same d_k: one starts from the manifest, the other, the content chain, from
 * an empty one. A branch goes on where its parent was: its chain starts from the parent's chain value and its own manifest,
 * its content chain from the parent's content value, and its first record is the one after the step it starts at. This runs once for every step of every rollout, so each input of H is put together in a buffer
 * that is made once and hashed in one call. Digests travel as latin1 strings: Node hands out a string of 32
 * characters two to three times faster than a buffer of 32 bytes.
 */
import { createHash, hash, type Hash } from "node:crypto";
import { sha256Of } from "../base/digest.ts";
import type { BranchOrigin } from "../model/branch.ts";
import { fieldSpans, type FieldSpan } from "../model/cbor/field-spans.ts";
import type { BadBytesCode } from "../model/cbor/reader.ts";
import type { Outcome } from "../model/outcome.ts";
import type { TrajectoryDigests } from "../model/trajectory.ts";
import { decodeCbor } from "../model/cbor/decode.ts";
import { originOf } from "./branch-origin.ts";
import { expectOutcome, failRecord, recordKind, unsignedAt } from "./records.ts";

/** Bytes of a SHA-256 digest. */
export const digestBytes = 32;

const maxFields = 9;
/** What the play digest leaves out: it is in a record, and nobody who plays sees it. */
const unseen: ReadonlySet<string> = new Set(["hidden", "ledger"]);
const stepDomain: Buffer = Buffer.from("sameseed/step/1\0", "latin1");
const chainDomain: Buffer = Buffer.from("sameseed/chain/1\0", "latin1");
const stepFieldsStart: number = stepDomain.length + 8;

/** Takes the records of one rollout as they arrive and computes both chains. */
export class ChainBuilder {
  readonly #code: BadBytesCode;
  readonly #step: Buffer = Buffer.alloc(stepFieldsStart + maxFields * digestBytes);
  readonly #manifestLink: Link;
  readonly #contentLink: Link;
  readonly #play: Hash = createHash("sha256").update("sameseed/play/1\0");
  readonly #first: number;
  /** The number of the next record. */
  #next: number;
  #steps: number;
  #outcome: Outcome | null = null;

  /**
   * @param manifest - the manifest's JCS bytes, from which the chain starts
   * @param code - what errors are called: live bytes break the protocol, stored ones are damaged
   * @default code "protocol_broken"
   */
  constructor(manifest: Uint8Array, code: BadBytesCode = "protocol_broken") {
    this.#code = code;
    const origin = originOf(manifest, code);
    this.#steps = origin?.step ?? 0;
    this.#first = origin === undefined ? 0 : origin.step + 1;
    this.#next = this.#first;
    this.#manifestLink = new Link(origin === undefined ? rootStart(manifest) : branchStart(origin, manifest));
    this.#contentLink = new Link(
      origin === undefined ? rootStart(new Uint8Array()) : digestToBytes(origin.content),
    );
    stepDomain.copy(this.#step);
  }

  /**
   * Takes the payload of the next RECORD frame.
   *
   * @throws {@link SameseedError} the constructor's code where it is not canonical, not a record of format 2, or not
   * the next one
   */
  add(record: Uint8Array): void {
    const spans = fieldSpans(record, this.#code);
    this.#checkPlace(record, spans);
    this.#step.writeUInt32BE(Math.floor(this.#next / 0x1_0000_0000), stepDomain.length);
    this.#step.writeUInt32BE(this.#next >>> 0, stepDomain.length + 4);
    let end = stepFieldsStart;
    let play = "";
    for (let at = 1; at < spans.length; at++) {
      const span = spans[at];
      if (span === undefined) continue;
      const digest = hasherOf(span.name).add(record, span);
      this.#step.write(digest, end, "latin1");
      end += digestBytes;
      if (!unseen.has(span.name)) play += digest;
    }
    this.#play.update(play, "latin1");
    const digest = hash("sha256", this.#step.subarray(0, end), "binary");
    this.#manifestLink.extend(digest);
    this.#contentLink.extend(digest);
    this.#next++;
  }

  /** The number of the first record: 0, or for a branch the one after the step it starts at. */
  get first(): number {
    return this.#first;
  }

  /** The digests of the records so far; the chain can go on afterwards. */
  digests(): TrajectoryDigests {
    return {
      digest: this.#manifestLink.toDigest(),
      contentDigest: this.#contentLink.toDigest(),
      playDigest: `sha256:${this.#play.copy().digest("hex")}`,
      records: this.#next - this.#first,
      steps: this.#steps,
      outcome: this.#outcome,
    };
  }

  /** The last step digest and link of each chain, 32 bytes each; views that the next record overwrites. */
  lastLinks(): { readonly step: Uint8Array; readonly manifest: Uint8Array; readonly content: Uint8Array } {
    return {
      step: this.#contentLink.step,
      manifest: this.#manifestLink.value,
      content: this.#contentLink.value,
    };
  }

  /** Checks that a record has a legal shape and is the one that comes next. */
  #checkPlace(record: Uint8Array, spans: readonly FieldSpan[]): void {
    const code = this.#code;
    const kind = recordKind(spans);
    const first = spans[0];
    if (kind === undefined || first === undefined)
      return failRecord(code, "a record has other fields than format 2 gives it");
    if (this.#outcome !== null) failRecord(code, "a record follows the closing record");
    if (unsignedAt(record, first) !== this.#next) failRecord(code, "records are not numbered in a row");
    if ((kind === "reset") !== (this.#next === 0) && kind !== "closing")
      failRecord(code, "only the first record is a reset");
    for (const span of spans) {
      const mustBeMap = span.name === "hidden" || span.name === "ledger" || span.name === "error";
      if (mustBeMap && (record[span.start] ?? 0) >> 5 !== 5) failRecord(code, `${span.name} is not a map`);
    }
    if (kind === "step") this.#steps++;
    else if (kind === "closing") this.#outcome = readOutcome(record, spans, code);
  }
}

function readOutcome(record: Uint8Array, spans: readonly FieldSpan[], code: BadBytesCode): Outcome {
  const end = spans[1];
  if (end === undefined) return failRecord(code, "an outcome is missing");
  return expectOutcome(decodeCbor(record.subarray(end.start, end.end), code), code);
}

/** By name, of which a record's kinds have few; shared, because making them anew for each short game would show. */
const fieldHashers = new Map<string, FieldHasher>();

function hasherOf(name: string): FieldHasher {
  const known = fieldHashers.get(name);
  if (known !== undefined) return known;
  const made = new FieldHasher(name);
  fieldHashers.set(name, made);
  return made;
}

/** Digests of one field's values. */
class FieldHasher {
  // The domain and name, followed by the last value that had room there, which ends at #inputEnd.
  readonly #input: Buffer;
  readonly #prefixBytes: number;
  #inputEnd = 0;
  #lastShort = "";

  constructor(name: string) {
    const prefix = Buffer.from(`sameseed/field/1\0${name}\0`, "utf8");
    this.#prefixBytes = prefix.length;
    this.#input = Buffer.alloc(2048);
    prefix.copy(this.#input);
  }

  /** The digest of the value in a span, as latin1. */
  add(record: Uint8Array, span: FieldSpan): string {
    const value = record.subarray(span.start, span.end);
    const end = this.#prefixBytes + value.length;
    return end > this.#input.length ? this.#hashLong(value) : this.#hashShort(value, end);
  }

  /** Many fields repeat their last value (an empty info, a reward of 1): comparing is cheaper than hashing. */
  #hashShort(value: Uint8Array, end: number): string {
    if (end === this.#inputEnd && this.#holds(value)) return this.#lastShort;
    this.#input.set(value, this.#prefixBytes);
    this.#inputEnd = end;
    this.#lastShort = hash("sha256", this.#input.subarray(0, end), "binary");
    return this.#lastShort;
  }

  #holds(value: Uint8Array): boolean {
    for (let at = 0; at < value.length; at++)
      if (this.#input[this.#prefixBytes + at] !== value[at]) return false;
    return true;
  }

  /** Large values are hashed in place: copying them would cost more than the second call. */
  #hashLong(value: Uint8Array): string {
    const prefix = this.#input.subarray(0, this.#prefixBytes);
    return createHash("sha256").update(prefix).update(value).digest("binary");
  }
}

/** Where the chain of a rollout from its reset on starts. */
function rootStart(manifest: Uint8Array): Buffer {
  return sha256Of(["sameseed/manifest/1\0", manifest]);
}

/** Where the chain of a branch starts. */
function branchStart({ parent }: BranchOrigin, manifest: Uint8Array): Buffer {
  return sha256Of(["sameseed/branch/1\0", digestToBytes(parent), manifest]);
}

function digestToBytes(digest: string): Buffer {
  return Buffer.from(digest.slice("sha256:".length), "hex");
}

/** The last link of a chain, in the buffer that the next one is hashed from: domain, link, step digest. */
class Link {
  readonly #input: Buffer;
  readonly value: Buffer;
  readonly step: Buffer;

  constructor(start: Uint8Array) {
    const valueEnd = chainDomain.length + digestBytes;
    this.#input = Buffer.alloc(valueEnd + digestBytes);
    this.value = this.#input.subarray(chainDomain.length, valueEnd);
    this.step = this.#input.subarray(valueEnd);
    chainDomain.copy(this.#input);
    this.value.set(start);
  }

  extend(stepDigest: string): void {
    this.step.write(stepDigest, "latin1");
    this.value.write(hash("sha256", this.#input, "binary"), "latin1");
  }

  toDigest(): string {
    return `sha256:${this.value.toString("hex")}`;
  }
}
