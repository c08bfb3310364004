/*
 * What a rollout's environment rendered when it was played again, kept beside the run as `pictures/KEY.pictures`: a header in
 * JSON and, behind it, one PNG file or one text after the other. It is no part of what was recorded: it may be deleted, and
 * whoever can write to the folder can write it. It names the rollout it is of.
 */
import { closeSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { type KeptBeside, keptBesideFields } from "../kept-beside.ts";
import { makeOwnFolder, openRegular, readAt } from "../../store/run-folder.ts";
import { outputError, runDamaged, storeError } from "../../store/store-error.ts";

/** What is known of a rollout's pictures. */
export interface PictureList extends KeptBeside {
  readonly kind: "png" | "text";
  /** What the environment was asked for; null where it was made as it was recorded. */
  readonly mode: string | null;
  /** In pixels; 0 for texts. */
  readonly width: number;
  readonly height: number;
  /** Of how many records one has a picture. */
  readonly every: number;
  /** Whether the rollout that was played again had the recorded chain, or another only in what it asked of the world. */
  readonly exact: boolean;
  /** Whether the file's size ended it before the rollout did. */
  readonly cut: boolean;
  /** Each record that has one: its number, and where the picture's bytes are behind the header. */
  readonly pictures: readonly (readonly [k: number, offset: number, bytes: number])[];
}

const magic = Buffer.from("SSPICT1\n", "latin1");
const headBytes = magic.length + 4;
const headerMost = 16 * 1024 * 1024;
/** The most bytes that the pictures of one rollout may have. */
export const picturesBytesMost: number = 128 * 1024 * 1024;

const whole = z.int().min(0);
const schema: z.ZodType<PictureList> = z.strictObject({
  ...keptBesideFields,
  kind: z.enum(["png", "text"]),
  mode: z.string().nullable(),
  width: whole,
  height: whole,
  every: z.int().min(1),
  exact: z.boolean(),
  cut: z.boolean(),
  pictures: z.array(z.tuple([whole, whole, whole])),
});

/** Where the pictures of a rollout are. @param key its seed, or its number where it is a branch */
export function picturesPath(dir: string, key: number): string {
  return join(dir, "pictures", `${key}.pictures`);
}

/** Writes them in place of earlier ones. @throws `run_damaged`, `io_failed`, `disk_full` */
export function writePictures(path: string, list: PictureList, bodies: readonly Uint8Array[]): void {
  const header = Buffer.from(JSON.stringify(list));
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt32LE(header.length, magic.length);
  try {
    makeOwnFolder(dirname(path));
    writeFileAtomic(path, Buffer.concat([head, header, ...bodies]));
  } catch (error) {
    throw outputError(error, path);
  }
}

/**
 * What is there; undefined where nothing is.
 * @throws `run_damaged`, `io_failed`
 */
export function readPictureList(path: string): PictureList | undefined {
  return existsSync(path) ? withFile(path, ({ list }) => list) : undefined;
}

/**
 * The bytes of some pictures of the list, by their places in it. Pictures that are the same are one.
 * @throws `run_damaged`, `io_failed`
 */
export function readPictures(path: string, from: number, to: number): Buffer[] {
  return withFile(path, ({ file, list, start }) => {
    const known = new Map<number, Buffer>();
    return list.pictures.slice(from, to).map(([, offset, bytes]) => {
      let body = known.get(offset);
      if (body?.length !== bytes) {
        body = Buffer.alloc(bytes);
        readAt(file, body, start + offset);
        known.set(offset, body);
      }
      return body;
    });
  });
}

interface Opened {
  readonly file: number;
  readonly list: PictureList;
  /** Where the pictures begin. */
  readonly start: number;
}

function withFile<T>(path: string, use: (opened: Opened) => T): T {
  let file: number | undefined;
  try {
    const opened = openRegular(path);
    file = opened.file;
    const head = Buffer.alloc(headBytes);
    readAt(file, head, 0);
    const length = head.readUInt32LE(magic.length);
    if (!head.subarray(0, magic.length).equals(magic) || length > Math.min(headerMost, opened.bytes))
      throw runDamaged(path, "it holds no pictures");
    const header = Buffer.alloc(length);
    readAt(file, header, headBytes);
    const list = listOf(path, header);
    checkPlaces(path, list, opened.bytes - headBytes - length);
    return use({ file, list, start: headBytes + length });
  } catch (error) {
    throw storeError(error, "Reading", path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Whoever made the file may have said anything of it: a picture lies inside of it, records are in their order, and two pictures
 * are the same bytes or have none in common, so that no reader gets more bytes than the file has.
 */
function checkPlaces(path: string, { pictures }: PictureList, bytes: number): void {
  if (bytes > picturesBytesMost) throw runDamaged(path, "it has more bytes than pictures may have");
  let last = -1;
  for (const [k, offset, length] of pictures) {
    if (offset + length > bytes) throw runDamaged(path, "it ends inside a picture");
    if (k <= last) throw runDamaged(path, "its records are not in their order");
    last = k;
  }
  let [begin, end] = [0, 0];
  for (const [, offset, length] of pictures.toSorted((a, b) => a[1] - b[1] || a[2] - b[2])) {
    if (length === 0 || (offset === begin && offset + length === end)) continue;
    if (offset < end) throw runDamaged(path, "two of its pictures overlap");
    [begin, end] = [offset, offset + length];
  }
}

function listOf(path: string, header: Buffer): PictureList {
  let json: unknown;
  try {
    json = JSON.parse(header.toString());
  } catch {
    throw runDamaged(path, "its header is no JSON");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw runDamaged(path, "its header is not one of format 1");
  return parsed.data;
}
