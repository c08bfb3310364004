import type { ImageManifest } from "../model/image-manifest.ts";
import { join } from "node:path";
import { copyExtras } from "./added-files.ts";
import type { BuildInputs } from "./build-inputs.ts";
import { compileBytecode } from "./compile-bytecode.ts";
import { compileNative } from "./compile-native.ts";
import { copyInterpreter, pythonLayout } from "./copy-interpreter.ts";
import { finishTree } from "./finish-tree.ts";
import { installWheels } from "./install-wheels.ts";
import { throwIfAborted } from "./run-tool.ts";
import { writeRuntimeFiles } from "./runtime-files.ts";
import { copySharedLibraries } from "./shared-libraries.ts";
import { makeSkeleton } from "./skeleton.ts";
import { unpackSystem } from "./system-packages.ts";
import { digestOfListing, type TreeEntry } from "./tree-listing.ts";
import { writeWideList } from "./wide-vectors.ts";

/** How the work is followed and stopped. */
export interface TreeOptions {
  readonly findLinks?: string | undefined;
  /** A folder of .deb files, instead of the host's apt. */
  readonly systemFrom?: string | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a filled tree is made of. */
export interface FilledTree {
  readonly packages: Record<string, string>;
  /** The host's libraries that were copied. */
  readonly libraries: readonly string[];
}

/**
 * Puts everything of an image in its place below `root`.
 *
 * @throws {SameseedError} `image_build_failed`, `tool_missing`, `aborted`.
 */
export async function fillTree(
  inputs: BuildInputs,
  root: string,
  work: string,
  options: TreeOptions,
): Promise<FilledTree> {
  const { python, lock, runtime } = inputs;
  const { signal } = options;
  const tell = (message: string): void => {
    throwIfAborted(signal);
    options.onProgress?.(message);
  };
  tell(`Copying Python ${python.version}`);
  makeSkeleton(root);
  const system = await addSystem(inputs, root, work, { ...options, onProgress: tell });
  copyInterpreter(python, root);
  writeRuntimeFiles(runtime.python, join(root, "opt/sameseed"));
  tell("Compiling the native extension");
  await compileNative(python, runtime, root, work, signal);
  tell(lock.packages.length === 0 ? "Installing no packages" : `Installing ${lock.packages.join(", ")}`);
  const target = join(root, pythonLayout(python).sitePackages);
  const packages = await installWheels(python, lock, target, work, { findLinks: options.findLinks, signal });
  copyExtras(inputs.extras, root);
  tell("Collecting shared libraries");
  const libraries = await copySharedLibraries(root, system, signal);
  writeWideList(root);
  tell("Compiling Python files");
  await compileBytecode(python, root, signal);
  throwIfAborted(signal);
  finishTree(root);
  return { packages, libraries };
}

async function addSystem(
  { extras: { system } }: BuildInputs,
  root: string,
  work: string,
  { systemFrom, signal, onProgress }: TreeOptions,
): Promise<ReadonlySet<string>> {
  if (system === undefined) return new Set();
  onProgress?.(`Unpacking ${system.packages.length} system packages`);
  return await unpackSystem(system, root, work, { findLinks: systemFrom, signal });
}

/** What names an image: its facts and the digest of its tree. */
export function describeTree(
  inputs: BuildInputs,
  packages: Record<string, string>,
  entries: readonly TreeEntry[],
): ImageManifest {
  const { system } = inputs.extras;
  const facts = {
    format: 1,
    python: inputs.python.version,
    architecture: inputs.python.machine,
    libc: inputs.python.libc,
    packages,
    runtime: inputs.runtime.digest,
    lock: inputs.lock.digest,
    ...(Object.keys(inputs.extras.env).length === 0 ? {} : { env: inputs.extras.env }),
    ...(system === undefined
      ? {}
      : { system: Object.fromEntries(system.packages.map(({ name, version }) => [name, version])) }),
  } as const;
  return { ...facts, ...digestOfListing(entries, facts) };
}
