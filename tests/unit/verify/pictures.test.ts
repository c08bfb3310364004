import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";

import { isSameseedError } from "../../../src/base/error.ts";
import { FrameDecoder } from "../../../src/trajectory/frame-decoder.ts";
import {
  picturesPath,
  readPictureList,
  readPictures,
  writePictures,
} from "../../../src/verify/pictures/picture-file.ts";
import { pngOf } from "../../../src/verify/pictures/png.ts";
import { PictureTaker } from "../../../src/verify/pictures/take-pictures.ts";
import { textPictures } from "./text-pictures.ts";

/** Canonical CBOR of a map from texts to small integers, texts, bytes, and lists of small integers. */
function payload(
  fields: Readonly<Record<string, number | string | Uint8Array | readonly number[]>>,
): Uint8Array {
  const entries = Object.entries(fields).map(([key, value]) => ({ key: text(key), value: valueOf(value) }));
  entries.sort((a, b) => Buffer.compare(a.key, b.key));
  return Buffer.concat([
    Buffer.from([0xa0 | entries.length]),
    ...entries.flatMap(({ key, value }) => [key, value]),
  ]);
}

function valueOf(value: number | string | Uint8Array | readonly number[]): Buffer {
  if (typeof value === "number") return head(0, value);
  if (typeof value === "string") return text(value);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(4, value.length), ...value.map((item) => head(0, item))]);
}

const text = (value: string): Buffer =>
  Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);

function head(major: number, value: number): Buffer {
  const top = major << 5;
  if (value < 24) return Buffer.from([top | value]);
  if (value < 256) return Buffer.from([top | 24, value]);
  return Buffer.from([top | 25, value >> 8, value & 255]);
}

const pixelsOf = (width: number, height: number, value: number): Buffer =>
  Buffer.alloc(width * height * 3, value);
const picture = (k: number, value: number, shape: readonly number[] = [2, 3]): Uint8Array =>
  payload({ k, shape, pixels: deflateSync(pixelsOf(3, 2, value)) });

const steps = { first: 0, every: 1, last: 5 };

describe("taking pictures", () => {
  it("looks at none but those that were asked for", () => {
    for (const k of [0, 1, 3, 6, 9, 11]) {
      const taker = new PictureTaker({ first: 1, every: 3, last: 9 });
      const isAsked = k === 9;
      if (isAsked) taker.take(picture(k, 1));
      // Bytes that cannot be inflated: it is refused before anybody tries.
      else
        expect(() => taker.take(payload({ k, shape: [2, 3], pixels: Buffer.from("x") }))).toThrow(
          k === 1 ? "as many" : "not asked for",
        );
    }
    const taker = new PictureTaker({ first: 1, every: 3, last: 9 });
    for (const k of [1, 4, 7, 9]) taker.take(picture(k, 1));
    expect(taker.pictures.map(([k]) => k)).toEqual([1, 4, 7, 9]);
  });

  it("makes a PNG file of the pixels", () => {
    const taker = new PictureTaker(steps);
    taker.take(picture(0, 7));
    expect(taker).toMatchObject({
      kind: "png",
      width: 3,
      height: 2,
      pictures: [[0, 0, taker.bodies[0]!.length]],
    });
    const png = Buffer.from(taker.bodies[0]!);
    expect(png.subarray(0, 8).toString("latin1")).toBe("\u0089PNG\r\n\u001a\n");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2]);
    const at = png.indexOf("IDAT");
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    expect([...rows]).toEqual([0, ...Array<number>(9).fill(7), 0, ...Array<number>(9).fill(7)]);
    expect(png.equals(pngOf(3, 2, pixelsOf(3, 2, 7)))).toBe(true);
  });

  it("keeps a picture that was there before once", () => {
    const taker = new PictureTaker(steps);
    for (const [k, value] of [
      [0, 1],
      [1, 2],
      [5, 1],
    ] as const)
      taker.take(picture(k, value));
    expect(taker.bodies).toHaveLength(2);
    expect(taker.pictures.map(([k, offset]) => [k, offset === 0])).toEqual([
      [0, true],
      [1, false],
      [5, true],
    ]);
  });

  it.for<readonly [what: string, payloads: readonly Uint8Array[], says: RegExp]>([
    [
      "more pixels than its sides say",
      [payload({ k: 0, shape: [2, 3], pixels: deflateSync(Buffer.alloc(5_000_000)) })],
      /as many/,
    ],
    ["fewer pixels", [payload({ k: 0, shape: [2, 3], pixels: deflateSync(Buffer.alloc(3)) })], /as many/],
    ["bytes that are not deflated", [payload({ k: 0, shape: [2, 3], pixels: Buffer.from("x") })], /as many/],
    ["a side that is too long", [picture(0, 1, [641, 1])], /640/],
    ["no side", [picture(0, 1, [0, 3])], /640/],
    ["three sides", [picture(0, 1, [2, 3, 1])], /640/],
    ["a file in place of pixels", [payload({ k: 0, png: Buffer.from("\u0089PNG") })], /640/],
    ["a text behind a picture", [picture(0, 1), payload({ k: 1, text: "x" })], /mixed/],
    ["a step twice", [picture(1, 1), picture(1, 2)], /order/],
    ["no number", [payload({ text: "x" })], /number/],
    ["no map", [Buffer.from([0x80])], /map/],
    ["no CBOR", [Buffer.from([0xff])], /./],
  ])("refuses %s", ([, payloads, says]) => {
    const taker = new PictureTaker(steps);
    let thrown: unknown;
    try {
      for (const each of payloads) taker.take(each);
    } catch (error) {
      thrown = error;
    }
    expect(isSameseedError(thrown) && thrown.code).toBe("protocol_broken");
    expect((thrown as Error).message).toMatch(says);
  });

  it("hears why there is none", () => {
    const taker = new PictureTaker(steps);
    expect(() => taker.take(payload({ k: 0, why: "no" }))).toThrow();
    expect(taker.why).toBe("no");
  });
});

it("are known to no stream that was not asked for them", () => {
  const frame = Buffer.from([5, 1, 0, 0, 0, 0x80]);
  expect(() => new FrameDecoder().push(frame)).toThrow("unknown type 5");
  expect(() => new FrameDecoder({ live: true }).push(frame)).toThrow("unknown type 5");
  expect(new FrameDecoder({ pictured: true }).push(frame)[0]?.type).toBe("picture");
});

describe("a file of pictures", () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-pictures-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const list = textPictures("sha256:1", [
    [0, 0, 2],
    [1, 2, 3],
    [2, 0, 2],
  ]);
  const path = picturesPath(folder, 3);

  it("gives any part of it", () => {
    expect(readPictureList(path)).toBeUndefined();
    writePictures(path, list, [Buffer.from("ab"), Buffer.from("cde")]);
    expect(readPictureList(path)).toEqual(list);
    expect(readPictures(path, 1, 9).map(String)).toEqual(["cde", "ab"]);
  });

  it.for<readonly [what: string, harm: () => void]>([
    ["cut off", () => truncateSync(path, 200)],
    ["another file", () => writeFileSync(path, "x".repeat(300))],
    ["a header of another form", () => writePictures(path, { ...list, format: 2 as 1 }, [])],
    [
      "a header that announces gigabytes",
      () => writeFileSync(path, Buffer.from("SSPICT1\n\u00ff\u00ff\u00ff\u007f", "latin1")),
    ],
    [
      "a link",
      () => {
        rmSync(path);
        symlinkSync("/etc/passwd", path);
      },
    ],
  ])("is refused where it is %s", ([, harm]) => {
    harm();
    expect(() => readPictures(path, 0, 9)).toThrow(expect.objectContaining({ code: "run_damaged" }));
  });

  it.for<readonly [what: string, pictures: readonly (readonly [number, number, number])[]]>([
    [
      "overlap",
      [
        [0, 0, 3],
        [1, 2, 3],
      ],
    ],
    [
      "begin together and end apart",
      [
        [0, 0, 2],
        [1, 0, 3],
      ],
    ],
    [
      "lie in one another, with the same one twice",
      [
        [0, 0, 5],
        [1, 1, 2],
        [2, 0, 5],
      ],
    ],
    [
      "are not in the order of their records",
      [
        [1, 0, 2],
        [0, 2, 3],
      ],
    ],
    [
      "are of one record",
      [
        [1, 0, 2],
        [1, 2, 3],
      ],
    ],
    [
      "reach beyond its end",
      [
        [0, 0, 2],
        [1, 2, 4],
      ],
    ],
  ])("is refused where its pictures %s", ([, pictures]) => {
    rmSync(path, { force: true });
    writePictures(path, { ...list, pictures }, [Buffer.from("abcde")]);
    for (const read of [() => readPictureList(path), () => readPictures(path, 0, 1)])
      expect(read).toThrow(expect.objectContaining({ code: "run_damaged" }));
  });

  it("gives a picture that is there often once", () => {
    const often = Array.from({ length: 1000 }, (_, k) => [k, 1, 3] as const);
    writePictures(path, { ...list, pictures: [...often, [1000, 4, 0]] }, [Buffer.from("abcde")]);
    const bodies = readPictures(path, 0, 2000);
    expect([new Set(bodies.slice(0, 1000)).size, String(bodies[999]), bodies[1000]!.length]).toEqual([
      1,
      "bcd",
      0,
    ]);
  });

  it("is refused where a picture reaches beyond its end", () => {
    rmSync(path);
    writePictures(path, { ...list, pictures: [[0, 0, 1_000_000_000]] }, [Buffer.from("ab")]);
    expect(() => readPictures(path, 0, 1)).toThrow(expect.objectContaining({ code: "run_damaged" }));
  });
});
