import { closeSync, openSync, readSync } from "node:fs";

/** What the dynamic section of a file says, as far as the image is concerned. */
export interface DynamicFile {
  /**
   * Whether it names libraries that watch the loader. The loader runs their code even where it is only asked what the file
   * needs.
   */
  readonly watched: boolean;
}

interface Segment {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly sizeInFile: bigint;
  readonly size: bigint;
}

const headerSize = 64;
const segmentSize = 56;
const entrySize = 16;
const page = 4096n;

/** PT_LOAD, PT_DYNAMIC. */
const [load, dynamic] = [1, 2];
/** DT_DEPAUDIT, DT_AUDIT. */
const watching: readonly bigint[] = [0x6ffffefbn, 0x6ffffefcn];

/** Whether a file begins as programs and libraries do. */
export function isElf(path: string): boolean {
  return withFile(path, (read) => isMagic(read(0n, 4)));
}

/**
 * Reads a program or library as the loader would. The dynamic section is looked for at its address in memory, as the loader
 * does, and not at the place that the file names beside it, which can be another.
 *
 * @returns undefined for what is not linked dynamically, is of another kind of machine than 64 bits little-endian, or is laid
 * out so that what the loader would see cannot be told.
 */
export function readDynamic(path: string): DynamicFile | undefined {
  return withFile(path, (read) => {
    const header = read(0n, headerSize);
    if (header.length < headerSize || !isMagic(header) || header[4] !== 2 || header[5] !== 1)
      return undefined;
    const count = header.readUInt16LE(56);
    const table = read(header.readBigUInt64LE(32), count * segmentSize);
    if (header.readUInt16LE(54) !== segmentSize || table.length < count * segmentSize) return undefined;
    const segments = Array.from({ length: count }, (_, index) => segmentAt(table, index * segmentSize));
    const [section, ...more] = segments.filter(({ type }) => type === dynamic);
    if (section === undefined || more.length > 0) return undefined;
    const offset = offsetOf(section, segments);
    if (offset === undefined) return undefined;
    const tags = tagsOf(read(offset, Number(section.sizeInFile)));
    return tags && { watched: watching.some((tag) => tags.has(tag)) };
  });
}

function isMagic(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "\x7fELF";
}

function segmentAt(table: Buffer, at: number): Segment {
  return {
    type: table.readUInt32LE(at),
    offset: table.readBigUInt64LE(at + 8),
    address: table.readBigUInt64LE(at + 16),
    sizeInFile: table.readBigUInt64LE(at + 32),
    size: table.readBigUInt64LE(at + 40),
  };
}

/** Where the file has what lies at a section's address: in the one segment that is mapped there. */
function offsetOf(section: Segment, segments: readonly Segment[]): bigint | undefined {
  const end = section.address + section.sizeInFile;
  const [only, ...more] = segments.filter(
    ({ type, address, size }) =>
      type === load && address - (address % page) < end && section.address < pageEnd(address + size),
  );
  if (only === undefined || more.length > 0) return undefined;
  if (section.address < only.address || end > only.address + only.sizeInFile) return undefined;
  return only.offset + section.address - only.address;
}

function pageEnd(address: bigint): bigint {
  return ((address + page - 1n) / page) * page;
}

/** The tags up to the one that ends them; undefined where none does, as the loader would read on. */
function tagsOf(section: Buffer): Set<bigint> | undefined {
  const tags = new Set<bigint>();
  for (let at = 0; at + entrySize <= section.length; at += entrySize) {
    const tag = section.readBigUInt64LE(at);
    if (tag === 0n) return tags;
    tags.add(tag);
  }
  return undefined;
}

type Read = (offset: bigint, length: number) => Buffer;

/** Sizes come from the file: no more is read of a part than a real one has. */
const longest: number = 1 << 20;

function withFile<T>(path: string, use: (read: Read) => T): T {
  const file = openSync(path, "r");
  try {
    return use((offset, length) => {
      if (length > longest || offset > BigInt(Number.MAX_SAFE_INTEGER)) return Buffer.alloc(0);
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, Number(offset)));
    });
  } finally {
    closeSync(file);
  }
}
