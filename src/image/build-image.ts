import { existsSync, renameSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { imagesFolder } from "../base/home.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import type { ImageManifest } from "../model/image-manifest.ts";
import { makeBuildFolder, sweepBuildFolders } from "./build-folder.ts";
import { inputKey, knownDigest, rememberDigest, type BuildInputs } from "./build-inputs.ts";
import { compileBytecode } from "./compile-bytecode.ts";
import { checkBeforeUse, checkImage } from "./check-image.ts";
import { compileNative } from "./compile-native.ts";
import { copyInterpreter, pythonLayout } from "./copy-interpreter.ts";
import { findPython } from "./find-python.ts";
import { finishTree } from "./finish-tree.ts";
import { checkImageName, discard, resolveImage, writeName, type ResolvedImage } from "./image-store.ts";
import { installWheels } from "./install-wheels.ts";
import { readLock } from "./requirements-lock.ts";
import { throwIfAborted } from "./run-tool.ts";
import { readRuntimeFiles, writeRuntimeFiles } from "./runtime-files.ts";
import { sealPath, settledMs, writeSeal } from "./seal.ts";
import { copySharedLibraries } from "./shared-libraries.ts";
import { makeSkeleton } from "./skeleton.ts";
import { digestOfListing, listTree, stampOf, type TreeEntry } from "./tree-listing.ts";

/** What to build. */
export interface BuildImageOptions {
  /** The image's name; an image that had it before keeps its files under its digest. */
  readonly name: string;
  /** The path of a requirements lock: every package pinned and hashed. */
  readonly requirements: string;
  /** The interpreter to build from. @default the first suitable one on PATH */
  readonly python?: string | undefined;
  /** Take wheels from this folder only, without a network. @default pip's configured index */
  readonly findLinks?: string | undefined;
  /** The folder whose `python/` and `native/` the image gets. @default this package's */
  readonly sources?: string | undefined;
  /** The folder of all images. @default the home folder's */
  readonly images?: string | undefined;
  /** Do not check an existing image here; its first use checks it. @default false: a damaged image is built again */
  readonly trustPresent?: boolean | undefined;
  /** Called with each step of the work, as a short sentence. */
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const buildNames: NamesOf<BuildImageOptions> = {
  name: true,
  requirements: true,
  python: true,
  findLinks: true,
  sources: true,
  images: true,
  trustPresent: true,
  onProgress: true,
  signal: true,
};

/**
 * Builds an image and gives it a name. If the same inputs were built before, that image is used.
 * Builds of the same image at the same time are safe: the first to finish is kept.
 *
 * @throws {SameseedError} `bad_argument` for a name or lock that is not one, `tool_missing`,
 * `image_build_failed`, `io_failed`, `disk_full`, `aborted`.
 */
export async function buildImage(options: BuildImageOptions): Promise<ResolvedImage> {
  refuseUnknownOptions(options, buildNames, "buildImage");
  checkImageName(options.name);
  const images = options.images ?? imagesFolder();
  const lock = readLock(options.requirements);
  const python = await findPython(options.python);
  const inputs: BuildInputs = { python, lock, runtime: readRuntimeFiles(options.sources) };
  try {
    makeOpenFolders(images);
    const key = inputKey(inputs);
    const digest = reusable(images, key, options) ?? (await buildAnew(inputs, key, images, options));
    if (nameOf(options.name, images) !== digest) writeName(options.name, digest, images);
  } catch (error) {
    throw asBuildError(error);
  }
  return resolveImage(options.name, images);
}

/** The digest of an image that is there already for these inputs. */
function reusable(images: string, key: string, options: BuildImageOptions): string | undefined {
  const digest = knownDigest(images, key);
  if (digest === undefined || !existsSync(join(images, digest))) return undefined;
  const damage = findDamage(digest, images, options.trustPresent === true ? () => {} : checkBeforeUse);
  if (damage === undefined) return digest;
  options.onProgress?.(`Building it again. ${damage.message}`);
  return undefined;
}

async function buildAnew(
  inputs: BuildInputs,
  key: string,
  images: string,
  options: BuildImageOptions,
): Promise<string> {
  const work = makeBuildFolder(images);
  sweepBuildFolders(images, work);
  try {
    const folder = join(work, "image");
    const root = join(folder, "rootfs");
    makeOpenFolders(root);
    const { packages, libraries } = await fillTree(inputs, root, work, options);
    options.onProgress?.("Computing the image's digest");
    await sleep(settledMs);
    const entries = listTree(root);
    const manifest = describeTree(inputs, packages, entries);
    writeSeal(sealPath(root), { root: stampOf(root), entries });
    writeFileSync(join(folder, "image.json"), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
    await publish(folder, manifest.digest, images);
    rememberDigest(images, key, manifest.digest, libraries);
    return manifest.digest;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Puts everything in its place below `root`. */
async function fillTree(
  inputs: BuildInputs,
  root: string,
  work: string,
  options: BuildImageOptions,
): Promise<{ packages: Record<string, string>; libraries: string[] }> {
  const { python, lock, runtime } = inputs;
  const { signal } = options;
  const tell = (message: string): void => {
    throwIfAborted(signal);
    options.onProgress?.(message);
  };
  tell(`Copying Python ${python.version}`);
  makeSkeleton(root);
  copyInterpreter(python, root);
  writeRuntimeFiles(runtime.python, join(root, "opt/sameseed"));
  tell("Compiling the native extension");
  await compileNative(python, runtime, root, work, signal);
  tell(lock.packages.length === 0 ? "Installing no packages" : `Installing ${lock.packages.join(", ")}`);
  const target = join(root, pythonLayout(python).sitePackages);
  const packages = await installWheels(python, lock, target, work, { findLinks: options.findLinks, signal });
  tell("Collecting shared libraries");
  const libraries = await copySharedLibraries(root, signal);
  tell("Compiling Python files");
  await compileBytecode(python, root, signal);
  throwIfAborted(signal);
  finishTree(root);
  return { packages, libraries };
}

function describeTree(
  inputs: BuildInputs,
  packages: Record<string, string>,
  entries: readonly TreeEntry[],
): ImageManifest {
  const facts = {
    format: 1,
    python: inputs.python.version,
    architecture: inputs.python.machine,
    libc: inputs.python.libc,
    packages,
    runtime: inputs.runtime.digest,
    lock: inputs.lock.digest,
  } as const;
  return { ...facts, ...digestOfListing(entries, facts) };
}

/** Moves a finished image to where its digest says; one that is there already stays unless it is damaged. */
async function publish(folder: string, digest: string, images: string): Promise<void> {
  const place = join(images, digest);
  if (existsSync(place) && findDamage(digest, images, checkImage) !== undefined) await discard(place, images);
  try {
    renameSync(folder, place);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

function findDamage(
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

function nameOf(name: string, images: string): string | undefined {
  try {
    return resolveImage(name, images).manifest.digest;
  } catch (error) {
    if (error instanceof SameseedError) return undefined;
    throw error;
  }
}

function asBuildError(error: unknown): Error {
  const code = systemErrorCode(error);
  if (error instanceof SameseedError || code === undefined) return toError(error);
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new SameseedError(
    full ? "disk_full" : "io_failed",
    full
      ? "The disk that holds the images is full."
      : `The image could not be written: ${toError(error).message}.`,
    {
      hint: full
        ? "Free some space (`sameseed image rm` removes images), or set SAMESEED_HOME to a folder on another disk."
        : `Set SAMESEED_HOME to a folder that you may write to (now below ${dirname(imagesFolder())}).`,
      cause: error,
    },
  );
}
