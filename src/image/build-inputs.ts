import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { sha256, sha256Of } from "../base/digest.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import type { ImageExtras } from "./added-files.ts";
import { fingerprintFile, fingerprintInterpreter } from "./copy-interpreter.ts";
import type { HostPython } from "./find-python.ts";
import type { RequirementsLock } from "./requirements-lock.ts";
import { runtimeFileNames, type RuntimeFiles } from "./runtime-files.ts";
import { findTools } from "./skeleton.ts";

/*
 * What a build reads is remembered beside the images, so that asking for an unchanged image costs some
 * milliseconds, and so that what has changed since can be named. Files of the host are told apart by path, size and
 * time of change, as make does; the image's own identity is its digest, which never rests on them.
 */

/** What one build reads. */
export interface BuildInputs {
  readonly python: HostPython;
  readonly lock: RequirementsLock;
  readonly runtime: RuntimeFiles;
  readonly extras: ImageExtras;
}

/** What an image was built from. */
export interface BuildRecord {
  readonly digest: string;
  /** A line for each file of the host: its path, and what told it apart. */
  readonly files: readonly string[];
  /** The same for Sameseed's own files: names with the SHA-256 of their contents. */
  readonly runtime: readonly string[];
}

const recordSchema: z.ZodType<BuildRecord> = z.object({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.array(z.string()),
  runtime: z.array(z.string()),
});

/** Changes when the builder itself makes other trees of the same inputs. */
export const builderVersion = 4;

/**
 * Names a build by what it reads from the host. Left out are the libraries, which only building finds, and
 * the compiler: an image that is there stays good when its compiler is upgraded or gone.
 */
export function inputKey(inputs: BuildInputs): string {
  return sha256Of([
    `sameseed/image-inputs/${builderVersion}\n`,
    `${inputs.lock.digest}\n${inputs.runtime.digest}\n${inputs.extras.digest}\n${JSON.stringify(inputs.python)}\n`,
    hostFiles(inputs.python).join("\n"),
  ]).toString("hex");
}

/** The digest that these inputs gave before, unless a library it took from the host has changed since. */
export function knownDigest(images: string, key: string): string | undefined {
  const record = readRecord(images, key);
  return record === undefined || changedFile(record) !== undefined ? undefined : record.digest;
}

/** Remembers what these inputs gave. @param libraries the host's libraries it took */
export function rememberDigest(
  images: string,
  key: string,
  digest: string,
  { python, runtime }: BuildInputs,
  libraries: readonly string[],
): void {
  makeOpenFolders(join(images, "inputs"));
  const record: BuildRecord = {
    digest,
    files: [...hostFiles(python), ...libraries.map((path) => fingerprintFile(path))],
    runtime: runtimeLines(runtime),
  };
  writeFileAtomic(recordPath(images, key), `${JSON.stringify(record)}\n`);
}

/** What was remembered of a build; undefined where there is none, or one cut short by a crash: building again is always right. */
export function readRecord(images: string, key: string): BuildRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(recordPath(images, key), "utf8"));
  } catch {
    return undefined;
  }
  const record = recordSchema.safeParse(value);
  return record.success ? record.data : undefined;
}

/** The first file of the host that is not what it was when the image was built. */
export function changedFile(record: BuildRecord): string | undefined {
  for (const line of record.files) {
    // The path may have spaces; what follows it has two fields, or the one word `absent`.
    const path = line.replace(/ (absent|unseen|\d+ [\d.e+-]+)$/, "");
    const now = fingerprintFile(path);
    // Another user of a shared store may not see all that the image was built from.
    if (now !== line && now !== `${path} unseen`) return path;
  }
  return undefined;
}

/** The first of Sameseed's own files that is not what it was when the image was built. */
export function changedRuntime(record: BuildRecord, runtime: RuntimeFiles): string | undefined {
  const before = new Set(record.runtime);
  const now = runtimeLines(runtime);
  const changed = now.find((line) => !before.has(line)) ?? record.runtime.find((line) => !now.includes(line));
  return changed?.slice(0, changed.lastIndexOf(" "));
}

function hostFiles(python: HostPython): string[] {
  const tools = [...findTools().values()].map((path) => fingerprintFile(path));
  return [...fingerprintInterpreter(python), ...tools];
}

function runtimeLines(runtime: RuntimeFiles): string[] {
  return runtimeFileNames(runtime).map(
    ({ name, content }) => `${name} ${sha256(content).toString("hex").slice(0, 32)}`,
  );
}

function recordPath(images: string, key: string): string {
  return join(images, "inputs", `${key}.json`);
}
