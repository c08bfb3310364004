import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { imagesFolder } from "../base/home.ts";
import { requireLinux } from "../base/require-linux.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { readExtras, type AddedFiles } from "./added-files.ts";
import { makeBuildFolder, sweepBuildFolders } from "./build-folder.ts";
import { inputKey, knownDigest, rememberDigest, type BuildInputs } from "./build-inputs.ts";
import { describeTree, fillTree } from "./build-tree.ts";
import { buildWheels, type BuiltWheels } from "./build-wheels.ts";
import { checkBeforeUse } from "./check-image.ts";
import { findPython } from "./find-python.ts";
import {
  checkImageName,
  readNameRecord,
  resolveImage,
  writeName,
  type NameRecord,
  type ResolvedImage,
} from "./image-store.ts";
import { askedDigest, whatChanged } from "./name-changes.ts";
import { findDamage, imagePath, keepLock, publishTree } from "./publish-image.ts";
import { isPylock, readPylock } from "./read-pylock.ts";
import { readLock, type RequirementsLock } from "./requirements-lock.ts";
import { readSystemLock } from "./system-lock.ts";
import type { InstallOptions } from "./install-wheels.ts";
import { checkPackages, resolvePackages } from "./resolve-packages.ts";
import { olderNote } from "./newest-release.ts";
import { readRuntimeFiles, type RuntimeFiles } from "./runtime-files.ts";

/** What to build: a lock, or packages by name. */
export interface BuildImageOptions {
  /** The image's name; an image that had it before keeps its files under its digest. */
  readonly name: string;
  /** The path of a requirements lock: every package pinned and hashed. */
  readonly requirements?: string | undefined;
  /** Instead of a lock, packages by name, as pip takes them. pip resolves them, and the lock is kept beside the image. */
  readonly packages?: readonly string[] | undefined;
  /** Folders and files of this host that the image gets; their contents are part of its digest. */
  readonly add?: readonly AddedFiles[] | undefined;
  /** Variables of the environment of everything that runs in the image; part of its digest. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * The path of a lock of Debian packages, as `sameseed image lock` writes it: they are unpacked into the image, and part of
   * its digest. Their .deb files are taken from the lock's folder, else fetched by the host's apt.
   */
  readonly system?: string | undefined;
  /** Build wheels of packages that have a source archive only; their build programs run on this host. @default false for a lock, true for packages by name */
  readonly buildSource?: boolean | undefined;
  /** Build again even if only files of the host have changed since the image was built. @default false */
  readonly rebuild?: boolean | undefined;
  /** The interpreter to build from. @default the first suitable one on PATH */
  readonly python?: string | undefined;
  /** Take packages from this folder only, without a network. @default pip's configured index */
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
  packages: true,
  add: true,
  env: true,
  system: true,
  buildSource: true,
  rebuild: true,
  python: true,
  findLinks: true,
  sources: true,
  images: true,
  trustPresent: true,
  onProgress: true,
  signal: true,
};

/**
 * Builds an image and gives it a name. A name is built once for what is asked for: where only files of the host have
 * changed since, it keeps its image, and `onProgress` names the file. If the same inputs were built
 * before under another name, that image is used. Builds of the same image at the same time are safe: the first to
 * finish is kept.
 *
 * @throws {SameseedError} `bad_argument` for a name, lock or package that is not one, `tool_missing`,
 * `image_build_failed`, `io_failed`, `disk_full`, `aborted`.
 */
export async function buildImage(options: BuildImageOptions): Promise<ResolvedImage> {
  refuseUnknownOptions(options, buildNames, "buildImage");
  checkImageName(options.name);
  requireLinux();
  const images = options.images ?? imagesFolder();
  const request = await readRequest(options);
  const runtime = readRuntimeFiles(options.sources);
  const system = options.system === undefined ? undefined : readSystemLock(options.system);
  const extras = readExtras(options.add, options.env, system);
  const asked = askedDigest({ ...request, runtime, extras });
  const before = recordOf(options.name, images);
  const given = options.python === undefined ? undefined : await findPython(options.python);
  const isSame = before?.asked === asked && (given === undefined || given.executable === before.python);
  const kept = isSame && options.rebuild !== true ? keptImage(before, images, runtime, options) : undefined;
  if (kept !== undefined) return kept;
  const python = given ?? (await findPython(samePython(before)));
  try {
    makeOpenFolders(images);
    const work = makeBuildFolder(images);
    try {
      sweepBuildFolders(images, work);
      const wheels = await findWheels(request, python, work, options);
      const inputs: BuildInputs = { python, lock: wheels.lock, runtime, extras };
      const key = inputKey(inputs);
      const digest =
        reusable(images, key, options) ?? (await buildAnew(inputs, wheels, key, images, work, options));
      writeName(options.name, { digest, asked, key, python: python.executable }, images);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  } catch (error) {
    throw asBuildError(error);
  }
  return resolveImage(options.name, images);
}

/** What is asked for, before anything slow is begun. */
interface BuildRequest {
  readonly lock: RequirementsLock | undefined;
  readonly packages: readonly string[];
  readonly buildSource: boolean;
}

async function readRequest({
  requirements,
  packages,
  buildSource,
  python,
}: BuildImageOptions): Promise<BuildRequest> {
  if ((requirements === undefined) === (packages === undefined)) {
    throw new SameseedError("bad_argument", "an image is built from a lock or from packages by name", {
      hint: "give one of the two: `requirements` with a lock's path (--requirements FILE), or `packages` (--packages NAME …)",
    });
  }
  if (requirements === undefined)
    return { lock: undefined, packages: checkPackages(packages ?? []), buildSource: buildSource ?? true };
  const lock = isPylock(requirements) ? await readPylock(requirements, python) : readLock(requirements);
  return { lock, packages: [], buildSource: buildSource ?? false };
}

/** The interpreter that a name was built from: another one that came first on PATH since is nobody's wish. */
function samePython(before: NameRecord | undefined): string | undefined {
  return before?.python !== undefined && existsSync(before.python) ? before.python : undefined;
}

/** The image that a name has; says what has changed on the host since it was built. */
function keptImage(
  record: NameRecord,
  images: string,
  runtime: RuntimeFiles,
  options: BuildImageOptions,
): ResolvedImage | undefined {
  if (!existsSync(imagePath(record.digest, images)) || !isIntact(record.digest, images, options))
    return undefined;
  const changed = whatChanged(options.name, { images, runtime });
  if (changed !== undefined) options.onProgress?.(changed);
  return resolveImage(options.name, images);
}

/** A name's file that cannot be read is written anew. */
function recordOf(name: string, images: string): NameRecord | undefined {
  try {
    return readNameRecord(name, images);
  } catch (error) {
    if (error instanceof SameseedError) return undefined;
    throw error;
  }
}

async function findWheels(
  { lock: given, packages, buildSource }: BuildRequest,
  python: BuildInputs["python"],
  work: string,
  options: BuildImageOptions,
): Promise<BuiltWheels> {
  const { findLinks, signal } = options;
  const own = { findLinks, signal };
  if (given === undefined) options.onProgress?.(`Resolving ${packages.join(", ")}`);
  const { lock, older, newest } =
    given === undefined
      ? await resolvePackages(python, { packages, buildSource, ...own }, work)
      : { lock: given, older: [], newest: null };
  if (buildSource) options.onProgress?.("Downloading packages, and building wheels where there are none");
  const tried = await tryNewest(newest, python, work, own);
  if (tried.wheels === undefined)
    for (const choice of older) options.onProgress?.(olderNote(choice, tried.refusal));
  if (!buildSource) return { lock, folder: work, built: [] };
  const wheels = tried.wheels ?? (await buildWheels(python, lock, work, own));
  if (wheels.built.length > 0)
    options.onProgress?.(`Built from source on this host: ${wheels.built.join(", ")}`);
  return wheels;
}

/** The wheels of a lock with newer versions than pip itself chose, or why they cannot be had; null where none was asked for. */
async function tryNewest(
  newest: RequirementsLock | SameseedError | null,
  python: BuildInputs["python"],
  work: string,
  options: InstallOptions,
): Promise<{ readonly wheels?: BuiltWheels; readonly refusal: string | null }> {
  if (newest === null) return { refusal: null };
  if (newest instanceof SameseedError) return { refusal: newest.message };
  try {
    return { wheels: await buildWheels(python, newest, work, options), refusal: null };
  } catch (error) {
    if (error instanceof SameseedError && error.code === "image_build_failed")
      return { refusal: error.message };
    throw error;
  }
}

/** The digest of an image that is there already for these inputs. */
function reusable(images: string, key: string, options: BuildImageOptions): string | undefined {
  const digest = knownDigest(images, key);
  if (digest === undefined || !existsSync(imagePath(digest, images))) return undefined;
  return isIntact(digest, images, options) ? digest : undefined;
}

function isIntact(digest: string, images: string, options: BuildImageOptions): boolean {
  const damage = findDamage(digest, images, options.trustPresent === true ? () => {} : checkBeforeUse);
  if (damage !== undefined) options.onProgress?.(`Building it again: ${damage.message}`);
  return damage === undefined;
}

async function buildAnew(
  inputs: BuildInputs,
  wheels: BuiltWheels,
  key: string,
  images: string,
  work: string,
  options: BuildImageOptions,
): Promise<string> {
  const { root, folder } = makeTreeFolder(work);
  // What was downloaded to be built is installed from there.
  const findLinks = wheels.folder === work ? options.findLinks : wheels.folder;
  const { packages, libraries } = await fillTree(inputs, root, work, {
    ...options,
    findLinks,
    systemFrom: options.findLinks,
  });
  options.onProgress?.("Computing the image's digest");
  keepLock(folder, wheels, inputs.extras.system);
  const digest = await publishTree(folder, images, (entries) => describeTree(inputs, packages, entries));
  rememberDigest(images, key, digest, inputs, libraries);
  return digest;
}

function makeTreeFolder(work: string): { readonly root: string; readonly folder: string } {
  const folder = `${work}/image`;
  const root = `${folder}/rootfs`;
  makeOpenFolders(root);
  return { root, folder };
}

function asBuildError(error: unknown): Error {
  const code = systemErrorCode(error);
  if (error instanceof SameseedError || code === undefined) return toError(error);
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new SameseedError(
    full ? "disk_full" : "io_failed",
    full
      ? "the disk that holds the images is full"
      : `the image could not be written: ${toError(error).message}`,
    {
      hint: full
        ? "free some space (`sameseed image rm` removes images), or set SAMESEED_HOME to a folder on another disk"
        : `set SAMESEED_HOME to a folder that you may write to (now below ${dirname(imagesFolder())})`,
      cause: error,
    },
  );
}
