/*
 * Reads what lies beside an environment's file or a policy's, as the caller names it: a folder, or contents by their paths. Read
 * once, before anything runs, so that all rollouts have the same bytes whatever happens to the folder later.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

import { SameseedError, toError } from "../base/error.ts";
import type { SpecFile } from "../model/rollout.ts";

/** Files beside an environment or a policy: the path of a folder, or contents by relative paths with `/`. */
export type FilesInput = string | Readonly<Record<string, string | Uint8Array>>;

/** The most bytes and files there may be: a sandbox's scripts and files together have at most 64 MiB. */
const bytesMost = 48 * 1024 * 1024;
const filesMost = 10_000;

/** Folders that are never meant, beside {@link isRecording}: caches, what begins with a dot, packages for other programs. */
const skipped = /^(\.|__pycache__$|node_modules$)/;
/** What a folder of Sameseed's own holds: a run, a league, a matchup, scores, an audit. */
const recordings = ["run.json", "league.json", "matchup.json", "score.json", "audit.json"];
const relativePath = /^(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)*$/;

/**
 * Reads files, in the order of their paths.
 * @param main the file they lie beside, which they may hold too
 * @throws `bad_argument` where they cannot be read, are too large, or hold another file of the main one's name
 */
export function readFiles(
  input: FilesInput,
  main?: { readonly name: string; readonly source: string },
): { readonly files?: readonly SpecFile[] } {
  const found = typeof input === "string" ? readFolder(input) : readContents(input);
  const bytes = found.reduce((sum, [, content]) => sum + content.length, 0);
  if (bytes > bytesMost)
    throw refused(`the files beside it have ${bytes} bytes`, `keep them below ${bytesMost} bytes together`);
  const files = found
    .filter(([path, content]) => !isMain(path, content, main))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => ({ path, data: content.toString("base64") }));
  return files.length === 0 ? {} : { files };
}

function isMain(path: string, content: Buffer, main: Parameters<typeof readFiles>[1]): boolean {
  if (main === undefined || path !== main.name) return false;
  if (content.equals(Buffer.from(main.source))) return true;
  throw refused(`the files beside ${main.name} hold another ${path}`, "name the folder that it lies in");
}

function readFolder(folder: string): [string, Buffer][] {
  const found: [string, Buffer][] = [];
  // A link to a folder is followed, but for one that leads back to a folder around it.
  const around: string[] = [];
  const walk = (inside: string): void => {
    const real = realpathSync(join(folder, inside));
    if (around.includes(real)) return;
    around.push(real);
    for (const name of readdirSync(join(folder, inside))) {
      if (skipped.test(name)) continue;
      const path = inside === "" ? name : `${inside}/${name}`;
      const full = join(folder, path);
      const status = statSync(full, { throwIfNoEntry: false });
      if (status?.isDirectory() === true) {
        if (!isRecording(full)) walk(path);
      }
      if (status?.isFile() === true) {
        if (found.length === filesMost)
          throw refused(
            `${folder} holds more than ${filesMost} files`,
            "name a folder with the files that are needed",
          );
        if (status.size > bytesMost)
          throw refused(
            `${full} has ${status.size} bytes`,
            `keep all files below ${bytesMost} bytes together`,
          );
        found.push([path, readFileSync(full)]);
      }
    }
    around.pop();
  };
  try {
    walk("");
  } catch (error) {
    if (error instanceof SameseedError) throw error;
    throw refused(`the files cannot be read: ${toError(error).message}`, "name a folder that can be read");
  }
  return found;
}

/**
 * Whether a folder is what an earlier command recorded. Each run would carry all before it, and itself when it is resumed, which
 * would make it another run.
 */
function isRecording(folder: string): boolean {
  return recordings.some((name) => {
    try {
      return /^\{\s*"format":\s*\d/.test(beginning(join(folder, name)));
    } catch {
      return false;
    }
  });
}

function beginning(file: string): string {
  const head = Buffer.alloc(32);
  const descriptor = openSync(file, "r");
  try {
    return head.toString("latin1", 0, readSync(descriptor, head, 0, head.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

function readContents(contents: Exclude<FilesInput, string>): [string, Buffer][] {
  return Object.entries(contents).map(([path, content]) => {
    if (!relativePath.test(path))
      throw refused(`${JSON.stringify(path)} is not a path inside a folder`, "use a/b.py");
    return [path, typeof content === "string" ? Buffer.from(content) : Buffer.from(content)];
  });
}

function refused(message: string, hint: string): SameseedError {
  return new SameseedError("bad_argument", message, { hint });
}
