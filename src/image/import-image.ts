import {
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  statfsSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createZstdDecompress } from "node:zlib";
import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { imageManifestSchema, type ImageManifest } from "../model/image-manifest.ts";
import { ArchiveReader, archivedDigest, labelBytes, refused, type ArchiveEntry } from "./archive-format.ts";
import { makeBuildFolder, sweepBuildFolders } from "./build-folder.ts";
import { checkLink, finishTree } from "./finish-tree.ts";
import { isImagePath } from "./image-names.ts";
import {
  checkImageName,
  readNameRecord,
  resolveImage,
  writeName,
  type ResolvedImage,
} from "./image-store.ts";
import { imagePath, publishTree } from "./publish-image.ts";
import { digestOfListing } from "./tree-listing.ts";

/** How an archive is taken over. */
export interface ImportOptions {
  /** The name it gets; null for none. @default the file's name up to its first dot */
  readonly name?: string | null | undefined;
  /** The folder of all images. @default the home folder's */
  readonly images?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const optionNames: NamesOf<ImportOptions> = { name: true, images: true, signal: true };

/** No image is larger, unpacked: what claims to be is a bomb. */
const mostBytes = 64 * 2 ** 30;
const mostEntries = 2_000_000;

/**
 * Takes an image out of a file that {@link exportImage} wrote, on this host or another. Its content is compared with its
 * digest, and nothing is kept of what does not fit. No compiler, no Python and no network are needed.
 *
 * @throws {SameseedError} `image_damaged` for what is not an intact image, `bad_argument` for a name that is taken or an
 * image of another architecture, `io_failed`, `disk_full`, `aborted`.
 */
export async function importImage(file: string, options: ImportOptions = {}): Promise<ResolvedImage> {
  refuseUnknownOptions(options, optionNames, "importImage");
  const images = options.images ?? imagesFolder();
  const digest = archivedDigest(file);
  if (!existsSync(file)) {
    throw new SameseedError("io_failed", `there is no file ${file}`, {
      hint: "give the path of a file that `sameseed image export` wrote",
    });
  }
  if (digest === undefined) throw refused("its first bytes are not those of an image");
  const name = options.name === undefined ? (basename(file).split(".")[0] ?? "") : options.name;
  if (name !== null) refuseTaken(name, digest, images);
  if (!existsSync(imagePath(digest, images))) await unpack(file, digest, images, options.signal);
  if (name !== null && readNameRecord(name, images) === undefined) writeName(name, { digest }, images);
  return resolveImage(name ?? digest, images);
}

/**
 * Imports the image of a file where an image is given by the path of one and is not in the store yet.
 *
 * @throws {SameseedError} as {@link importImage}.
 */
export async function importWhereNamed(image: string, signal?: AbortSignal): Promise<void> {
  if (!isImagePath(image)) return;
  const digest = archivedDigest(image);
  // A path of anything else is refused where the image is looked up.
  if (digest === undefined || existsSync(imagePath(digest, imagesFolder()))) return;
  await importImage(image, { name: null, signal });
}

function refuseTaken(name: string, digest: string, images: string): void {
  checkImageName(name);
  const taken = readNameRecord(name, images)?.digest;
  if (taken === undefined || taken === digest) return;
  throw new SameseedError(
    "bad_argument",
    `the name ${name} stands for another image (${taken.slice(0, 12)})`,
    {
      hint: `give another name with --name, or remove that one: sameseed image rm ${name}`,
      context: { name, digest, taken },
    },
  );
}

async function unpack(
  file: string,
  digest: string,
  images: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  let work: string | undefined;
  try {
    makeOpenFolders(images);
    work = makeBuildFolder(images);
    sweepBuildFolders(images, work);
    const folder = join(work, "image");
    makeOpenFolders(join(folder, "rootfs"));
    const tar = createReadStream(file, { start: labelBytes, signal }).pipe(createZstdDecompress());
    const manifest = await unpackInto(folder, tarBytes(tar), digest);
    finishTree(join(folder, "rootfs"));
    const found = await publishTree(folder, images, (entries) => {
      const described = { ...manifest, ...digestOfListing(entries, manifest) };
      if (described.digest !== digest) throw refused("its files are not those its digest names");
      return described;
    });
    if (found !== digest) throw refused("its files are not those its digest names");
  } catch (error) {
    throw asImportError(error, signal);
  } finally {
    if (work !== undefined) await rm(work, { recursive: true, force: true });
  }
}

/** The bytes of a decompressed stream; what cannot be decompressed is refused. */
async function* tarBytes(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* stream;
  } catch (error) {
    if (toError(error).name === "AbortError" || systemErrorCode(error)?.startsWith("E") === true) throw error;
    throw refused("it cannot be decompressed", error);
  }
}

async function unpackInto(
  folder: string,
  bytes: AsyncIterable<Buffer>,
  digest: string,
): Promise<ImageManifest> {
  const reader = new ArchiveReader(bytes);
  const manifest = await readManifest(reader, digest);
  const room = statfsSync(folder);
  let left = Math.min(mostBytes, room.bavail * room.bsize, manifest.sizeBytes + 64 * 2 ** 20);
  const folders = new Set(["rootfs"]);
  const seen = new Set(["image.json"]);
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
    checkPlace(entry, folders, seen);
    left -= entry.sizeBytes;
    if (left < 0) throw refused("it unpacks to more than it says it holds, or than this disk has room for");
    const path = join(folder, entry.path);
    if (entry.path.startsWith("wheels/")) mkdirSync(join(folder, "wheels"), { recursive: true });
    if (entry.type === "folder") mkdirSync(path, 0o755);
    else if (entry.type === "link") symlinkSync(entry.target, path);
    else await writeContent(path, entry, reader);
  }
  return manifest;
}

async function readManifest(reader: ArchiveReader, digest: string): Promise<ImageManifest> {
  const first = await reader.next();
  if (first?.path !== "image.json" || first.type !== "file" || first.sizeBytes > 2 ** 20)
    throw refused("it does not begin with image.json");
  const pieces: Buffer[] = [];
  for await (const piece of reader.content(first)) pieces.push(Buffer.from(piece));
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(pieces).toString());
  } catch (error) {
    throw refused("its image.json cannot be read", error);
  }
  const parsed = imageManifestSchema.safeParse(value);
  if (!parsed.success || parsed.data.digest !== digest) throw refused("its image.json is of another image");
  const here = process.arch === "x64" ? "x86_64" : "aarch64";
  if (parsed.data.architecture === here) return parsed.data;
  throw new SameseedError(
    "bad_argument",
    `the image is for ${parsed.data.architecture}; this host is ${here}`,
    {
      hint: "build it here from its lock: `sameseed image build NAME --requirements FILE`",
    },
  );
}

/** Every entry lies in a folder that was an entry before it, under a name of its own: no way leads out through a link. */
function checkPlace(
  { path, type, mode, target }: ArchiveEntry,
  folders: Set<string>,
  seen: Set<string>,
): void {
  if (seen.size > mostEntries) throw refused("it has too many entries");
  const parts = path.split("/");
  const isPlain = parts.every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0"));
  if (!isPlain) throw refused(`${JSON.stringify(path)} is no path of an image`);
  if (seen.has(path) || path === "rootfs") throw refused(`it has ${JSON.stringify(path)} twice`);
  seen.add(path);
  if (parts[0] === "rootfs") {
    if (!folders.has(dirname(path))) throw refused(`${JSON.stringify(path)} lies in no folder`);
    if (type === "folder") folders.add(path);
    if (type === "link") refuseWayOut(path.slice("rootfs/".length), target);
    if (type !== "link" && mode !== 0o755 && (type === "folder" || mode !== 0o644))
      throw refused(`${JSON.stringify(path)} has a mode that no image has`);
    return;
  }
  if (type === "file" && /^(requirements\.lock|system\.lock|wheels\/[A-Za-z0-9][\w.+!-]*\.whl)$/.test(path))
    return;
  throw refused(`${JSON.stringify(path)} does not belong into an image`);
}

function refuseWayOut(path: string, target: string): void {
  try {
    checkLink(path, target);
  } catch (error) {
    throw refused(`/${path} links to a place outside`, error);
  }
  if (target === "" || target.includes("\0")) throw refused(`/${path} links to nothing`);
}

async function writeContent(path: string, entry: ArchiveEntry, reader: ArchiveReader): Promise<void> {
  const file = openSync(path, "wx", entry.mode);
  try {
    for await (const piece of reader.content(entry)) {
      for (let done = 0; done < piece.length;) done += writeSync(file, piece, done);
    }
  } finally {
    closeSync(file);
  }
}

function asImportError(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return new SameseedError("aborted", "the import was interrupted");
  const code = systemErrorCode(error);
  if (error instanceof SameseedError || code === undefined) return toError(error);
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new SameseedError(
    full ? "disk_full" : "io_failed",
    `the image could not be imported: ${toError(error).message}`,
    {
      hint: "set SAMESEED_HOME to a folder that you may write to, with room for the image",
      cause: error,
    },
  );
}
