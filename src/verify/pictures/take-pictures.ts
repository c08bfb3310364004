import { inflateSync } from "node:zlib";

import { SameseedError } from "../../base/error.ts";
import { sha256 } from "../../base/digest.ts";
import { decodeCbor } from "../../model/cbor/decode.ts";
import type { CborValue } from "../../model/cbor/value.ts";
import { picturesBytesMost } from "./picture-file.ts";
import { pngOf } from "./png.ts";

/** The longest side of a picture in pixels: what the sandbox keeps to. */
const sideMost = 640;
const textMost = 65_536 * 4;

/** Which records have a picture: the first, each so-many-th from there, and the last. */
export interface PictureSteps {
  readonly first: number;
  readonly every: number;
  readonly last: number;
}

/** Takes the pictures of a rollout that is played again as they come. What a sandbox sends is pixels and text, nothing else. */
export class PictureTaker {
  readonly bodies: Uint8Array[] = [];
  readonly pictures: (readonly [k: number, offset: number, bytes: number])[] = [];
  kind: "png" | "text" | undefined;
  width = 0;
  height = 0;
  cut = false;
  /** Why the environment gives none. */
  why: string | undefined;
  #bytes = 0;
  /** A picture that was there before is not kept twice. */
  readonly #known = new Map<string, readonly [offset: number, bytes: number]>();
  readonly #steps: PictureSteps;
  #at = -1;

  constructor(steps: PictureSteps) {
    this.#steps = steps;
  }

  /**
   * @param payload of a PICTURE frame
   * @throws SameseedError `protocol_broken` where it is none, or where the environment gives no pictures
   */
  take(payload: Uint8Array): void {
    const fields = fieldsOf(decodeCbor(payload, "protocol_broken"));
    const k = fields.get("k");
    const why = fields.get("why");
    if (why?.type === "text") {
      this.why = why.value;
      throw broken("the environment gives no pictures");
    }
    if (k?.type !== "int" || k.value < 0n || k.value > BigInt(Number.MAX_SAFE_INTEGER))
      throw broken("a picture has no number");
    this.#refuseUnasked(Number(k.value));
    if (!this.cut) this.#keep(Number(k.value), this.#bodyOf(fields));
  }

  /** Code of the environment may send pictures of its own, without end: none but those that were asked for is looked at. */
  #refuseUnasked(k: number): void {
    const { first, every, last } = this.#steps;
    const isAsked = k === last || (k >= first && k < last && (k - first) % every === 0);
    if (!isAsked) throw broken("a picture is of a step that was not asked for");
    if (k <= this.#at) throw broken("pictures are not in the order of their steps");
    this.#at = k;
  }

  #bodyOf(fields: ReadonlyMap<string, CborValue>): Uint8Array {
    const text = fields.get("text");
    if (text?.type === "text") {
      this.#settle("text", 0, 0);
      const bytes = Buffer.from(text.value);
      if (bytes.length > textMost) throw broken("a picture's text is too long");
      return bytes;
    }
    const [height, width] = sidesOf(fields.get("shape"));
    const packed = fields.get("pixels");
    if (packed?.type !== "bytes") throw broken("a picture has neither pixels nor text");
    const pixels = inflated(packed.value, width * height * 3);
    this.#settle("png", width, height);
    return pngOf(width, height, pixels);
  }

  /** All of a rollout's are of one kind; a picture may be larger than the first. */
  #settle(kind: "png" | "text", width: number, height: number): void {
    if (this.kind !== undefined && this.kind !== kind) throw broken("pictures and texts are mixed");
    this.kind = kind;
    this.width = Math.max(this.width, width);
    this.height = Math.max(this.height, height);
  }

  #keep(k: number, body: Uint8Array): void {
    const name = sha256(body).toString("latin1");
    const known = this.#known.get(name);
    if (known !== undefined) {
      this.pictures.push([k, ...known]);
      return;
    }
    if (this.#bytes + body.length > picturesBytesMost) {
      this.cut = true;
      return;
    }
    const place = [this.#bytes, body.length] as const;
    this.#known.set(name, place);
    this.pictures.push([k, ...place]);
    this.bodies.push(body);
    this.#bytes += body.length;
  }
}

function fieldsOf(value: CborValue): ReadonlyMap<string, CborValue> {
  if (value.type !== "map") throw broken("a picture is no map");
  return new Map(value.entries);
}

function sidesOf(shape: CborValue | undefined): readonly [height: number, width: number] {
  const sides =
    shape?.type === "list" ? shape.items.map((side) => (side.type === "int" ? Number(side.value) : 0)) : [];
  const [height = 0, width = 0] = sides;
  if (sides.length === 2 && Math.min(height, width) >= 1 && Math.max(height, width) <= sideMost)
    return [height, width];
  throw broken(`a picture has no sides of 1 to ${sideMost} pixels`);
}

function inflated(packed: Uint8Array, length: number): Uint8Array {
  try {
    const pixels = inflateSync(packed, { maxOutputLength: length });
    if (pixels.length === length) return pixels;
  } catch {
    // Said below, in one way for every kind of wrong bytes.
  }
  throw broken("a picture's pixels are not as many as its sides say");
}

function broken(problem: string): SameseedError {
  return new SameseedError("protocol_broken", `the pictures are broken: ${problem}`);
}
