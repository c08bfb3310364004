import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { SameseedError, systemErrorCode } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { imageManifestSchema, type ImageManifest } from "../model/image-manifest.ts";
import { digestAt } from "./archive-format.ts";
import { buildFolderName } from "./build-folder.ts";
import { defaultImageName, isImagePath } from "./image-names.ts";
import { sealPath } from "./seal.ts";
import { afterRemoval, sharedStamps } from "./share-files.ts";
import { missingImageHint, shippedImages } from "./shipped-images.ts";
import { unreadableStore } from "./unreadable-store.ts";

/** An image of the store, ready to run. */
export interface ResolvedImage {
  /** The name it was requested by; the digest if it was requested by that. */
  readonly name: string;
  readonly manifest: ImageManifest;
  /** The folder a sandbox sees as `/`. */
  readonly rootfs: string;
  /** The file its tree is sealed with; null for a tree that is in no store, which is used unchecked. */
  readonly seal: string | null;
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const digestPattern = /^(?:sha256:)?([0-9a-f]{64})$/;
/** The beginning of a digest, as tables print it; shorter ones are taken for typing errors. */
const shortPattern = /^(?:sha256:)?([0-9a-f]{7,63})$/;

/** What a name stands for. */
export interface NameRecord {
  readonly digest: string;
  /** What the name was asked to be, and of which files it was built; neither for an image that came from elsewhere. */
  readonly asked?: string | undefined;
  readonly key?: string | undefined;
  /** The interpreter it was built from. */
  readonly python?: string | undefined;
}

const hexDigest = z.string().regex(/^[0-9a-f]{64}$/);
const nameFile: z.ZodType<NameRecord> = z.object({
  digest: hexDigest,
  asked: hexDigest.optional(),
  key: hexDigest.optional(),
  python: z.string().optional(),
});

/**
 * Checks an image's name: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit, neither a digest nor the name of an
 * exported image's file.
 *
 * @throws {SameseedError} `bad_argument`.
 */
export function checkImageName(name: string): void {
  if (namePattern.test(name) && !digestPattern.test(name) && !isImagePath(name)) return;
  throw new SameseedError("bad_argument", `${JSON.stringify(name)} is not an image name`, {
    hint: "use 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
    context: { name },
  });
}

/**
 * The image of a name, a digest, the beginning of a digest, or the file that `image export` wrote of it: a path, which has
 * a slash or ends in `.tar.zst`. Only its manifest is read; its tree is checked when the image is used.
 *
 * @param images - The folder of all images. @default the home folder's
 * @throws {SameseedError} `image_missing`, `image_damaged`, or `bad_argument` for what cannot be a name, is the beginning
 * of several digests, or is the path of something else than an exported image.
 */
export function resolveImage(name: string, images: string = imagesFolder()): ResolvedImage {
  const { digest, byName } = findDigest(name, images);
  if (digest === undefined || !existsSync(join(images, digest))) {
    throw new SameseedError("image_missing", `there is no image ${name}`, {
      hint:
        name === defaultImageName
          ? "run `sameseed setup` to build it"
          : missingImageHint(
              name,
              listImages(images).flatMap(({ names }) => names),
            ),
      context: { name },
    });
  }
  const rootfs = join(images, digest, "rootfs");
  return {
    name: byName || digestPattern.test(name) ? name : digest,
    manifest: readManifest(digest, images),
    rootfs,
    seal: sealPath(rootfs),
  };
}

/** A name goes before the beginning of a digest that reads the same. */
function findDigest(
  name: string,
  images: string,
): { readonly digest: string | undefined; readonly byName: boolean } {
  if (isImagePath(name)) return { digest: digestAt(name), byName: false };
  const whole = digestPattern.exec(name)?.[1];
  if (whole !== undefined) return { digest: whole, byName: false };
  const short = shortPattern.exec(name)?.[1];
  const named = short !== undefined && name.startsWith("sha256:") ? undefined : readName(name, images);
  if (named !== undefined || short === undefined) return { digest: named, byName: true };
  const found = listDigests(images).filter((digest) => digest.startsWith(short));
  if (found.length < 2) return { digest: found[0], byName: false };
  throw new SameseedError("bad_argument", `${found.length} images have digests that begin with ${short}`, {
    hint: `give more of the digest: ${found.map((digest) => digest.slice(0, short.length + 6)).join(", ")}`,
    context: { name, digests: found },
  });
}

/** All images with their names, in the order of their digests. Damaged images are left out. */
export function listImages(images: string = imagesFolder()): { manifest: ImageManifest; names: string[] }[] {
  const found: { manifest: ImageManifest; names: string[] }[] = [];
  for (const digest of listDigests(images)) {
    try {
      found.push({ manifest: readManifest(digest, images), names: namesOf(digest, images) });
    } catch (error) {
      if (!(error instanceof SameseedError)) throw error;
    }
  }
  return found;
}

/** The digests of all images, in their order, damaged ones too. */
export function listDigests(images: string = imagesFolder()): string[] {
  return entries(images)
    .filter((entry) => /^[0-9a-f]{64}$/.test(entry))
    .sort();
}

/**
 * Removes an image by name or digest. If another name refers to the same files, only the name is removed.
 *
 * @throws {SameseedError} `image_missing`, or `bad_argument` for what cannot be a name.
 */
export async function removeImage(nameOrDigest: string, images: string = imagesFolder()): Promise<void> {
  const { digest, byName } = findDigest(nameOrDigest, images);
  if (digest === undefined || (!byName && !existsSync(join(images, digest)))) {
    throw new SameseedError("image_missing", `there is no image ${nameOrDigest}`, {
      hint: "run `sameseed image list` to list the images",
      context: { name: nameOrDigest },
    });
  }
  const users = namesOf(digest, images);
  for (const name of byName ? [nameOrDigest] : users) {
    rmSync(nameFilePath(name, images), { force: true });
  }
  if (byName && users.length > 1) return;
  const stamps = sharedStamps(join(images, digest, "rootfs"));
  await discard(join(images, digest), images);
  afterRemoval(images, stamps);
}

/** Points a name at an image; the old image of that name stays until it is removed by its digest. */
export function writeName(name: string, record: NameRecord, images: string): void {
  checkImageName(name);
  makeOpenFolders(join(images, "names"));
  writeFileAtomic(nameFilePath(name, images), `${JSON.stringify(record)}\n`);
}

/** Takes a folder out of the store in one step, then deletes it at leisure. */
export async function discard(folder: string, images: string): Promise<void> {
  const aside = join(images, `${buildFolderName()}-${randomBytes(2).toString("hex")}`);
  try {
    renameSync(folder, aside);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

function readName(name: string, images: string): string | undefined {
  return readNameRecord(name, images)?.digest;
}

/**
 * What a name stands for; undefined for a name that is free.
 *
 * @throws {SameseedError} `bad_argument`, `io_failed`, `image_damaged` where the name's file is not one.
 */
export function readNameRecord(name: string, images: string): NameRecord | undefined {
  checkImageName(name);
  let text: string;
  try {
    text = readFileSync(nameFilePath(name, images), "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw unreadableStore(`the name of image ${name}`, images, error);
  }
  const parsed = nameFile.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new SameseedError("image_damaged", `the name ${name} does not refer to an image`, {
    hint: howToBuild(name),
    context: { image: name },
  });
}

/** The names of an image in their order. A name that cannot be read is none of them. */
function namesOf(digest: string, images: string): string[] {
  return entries(join(images, "names"))
    .filter((entry) => entry.endsWith(".json"))
    .map((entry) => entry.slice(0, -".json".length))
    .filter((name) => namePattern.test(name) && nameIsOf(name, digest, images))
    .sort();
}

function nameIsOf(name: string, digest: string, images: string): boolean {
  try {
    return readName(name, images) === digest;
  } catch (error) {
    if (error instanceof SameseedError && error.code === "image_damaged") return false;
    throw error;
  }
}

function readManifest(digest: string, images: string): ImageManifest {
  const damaged = (why: string, cause?: unknown): SameseedError =>
    imageDamaged(digest, why, { images, cause });
  let text: string;
  try {
    text = readFileSync(join(images, digest, "image.json"), "utf8");
  } catch (error) {
    throw damaged("its image.json cannot be read", error);
  }
  const parsed = imageManifestSchema.safeParse(parseJson(text));
  if (!parsed.success) throw damaged("its image.json is not of format 1", parsed.error);
  if (parsed.data.digest !== digest) throw damaged("its image.json names another image");
  if (!existsSync(join(images, digest, "rootfs", "opt", "python", "bin", "python3"))) {
    throw damaged("its interpreter is gone");
  }
  return parsed.data;
}

/** What is wrong with an image, and the command that puts it right. */
export function imageDamaged(
  digest: string,
  why: string,
  details: {
    /** The folder of all images. */
    readonly images: string;
    readonly context?: Readonly<Record<string, unknown>>;
    readonly cause?: unknown;
  },
): SameseedError {
  const name = firstName(digest, details.images);
  return new SameseedError("image_damaged", `image ${name ?? digest} is damaged: ${why}`, {
    hint: name === undefined ? `run \`sameseed image rm ${digest}\`; no name needs it` : howToBuild(name),
    context: { image: digest, ...details.context },
    ...(details.cause === undefined ? {} : { cause: details.cause }),
  });
}

/** What to do about an image that cannot be used with this version of Sameseed. @param images the folder of all images */
export function howToBuildAgain(digest: string, images: string): string {
  const name = firstName(digest, images);
  return name === undefined
    ? "build an image of the same packages; a run that was recorded in this one needs the version of Sameseed that recorded it"
    : howToBuild(name);
}

/** The name that an image is best known by. */
function firstName(digest: string, images: string): string | undefined {
  const names = namesOf(digest, images);
  return names.includes(defaultImageName) ? defaultImageName : names[0];
}

function howToBuild(name: string): string {
  if (name === defaultImageName) return "run `sameseed setup` to build it again";
  return shippedImages().includes(name)
    ? `run \`sameseed image build ${name}\` to build it again`
    : `run \`sameseed image build ${name} …\` as before, with its packages or its lock, to build it again`;
}

function nameFilePath(name: string, images: string): string {
  return join(images, "names", `${name}.json`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw unreadableStore(folder, folder, error);
  }
}
