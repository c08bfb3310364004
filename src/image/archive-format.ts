import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { SameseedError, systemErrorCode } from "../base/error.ts";

/*
 * A travelling image is one file: a skippable frame of Zstandard that names the digest, then one frame with a POSIX tar:
 * image.json first, then what lies beside the tree, then the tree in the order of its listing. Times, owners and the
 * order of the disk are not in it, so that the same image gives the same bytes. `zstd -d` and `tar` read it.
 */

/** One entry of an archive. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: "file" | "folder" | "link";
  readonly mode: number;
  /** A link's target; empty for others. */
  readonly target: string;
  readonly sizeBytes: number;
}

const block = 512;
const skippableMagic = 0x184d2a50;
const label = "sameseed/image-archive/1 ";
/** The bytes of the frame that names the digest. */
export const labelBytes: number = 8 + label.length + 64;

/** The frame that an archive begins with. */
export function labelFrame(digest: string): Buffer {
  const frame = Buffer.alloc(labelBytes);
  frame.writeUInt32LE(skippableMagic, 0);
  frame.writeUInt32LE(label.length + 64, 4);
  frame.write(`${label}${digest}`, 8, "latin1");
  return frame;
}

/** The digest that an archive says it holds; undefined for what is no archive of an image. */
export function labelOf(head: Uint8Array): string | undefined {
  if (head.length < labelBytes) return undefined;
  const digest = Buffer.from(head.subarray(8 + label.length, labelBytes)).toString("latin1");
  return /^[0-9a-f]{64}$/.test(digest) && labelFrame(digest).equals(head.subarray(0, labelBytes))
    ? digest
    : undefined;
}

/** The digest that a file of `image export` says it holds; undefined for any other file. */
export function archivedDigest(file: string): string | undefined {
  const head = Buffer.alloc(labelBytes);
  try {
    const handle = openSync(file, "r");
    try {
      return readSync(handle, head) === labelBytes ? labelOf(head) : undefined;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * The digest of the image in an exported file.
 *
 * @throws {SameseedError} `bad_argument` where there is none.
 */
export function digestAt(path: string): string {
  const digest = archivedDigest(path);
  if (digest !== undefined) return digest;
  throw new SameseedError(
    "bad_argument",
    existsSync(path)
      ? `${path} is not a file that \`sameseed image export\` wrote`
      : `there is no image file ${path}`,
    {
      hint: "give an image's name or digest, or the path of an exported image: it has a slash or ends in .tar.zst",
      context: { path },
    },
  );
}

/** The blocks before an entry's content. */
export function entryHeader(entry: ArchiveEntry): Buffer {
  const path = entry.type === "folder" ? `${entry.path}/` : entry.path;
  const records = [
    ...(Buffer.byteLength(path) > 99 ? [paxRecord("path", path)] : []),
    ...(Buffer.byteLength(entry.target) > 99 ? [paxRecord("linkpath", entry.target)] : []),
  ];
  const type = { file: "0", link: "2", folder: "5" }[entry.type];
  const header = tarHeader({ ...entry, path: shorten(path), target: shorten(entry.target) }, type);
  if (records.length === 0) return header;
  const pax = Buffer.from(records.join(""));
  const extra = tarHeader({ path: "pax", type: "file", mode: 0o644, target: "", sizeBytes: pax.length }, "x");
  return Buffer.concat([extra, pax, padding(pax.length), header]);
}

/** What fills content up to whole blocks. */
export function padding(sizeBytes: number): Buffer {
  return Buffer.alloc((block - (sizeBytes % block)) % block);
}

/** The end of an archive. */
export function endBlocks(): Buffer {
  return Buffer.alloc(2 * block);
}

function shorten(text: string): string {
  return Buffer.from(text).subarray(0, 99).toString("latin1");
}

function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(body);
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length}${body}`;
}

function tarHeader({ path, mode, target, sizeBytes }: ArchiveEntry, type: string): Buffer {
  const header = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number): void =>
    void header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
  header.write(path, 0, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(sizeBytes, 124, 12);
  octal(1_577_836_800, 136, 12);
  header.fill(" ", 148, 156);
  header.write(type, 156, "latin1");
  header.write(target, 157, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return header;
}

/** Reads archives strictly: what {@link entryHeader} does not write is refused. */
export class ArchiveReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  /** @param stream the tar's bytes */
  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The next entry; undefined at the end. Its content is to be taken with {@link content} before the next. */
  async next(): Promise<ArchiveEntry | undefined> {
    let header = await this.#take(block);
    if (header.every((byte) => byte === 0)) {
      await this.#end();
      return undefined;
    }
    let pax = new Map<string, string>();
    if (checkedType(header) === "x") {
      const bytes = sizeOf(header);
      if (bytes > 16_384) throw refused("a name is too long");
      pax = readPax(await this.#take(bytes));
      await this.#take(padding(bytes).length);
      header = await this.#take(block);
    }
    const code = checkedType(header);
    const type = ({ "0": "file", "2": "link", "5": "folder" } as const)[code];
    if (type === undefined)
      throw refused(`it has an entry of the kind ${JSON.stringify(code)}, which no image has`);
    const path = (pax.get("path") ?? text(header, 0, 100)).replace(type === "folder" ? /\/$/ : /$^/, "");
    const sizeBytes = sizeOf(header);
    if (type !== "file" && sizeBytes !== 0) throw refused(`${path} is no file and has content`);
    return {
      path,
      type,
      mode: Number.parseInt(text(header, 100, 8), 8) & 0o7777,
      target: type === "link" ? (pax.get("linkpath") ?? text(header, 157, 100)) : "",
      sizeBytes,
    };
  }

  /** The content of the entry that {@link next} gave, in pieces. */
  async *content({ sizeBytes }: ArchiveEntry): AsyncGenerator<Buffer, void, undefined> {
    for (let left = sizeBytes; left > 0;) {
      if (this.#rest.length === 0) this.#rest = await this.#more();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
    await this.#take(padding(sizeBytes).length);
  }

  /** The second block of the end, and nothing after it; a stream that was cut says so here. */
  async #end(): Promise<void> {
    const last = await this.#take(block);
    const { done } = await this.#chunks.next();
    if (done !== true || this.#rest.length > 0 || last.some((byte) => byte !== 0))
      throw refused("something follows its end");
  }

  async #take(bytes: number): Promise<Buffer> {
    while (this.#rest.length < bytes) this.#rest = Buffer.concat([this.#rest, await this.#more()]);
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }

  async #more(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw refused("it is cut short");
    return value;
  }
}

/** What is wrong with an archive. */
export function refused(why: string, cause?: unknown): SameseedError {
  return new SameseedError("image_damaged", `the archive is not an intact image: ${why}`, {
    hint: "copy or export it again; nothing of it was imported",
    ...(cause === undefined ? {} : { cause }),
  });
}

function checkedType(header: Buffer): string {
  const copy = Buffer.from(header);
  copy.fill(" ", 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  if (Number.parseInt(text(header, 148, 8), 8) !== sum) throw refused("a header has a wrong checksum");
  return String.fromCodePoint(header[156] ?? 0);
}

function sizeOf(header: Buffer): number {
  const digits = text(header, 124, 12);
  if (!/^[0-7]+$/.test(digits)) throw refused("an entry has no size");
  return Number.parseInt(digits, 8);
}

function text(header: Buffer, at: number, width: number): string {
  const bytes = header.subarray(at, at + width);
  const end = bytes.indexOf(0);
  return bytes
    .subarray(0, end === -1 ? width : end)
    .toString()
    .trim();
}

function readPax(bytes: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const length = Number.parseInt(bytes.subarray(at, at + 8).toString("latin1"), 10);
    const record = bytes.subarray(at, at + length).toString();
    const match = /^\d+ (path|linkpath)=([^\n]*)\n$/.exec(record);
    if (match === null || !(length > 0)) throw refused("an entry has attributes that no image has");
    found.set(match[1] ?? "", match[2] ?? "");
    at += length;
  }
  return found;
}
