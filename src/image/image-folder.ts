import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { archivedDigest, refused } from "./archive-format.ts";
import { exportImage, type ExportOptions } from "./export-image.ts";
import { imageFileSuffix } from "./image-names.ts";
import { resolveImage, type ResolvedImage } from "./image-store.ts";
import { importImage, type ImportOptions } from "./import-image.ts";

/* A folder of images that several hosts share: a file for each digest. A name is each host's own matter. */

const digestPattern = /^[0-9a-f]{7,64}$/;
const filePattern = /^[0-9a-f]{64}\.tar\.zst$/;

/** What {@link pushImage} did. */
export interface PushedImage {
  readonly digest: string;
  readonly file: string;
  readonly bytes: number;
  /** False where the folder had the image already. */
  readonly isNew: boolean;
}

/**
 * Puts an image into a folder, under its digest; an image that is there already is left as it is.
 *
 * @param place a path, or a `file:` URL
 * @throws {SameseedError} as {@link exportImage}, and `bad_argument` for a URL of another kind.
 */
export async function pushImage(
  name: string,
  place: string,
  options: ExportOptions = {},
): Promise<PushedImage> {
  const folder = folderOf(place);
  const { digest } = resolveImage(name, options.images ?? imagesFolder()).manifest;
  const file = join(folder, `${digest}${imageFileSuffix}`);
  if (existsSync(file)) {
    if (archivedDigest(file) !== digest) throw refused(`${file} does not hold the image its name says`);
    return { digest, file, bytes: statSync(file).size, isNew: false };
  }
  try {
    makeOpenFolders(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
  const { bytes } = await exportImage(name, file, options);
  return { digest, file, bytes, isNew: true };
}

/**
 * Takes an image out of such a folder by its digest, or the beginning of it. What it holds is compared with the digest. It
 * gets a name on this host only if one is given.
 *
 * @throws {SameseedError} as {@link importImage}; `image_missing` where the folder has no such image, `bad_argument` where
 * it has several.
 */
export async function pullImage(
  digest: string,
  place: string,
  options: ImportOptions = {},
): Promise<ResolvedImage> {
  const folder = folderOf(place);
  const name = imageFileOf(digest, filesIn(folder), folder);
  const file = join(folder, name);
  if (archivedDigest(file) !== name.slice(0, -imageFileSuffix.length))
    throw refused(`${file} does not hold the image its name says`);
  return await importImage(file, { name: null, ...options });
}

/**
 * The file of an image among those of a place.
 *
 * @param digest all of it, or at least its first 7 digits
 * @throws {SameseedError} `image_missing` where there is none, `bad_argument` where there are several or it is no digest.
 */
export function imageFileOf(digest: string, names: readonly string[], place: string): string {
  const wanted = digest.replace(/^sha256:/, "");
  if (!digestPattern.test(wanted)) {
    throw new SameseedError("bad_argument", `${digest} is not the digest of an image`, {
      hint: "give at least the first 7 digits of a digest, as `sameseed image show` prints it",
    });
  }
  const [found, another] = names.filter((name) => filePattern.test(name) && name.startsWith(wanted));
  if (found === undefined) {
    throw new SameseedError("image_missing", `there is no image ${digest} in ${place}`, {
      hint: "put it there on a host that has it: sameseed image push NAME PLACE",
    });
  }
  if (another !== undefined) {
    throw new SameseedError("bad_argument", `${digest} is the beginning of several images`, {
      hint: "give more digits",
    });
  }
  return found;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function unreadable(folder: string, error: unknown): SameseedError {
  return new SameseedError(
    "io_failed",
    `${folder} cannot be used: ${systemErrorCode(error) ?? toError(error).message}`,
    {
      hint: "name a folder that exists and that you may use",
      cause: error,
    },
  );
}

function folderOf(place: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(place)?.[1]?.toLowerCase();
  if (scheme === undefined) return place;
  if (scheme === "file") return fileURLToPath(place);
  throw new SameseedError("bad_argument", `images cannot be put at ${scheme}: addresses`, {
    hint: "give a folder that the hosts share or s3://BUCKET/PREFIX, or carry the file of `sameseed image export` yourself",
  });
}
