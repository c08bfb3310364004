import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";

/** A requirements file in which every package is pinned and hashed. */
export interface RequirementsLock {
  readonly path: string;
  /** The file without the lines that say where packages come from: what is kept beside an image, and pip reads. */
  readonly text: string;
  /** What those lines say, as arguments for pip. */
  readonly sources: readonly string[];
  /** Names with their markers cut off, in file order; empty for an image without packages. */
  readonly packages: readonly string[];
  /** SHA-256 of the requirements alone, 64 hex digits: comments and sources do not change what is installed. */
  readonly digest: string;
}

/** Options that say where packages come from; hashes make that irrelevant to the result. */
const sourceOptions: Readonly<Record<string, { readonly name: string; readonly takesValue: boolean }>> = {
  "-i": { name: "--index-url", takesValue: true },
  "--index-url": { name: "--index-url", takesValue: true },
  "--pypi-url": { name: "--index-url", takesValue: true },
  "--extra-index-url": { name: "--extra-index-url", takesValue: true },
  "-f": { name: "--find-links", takesValue: true },
  "--find-links": { name: "--find-links", takesValue: true },
  "--trusted-host": { name: "--trusted-host", takesValue: true },
  "--no-index": { name: "--no-index", takesValue: false },
};

/** Options that say how packages are chosen or built, which a pinned and hashed line and the builder decide. */
const choiceOptions: ReadonlySet<string> = new Set(
  "--no-binary --only-binary --prefer-binary --pre --require-hashes --use-feature --exclude-newer".split(" "),
);

/**
 * Reads a requirements lock, in every form that pip-compile and uv write, and refuses what is not one: a package without
 * an exact version or without a hash, a path or address, another file included.
 *
 * @throws {SameseedError} `bad_argument` with the line, `io_failed` when the file cannot be read.
 */
export function readLock(path: string): RequirementsLock {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new SameseedError("io_failed", `the requirements file ${path} cannot be read`, {
      hint: "give the path of a readable requirements lock, or name packages with --packages",
      cause,
    });
  }
  return parseLock(path, text);
}

/**
 * {@link readLock} for text that was read already.
 *
 * @param path - Where it lies: in messages, and what its relative folders are relative to.
 */
export function parseLock(path: string, text: string): RequirementsLock {
  const plain = text.replace(/^\uFEFF/, "");
  const sources: string[] = [];
  const packages: string[] = [];
  const requirements: string[] = [];
  const optionLines = new Set<number>();
  for (const { line, first, last } of logicalLines(plain)) {
    if (line.startsWith("-")) {
      sources.push(...readOption(path, line, first));
      for (let number = first; number <= last; number++) optionLines.add(number);
      continue;
    }
    packages.push(checkLine(path, line, first));
    requirements.push(line.replaceAll(/\s+/g, " "));
  }
  const kept = plain.split(/\r?\n/).filter((_, index) => !optionLines.has(index + 1));
  const digest = sha256(`sameseed/lock/1\n${requirements.join("\n")}\n`).toString("hex");
  return { path, text: kept.join("\n"), sources, packages, digest };
}

interface LogicalLine {
  readonly line: string;
  /** Numbers of the first and the last line of the file it is made of. */
  readonly first: number;
  readonly last: number;
}

/** Lines with their continuations joined and comments cut off; empty ones left out. */
function logicalLines(text: string): LogicalLine[] {
  const lines: LogicalLine[] = [];
  let open: LogicalLine | undefined;
  const close = (): void => {
    if (open !== undefined && open.line.trim() !== "") lines.push({ ...open, line: open.line.trim() });
    open = undefined;
  };
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const number = index + 1;
    const bare = raw.replace(/(^|\s)#.*$/, "").trimEnd();
    const continued = bare.endsWith("\\");
    const part = continued ? bare.slice(0, -1) : bare;
    open =
      open === undefined
        ? { line: part, first: number, last: number }
        : { line: `${open.line} ${part}`, first: open.first, last: number };
    if (!continued) close();
  }
  close();
  return lines;
}

/** What a line that is an option says to pip; nothing for one that does not matter here. */
function readOption(path: string, line: string, number: number): string[] {
  const [, option = line, rest = ""] =
    /^(-[A-Za-z]|--[A-Za-z-]+)(?:\s*=\s*|\s+|(?<=^-[A-Za-z]))?(.*)$/.exec(line) ?? [];
  if (choiceOptions.has(option)) return [];
  const source = Object.hasOwn(sourceOptions, option) ? sourceOptions[option] : undefined;
  if (source === undefined) {
    const included = /^(-r|--requirement|-c|--constraint)$/.test(option);
    throw refuse(path, number, `the option ${option} is not allowed in a lock`, {
      hint: included
        ? "a lock is one file: let pip-compile or uv read the other files and write all packages into one"
        : `remove the line: every package of a lock is a line NAME==VERSION with its --hash`,
    });
  }
  if (!source.takesValue) return [source.name];
  const value = rest.trim().replace(/^(["'])(.*)\1$/, "$2");
  if (value === "")
    throw refuse(path, number, `${option} has no value`, { hint: "give it one, or remove the line" });
  const isFolder = source.name === "--find-links" && !/^[a-z][a-z0-9+.-]*:/i.test(value);
  return [source.name, isFolder ? resolve(dirname(path), value) : relocate(value, path)];
}

/** `file:` addresses that are relative, as tools write them, made absolute. */
function relocate(value: string, path: string): string {
  const relative = /^file:(?!\/)(.*)$/.exec(value)?.[1];
  return relative === undefined ? value : pathToFileURL(resolve(dirname(path), relative)).href;
}

function checkLine(path: string, line: string, number: number): string {
  const pinned =
    /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[A-Za-z0-9,._ -]*\])?\s*={2,3}\s*([A-Za-z0-9.!+_-]+)(?![*A-Za-z0-9.!+_-])/.exec(
      line,
    );
  if (pinned === null) {
    throw refuse(path, number, "it does not pin NAME==VERSION", {
      hint: "name the packages themselves, `sameseed image build NAME --packages …`, which writes the lock; or let pip-compile or uv write one with --generate-hashes",
    });
  }
  const name = pinned[1] ?? "";
  if (!/\s--hash[=\s]\s*sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})(\s|$)/.test(line)) {
    throw refuse(path, number, `${name} has no --hash`, {
      hint: `name the packages themselves, \`sameseed image build NAME --packages ${name}==${pinned[2]} …\`, which writes the lock with hashes; or write the file anew with --generate-hashes`,
    });
  }
  return name;
}

function refuse(path: string, line: number, why: string, { hint }: { readonly hint: string }): SameseedError {
  return new SameseedError("bad_argument", `${path}:${line} is not a locked requirement: ${why}`, {
    hint,
    context: { file: path, line },
  });
}
