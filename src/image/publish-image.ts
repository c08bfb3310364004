import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SameseedError, systemErrorCode } from "../base/error.ts";
import type { ImageManifest } from "../model/image-manifest.ts";
import type { BuiltWheels } from "./build-wheels.ts";
import { checkImage } from "./check-image.ts";
import { discard, resolveImage, type ResolvedImage } from "./image-store.ts";
import { sealPath, settledMs, writeSeal } from "./seal.ts";
import { shareFiles } from "./share-files.ts";
import type { SystemLock } from "./system-lock.ts";
import { listTree, stampOf, type TreeEntry } from "./tree-listing.ts";

/** The folder of an image. */
export function imagePath(digest: string, images: string): string {
  return join(images, digest);
}

/** The file beside an image's tree that says which packages are in it, each pinned and hashed. */
export function lockPath(image: Pick<ResolvedImage, "rootfs">): string {
  return join(dirname(image.rootfs), "requirements.lock");
}

/** The file beside an image's tree that says which system packages are in it; only images with such packages have it. */
export function systemLockPath(image: Pick<ResolvedImage, "rootfs">): string {
  return join(dirname(image.rootfs), "system.lock");
}

/** Puts the locks into an image's folder, and the wheels that were built for it, so that it can be built from them again. */
export function keepLock(
  folder: string,
  { lock, folder: wheels, built }: BuiltWheels,
  system: SystemLock | undefined,
): void {
  if (system !== undefined)
    writeFileSync(systemLockPath({ rootfs: join(folder, "rootfs") }), system.text, { mode: 0o644 });
  if (built.length > 0) mkdirSync(join(folder, "wheels"));
  for (const file of built) cpSync(join(wheels, file), join(folder, "wheels", file));
  const head = built.length === 0 ? "" : "--find-links wheels\n";
  writeFileSync(lockPath({ rootfs: join(folder, "rootfs") }), head + lock.text, { mode: 0o644 });
}

/**
 * Names and seals a finished tree, and moves it to where its digest says; one that is there already stays unless it is
 * damaged.
 *
 * @param folder - It holds `rootfs`, in the file system of the images.
 * @returns The digest.
 */
export async function publishTree(
  folder: string,
  images: string,
  describe: (entries: readonly TreeEntry[]) => ImageManifest,
): Promise<string> {
  const root = join(folder, "rootfs");
  await sleep(settledMs);
  const entries = listTree(root);
  const manifest = describe(entries);
  const changed = shareFiles(root, entries, images);
  // Links are changes too: what is done to a file after this moment has another time.
  await sleep(settledMs);
  const sealed = entries.map((entry) =>
    changed.has(entry.path) ? { ...entry, stamp: stampOf(join(root, entry.path)) } : entry,
  );
  writeSeal(sealPath(root), { root: stampOf(root), entries: sealed });
  writeFileSync(join(folder, "image.json"), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
  const place = imagePath(manifest.digest, images);
  if (existsSync(place) && findDamage(manifest.digest, images, checkImage) !== undefined)
    await discard(place, images);
  try {
    renameSync(folder, place);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
  return manifest.digest;
}

/** Why an image of the store is not as it was built; undefined where it is. */
export function findDamage(
  digest: string,
  images: string,
  check: (image: ResolvedImage) => void,
): SameseedError | undefined {
  try {
    check(resolveImage(digest, images));
    return undefined;
  } catch (error) {
    if (error instanceof SameseedError) return error;
    throw error;
  }
}
