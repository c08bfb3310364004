import { closeSync, openSync, readSync } from "node:fs";

/** What the dynamic section of a file says, as far as the image is concerned. */
export interface DynamicFile {
  /**
   * Whether it names libraries that watch the loader. The loader runs their code even where it is only asked what the file
   * needs.
   */
  readonly watched: boolean;
  /** Whether it is a program, which names the loader that starts it. */
  readonly isProgram: boolean;
  /** Where the file has the lists of folders in which the loader looks for its libraries. */
  readonly searchPaths: readonly SearchPath[];
}

/** A list of folders, as it stands in a file. */
export interface SearchPath {
  readonly offset: number;
  readonly text: string;
}

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly sizeInFile: bigint;
  readonly size: bigint;
  readonly alignment: bigint;
}

const headerSize = 64;
const segmentSize = 56;
const sectionSize = 64;
/** SHF_ALLOC. */
const inMemory = 2n;
/** Where a segment's entry in the table has its alignment. */
const alignmentAt = 48;
const entrySize = 16;
/** The least that a part may be aligned to. */
export const pageBytes = 4096n;

/** EM_X86_64. */
const x8664 = 62;
/** PT_LOAD, PT_DYNAMIC, PT_INTERP. */
const [load, dynamic, interpreter] = [1, 2, 3];
/** DT_STRTAB, DT_STRSZ. */
const [texts, textsSize] = [5n, 10n];
/** DT_RPATH, DT_RUNPATH. */
const searching: readonly bigint[] = [15n, 29n];
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
    const segments = segmentsOf(read);
    if (segments === undefined) return undefined;
    const [section, ...more] = segments.filter(({ type }) => type === dynamic);
    if (section === undefined || more.length > 0) return undefined;
    const offset = offsetOf(section, segments);
    if (offset === undefined) return undefined;
    const tags = tagsOf(read(offset, Number(section.sizeInFile)));
    if (tags === undefined) return undefined;
    return {
      watched: watching.some((tag) => tags.has(tag)),
      isProgram: segments.some(({ type }) => type === interpreter),
      searchPaths: searchPathsOf(tags, segments, read),
    };
  });
}

/**
 * Where the table of a program or library for x86-64 has parts lie at multiples of more than {@link pageBytes} although any page will do:
 * nothing in them is aligned to more. None of any other file, nor of one that does not tell what it consists of.
 */
export function readWideAlignments(path: string): number[] {
  return withFile(path, (read) => {
    const segments = segmentsOf(read);
    const header = read(0n, headerSize);
    if (segments === undefined || header.readUInt16LE(18) !== x8664) return [];
    if (!fitsAnyPage(header, read)) return [];
    const table = Number(header.readBigUInt64LE(32));
    return segments.flatMap(({ type, offset, address, alignment }, index) =>
      type === load && alignment > pageBytes && (address - offset) % pageBytes === 0n
        ? [table + index * segmentSize + alignmentAt]
        : [],
    );
  });
}

/**
 * The machine code of a program or library for x86-64, part by part: a part begins with the last `overlap` bytes of the one before it,
 * so that no instruction of up to one byte more is cut in two. None of any other file.
 */
export function* readCode(path: string, overlap: number): Generator<Buffer> {
  const file = openSync(path, "r");
  try {
    const read = readerOf(file);
    const segments = segmentsOf(read);
    if (segments === undefined || read(0n, headerSize).readUInt16LE(18) !== x8664) return;
    for (const { offset, sizeInFile } of segments.filter(
      ({ type, flags }) => type === load && (flags & 1) !== 0,
    )) {
      for (let at = 0n; at < sizeInFile; at += BigInt(longest - overlap)) {
        const left = sizeInFile - at;
        yield read(offset + at, left < BigInt(longest) ? Number(left) : longest);
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Whether the sections that come into memory are told, and none of them is aligned to more than a page. */
function fitsAnyPage(header: Buffer, read: Read): boolean {
  const [size, count] = [header.readUInt16LE(58), header.readUInt16LE(60)];
  const table = read(header.readBigUInt64LE(40), count * sectionSize);
  if (size !== sectionSize || count === 0 || table.length < count * sectionSize) return false;
  return Array.from({ length: count }, (_, index) => index * sectionSize).every(
    (at) => (table.readBigUInt64LE(at + 8) & inMemory) === 0n || table.readBigUInt64LE(at + 48) <= pageBytes,
  );
}

/** Undefined for what is of another kind of machine than 64 bits little-endian, or is cut short. */
function segmentsOf(read: Read): Segment[] | undefined {
  const header = read(0n, headerSize);
  if (header.length < headerSize || !isMagic(header) || header[4] !== 2 || header[5] !== 1) return undefined;
  const count = header.readUInt16LE(56);
  const table = read(header.readBigUInt64LE(32), count * segmentSize);
  if (header.readUInt16LE(54) !== segmentSize || table.length < count * segmentSize) return undefined;
  return Array.from({ length: count }, (_, index) => segmentAt(table, index * segmentSize));
}

/** The lists of folders that a dynamic section names; none of a text that is not whole. */
function searchPathsOf(
  tags: ReadonlyMap<bigint, bigint>,
  segments: readonly Segment[],
  read: Read,
): SearchPath[] {
  const [address, size] = [tags.get(texts), tags.get(textsSize)];
  if (address === undefined || size === undefined) return [];
  return searching.flatMap((tag) => {
    const at = tags.get(tag);
    if (at === undefined || at >= size) return [];
    const offset = offsetOf({ address: address + at, sizeInFile: size - at }, segments);
    const bytes = offset === undefined ? undefined : read(offset, Math.min(Number(size - at), longestPath));
    const end = bytes?.indexOf(0) ?? -1;
    return end < 0 ? [] : [{ offset: Number(offset), text: bytes!.toString("latin1", 0, end) }];
  });
}

function isMagic(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 4) === "\x7fELF";
}

function segmentAt(table: Buffer, at: number): Segment {
  return {
    type: table.readUInt32LE(at),
    flags: table.readUInt32LE(at + 4),
    offset: table.readBigUInt64LE(at + 8),
    address: table.readBigUInt64LE(at + 16),
    sizeInFile: table.readBigUInt64LE(at + 32),
    size: table.readBigUInt64LE(at + 40),
    alignment: table.readBigUInt64LE(at + alignmentAt),
  };
}

/** Where the file has what lies at a section's address: in the one segment that is mapped there. */
function offsetOf(
  section: Pick<Segment, "address" | "sizeInFile">,
  segments: readonly Segment[],
): bigint | undefined {
  const end = section.address + section.sizeInFile;
  const [only, ...more] = segments.filter(
    ({ type, address, size }) =>
      type === load && address - (address % pageBytes) < end && section.address < pageEnd(address + size),
  );
  if (only === undefined || more.length > 0) return undefined;
  if (section.address < only.address || end > only.address + only.sizeInFile) return undefined;
  return only.offset + section.address - only.address;
}

function pageEnd(address: bigint): bigint {
  return ((address + pageBytes - 1n) / pageBytes) * pageBytes;
}

/** The tags with their values, up to the one that ends them; undefined where none does, as the loader would read on. */
function tagsOf(section: Buffer): Map<bigint, bigint> | undefined {
  const tags = new Map<bigint, bigint>();
  for (let at = 0; at + entrySize <= section.length; at += entrySize) {
    const tag = section.readBigUInt64LE(at);
    if (tag === 0n) return tags;
    tags.set(tag, section.readBigUInt64LE(at + 8));
  }
  return undefined;
}

type Read = (offset: bigint, length: number) => Buffer;

/** Sizes come from the file: no more is read of a part than a real one has. */
const longest: number = 1 << 20;
const longestPath: number = 1 << 16;

function withFile<T>(path: string, use: (read: Read) => T): T {
  const file = openSync(path, "r");
  try {
    return use(readerOf(file));
  } finally {
    closeSync(file);
  }
}

function readerOf(file: number): Read {
  return (offset, length) => {
    if (length > longest || offset > BigInt(Number.MAX_SAFE_INTEGER)) return Buffer.alloc(0);
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, Number(offset)));
  };
}
