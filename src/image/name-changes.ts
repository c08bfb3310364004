import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import type { ImageExtras } from "./added-files.ts";
import { builderVersion, changedFile, changedRuntime, readRecord } from "./build-inputs.ts";
import { defaultImageName } from "./image-names.ts";
import { readNameRecord, resolveImage } from "./image-store.ts";
import type { RequirementsLock } from "./requirements-lock.ts";
import { readRuntimeFiles, type RuntimeFiles } from "./runtime-files.ts";

/*
 * A name never changes by itself. It is built once for what was asked for: packages, the interpreter that was first on
 * PATH or given then, Sameseed's own files. What else a build reads is the host's, and changes when the host is upgraded; the image stays as it
 * is then, and one line says what changed and how to build it anew.
 */

/** What a name is asked to be. */
export interface Asked {
  readonly lock: RequirementsLock | undefined;
  readonly packages: readonly string[];
  readonly buildSource: boolean;
  readonly runtime: RuntimeFiles;
  readonly extras: ImageExtras;
}

/** Names what is asked for; what only the host decides is not in it. */
export function askedDigest({ lock, packages, buildSource, runtime, extras }: Asked): string {
  const facts = [builderVersion, lock?.digest ?? null, packages, buildSource, runtime.digest, extras.digest];
  return sha256(`sameseed/asked/1\n${JSON.stringify(facts)}`).toString("hex");
}

/**
 * One sentence on what has changed since a name's image was built, and on how to build it anew; undefined where nothing
 * has, and where it is not known, as for an image from another host.
 */
export function whatChanged(
  name: string,
  {
    images = imagesFolder(),
    runtime,
  }: { readonly images?: string; readonly runtime?: RuntimeFiles | undefined } = {},
): string | undefined {
  let digest: string;
  let key: string | undefined;
  let builtOf: string;
  try {
    const named = readNameRecord(name, images);
    if (named === undefined) return undefined;
    ({ key } = named);
    ({ digest, runtime: builtOf } = resolveImage(name, images).manifest);
  } catch (error) {
    // Whether there is such an image is for those to say who use it.
    if (error instanceof SameseedError) return undefined;
    throw error;
  }
  const own = runtime ?? readRuntimeFiles();
  const record = key === undefined ? undefined : readRecord(images, key);
  const file =
    builtOf === own.digest
      ? record && changedFile(record)
      : ((record && changedRuntime(record, own)) ?? "Sameseed itself");
  if (file === undefined) return undefined;
  const anew = builtOf === own.digest ? howToRebuild(name) : howToBuild(name);
  return `The image ${name} (${digest.slice(0, 12)}) was built before ${file} changed, and stays as it is; ${anew}.`;
}

function howToRebuild(name: string): string {
  return name === defaultImageName
    ? "`sameseed setup --rebuild` builds it again"
    : `\`sameseed image build ${name} … --rebuild\` builds it again`;
}

function howToBuild(name: string): string {
  return name === defaultImageName
    ? "`sameseed setup` builds it again"
    : `\`sameseed image build ${name} …\` builds it again`;
}
