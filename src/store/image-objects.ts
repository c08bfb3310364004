import { mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { SameseedError } from "../base/error.ts";
import { homeFolder } from "../base/home.ts";
import { archivedDigest } from "../image/archive-format.ts";
import { exportImage, type ExportOptions } from "../image/export-image.ts";
import { imageFileOf, type PushedImage } from "../image/image-folder.ts";
import { imageFileSuffix } from "../image/image-names.ts";
import { resolveImage, type ResolvedImage } from "../image/image-store.ts";
import { importImage, type ImportOptions } from "../image/import-image.ts";
import { openObjects } from "./objects/open-objects.ts";

/* Images in a store of objects that is a place for them alone, under the names that they have in a shared folder. */

/**
 * Puts an image into a store, under its digest; an image that is there already is left as it is.
 * @param place such as `s3://bucket/images`
 * @throws as `exportImage`, and as `openObjects`
 */
export async function pushImageTo(
  name: string,
  place: string,
  options: ExportOptions = {},
): Promise<PushedImage> {
  const { digest } = resolveImage(name, options.images).manifest;
  const key = `${digest}${imageFileSuffix}`;
  const store = await openObjects(place);
  const folder = temporaryFolder();
  const where = { digest, file: `${store.url.replace(/\?.*/, "")}/${key}` };
  try {
    const size = await store.sizeOf(key);
    if (size !== undefined) return { ...where, bytes: size, isNew: false };
    const file = join(folder, key);
    const { bytes } = await exportImage(digest, file, options);
    await store.putFile(key, file);
    return { ...where, bytes, isNew: true };
  } finally {
    store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Takes an image out of such a store by its digest, or the beginning of it. What it holds is compared with the digest.
 * @throws as `importImage`, and as `openObjects`; `image_missing`, `bad_argument` where it has several
 */
export async function pullImageFrom(
  digest: string,
  place: string,
  options: ImportOptions = {},
): Promise<ResolvedImage> {
  const store = await openObjects(place, "read");
  const folder = temporaryFolder();
  try {
    const names: string[] = [];
    for await (const key of store.list("")) names.push(key);
    const name = imageFileOf(digest, names, place);
    const file = join(folder, name);
    const isThere = await store.getFile(name, file);
    if (!isThere || archivedDigest(file) !== name.slice(0, -imageFileSuffix.length))
      throw new SameseedError("image_damaged", `${place} has another image as ${digest}`, {
        hint: "remove it there, and push the image again",
      });
    return await importImage(file, { name: null, ...options });
  } finally {
    store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the home folder, which has room for images. */
function temporaryFolder(): string {
  mkdirSync(homeFolder(), { recursive: true });
  return mkdtempSync(join(homeFolder(), "travel-"));
}
