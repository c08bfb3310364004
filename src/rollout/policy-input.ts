/*
 * Reads what callers give as a policy. The shape decides: `{ source }` is text, `{ path }` is a file, and a string is
 * a built-in name or a path that ends in `.py`. The file system is never consulted to guess which one is meant.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import * as z from "zod";

import { startOfText } from "../base/cut-text.ts";
import { SameseedError, toError } from "../base/error.ts";
import type { ErrorCode } from "../base/error-codes.ts";
import { nearestName, type OptionNames, refuseUnknownOptions } from "../base/known-options.ts";
import type { JsonValue } from "../model/json.ts";
import type { SeatPolicy, SpecFile } from "../model/rollout.ts";
import { type FilesInput, readFiles } from "./read-files.ts";

/** The text of a Python file, with a name for messages that ends in `.py`. */
export interface SourceText {
  readonly source: string;
  /** @default "policy.py" */
  readonly name?: string;
  /** What lies beside it: a folder, or contents by relative paths. In rollouts, games and matchups only. */
  readonly files?: FilesInput;
}

/** A Python file by its path, with any extension. */
export interface SourcePath {
  readonly path: string;
  /** What lies beside it: a folder, or contents by relative paths. In rollouts, games and matchups only. */
  readonly files?: FilesInput;
}

/** A fixed list of actions or moves, one for each step. */
export interface ActionList {
  readonly actions: readonly JsonValue[];
}

/** A policy as it was understood, with its file read. */
export type ReadPolicy =
  | { readonly kind: "named"; readonly name: string }
  | {
      readonly kind: "source";
      readonly name: string;
      readonly source: string;
      readonly files?: readonly SpecFile[];
    }
  | { readonly kind: "actions"; readonly actions: readonly JsonValue[] }
  | { readonly kind: "none" }
  | { readonly kind: "caller" };

/** What may stand at a place where a policy is named. */
export interface PolicyForms {
  /** Names that are no paths. */
  readonly names: readonly string[];
  /** Whether a list of actions, and nobody at all, may stand there too. */
  readonly actions?: boolean;
  readonly none?: boolean;
  /** Whether a source may have files beside it. */
  readonly files?: boolean;
  /** Whether a function of the caller's may. */
  readonly functions?: boolean;
}

/** What a source defines, for hints. */
const functions = "act(observation, rng, info) or choose_action(board, player, rng)";
const sourceBytesMost = 16 * 1024 * 1024;

/**
 * Reads what a caller wrote for a policy, and the file where it names one.
 * @throws `bad_policy`, `bad_actions`, `bad_argument` for a key that no form has
 */
export function readPolicyInput(input: unknown, forms: PolicyForms): ReadPolicy {
  if (typeof input === "string") {
    if (forms.names.includes(input)) return { kind: "named", name: input };
    if (isPath(input)) return readPath(input);
    throw notPolicy(input, forms);
  }
  if (typeof input === "function" && forms.functions === true) return { kind: "caller" };
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw notPolicy(input, forms);
  const shapes = ["source", "path", "actions", "none"].filter((shape) => Object.hasOwn(input, shape));
  const [shape] = shapes;
  if (shapes.length !== 1 || (shape === "actions" && forms.actions !== true)) throw notPolicy(input, forms);
  if (shape === "none" && forms.none !== true) throw notPolicy(input, forms);
  refuseUnknownOptions(input, namesOf(shape!, forms.files === true), "a policy");
  const { source, name = "policy.py", path, actions, files } = input as Record<string, unknown>;
  if (shape === "none") return { kind: "none" };
  if (shape === "actions") return { kind: "actions", actions: checkActions(actions) };
  if (shape === "path") {
    if (typeof path !== "string" || path === "") throw notPolicy(input, forms);
    return withFiles(readPath(path), files);
  }
  if (typeof source !== "string") throw notPolicy(input, forms);
  return withFiles({ kind: "source", name: checkName(name), source }, files);
}

/**
 * What a caller wrote for a seat, as the seat's policy: a name is a built-in policy's.
 * @throws as {@link readPolicyInput}
 */
export function seatPolicy(input: unknown, forms: PolicyForms): SeatPolicy {
  const read = readPolicyInput(input, forms);
  return read.kind === "named" ? { kind: "builtin", name: read.name } : read;
}

/**
 * Reads a Python file.
 * @throws the given code where it cannot be read, is larger than 16 MiB or not UTF-8 text
 */
export function readSourceFile(path: string, code: ErrorCode, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new SameseedError(code, `the ${what}'s file cannot be read: ${toError(error).message}`, {
      hint: "check the path; it is relative to the current folder",
      context: { path },
    });
  }
  if (bytes.length > sourceBytesMost)
    throw new SameseedError(code, `the ${what}'s file ${path} is larger than ${sourceBytesMost} bytes`, {
      context: { path },
    });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SameseedError(code, `the ${what}'s file ${path} is not UTF-8 text`, { context: { path } });
  }
}

/** Whether a string is taken for the path of a policy. */
export function isPath(text: string): boolean {
  return text.endsWith(".py") && !/[\n\r\0]/.test(text);
}

function withFiles(policy: ReadPolicy & { readonly kind: "source" }, files: unknown): ReadPolicy {
  return files === undefined ? policy : { ...policy, ...readFiles(files as FilesInput, policy) };
}

function readPath(path: string): ReadPolicy & { readonly kind: "source" } {
  const file = basename(path);
  return {
    kind: "source",
    name: file.endsWith(".py") ? file : `${file}.py`,
    source: readSourceFile(path, "bad_policy", "policy"),
  };
}

function namesOf(shape: string, files: boolean): OptionNames {
  const beside = files && (shape === "source" || shape === "path") ? { files: true as const } : {};
  return shape === "source" ? { source: true, name: true, ...beside } : { [shape]: true, ...beside };
}

function checkActions(actions: unknown): readonly JsonValue[] {
  // Looked at by themselves, because there may be very many.
  if (z.array(z.json()).safeParse(actions).success) return actions as readonly JsonValue[];
  throw new SameseedError("bad_actions", "actions must be a list of JSON values, one for each step");
}

function checkName(name: unknown): string {
  if (typeof name === "string" && /^[^/\0]{1,200}\.py$/.test(name)) return name;
  throw new SameseedError("bad_policy", `${shown(name)} is not a valid policy name`, {
    hint: "use a file name that ends in .py",
  });
}

function notPolicy(input: unknown, { names, actions, none, functions: called }: PolicyForms): SameseedError {
  if (typeof input === "string")
    return new SameseedError("bad_policy", `${shown(input)} is neither a built-in policy nor a Python file`, {
      hint: /[\n\r]/.test(input) ? "give the text of a policy as { source }" : nameHint(input, names),
    });
  const shapes = [
    "{ path }",
    "{ source }",
    ...(actions === true ? ["{ actions }"] : []),
    ...(none === true ? ["{ none: true }"] : []),
    ...(called === true ? ["a function"] : []),
  ].join(", ");
  return new SameseedError("bad_policy", `${shown(input)} is not a policy`, {
    hint: `${textForms(names)}, ${shapes}`,
  });
}

/** A text is what a command line gives, which has no objects. */
function nameHint(input: string, names: readonly string[]): string {
  const near = nearestName(input, names);
  if (near !== undefined) return `did you mean ${near}?`;
  return textForms(names) + (/[./]/.test(input) ? "; in the SDK another file is { path }" : "");
}

function textForms(names: readonly string[]): string {
  const quoted = names.map((name) => `\`${name}\`, `).join("");
  return `use ${quoted}the path of a .py file that defines ${functions}`;
}

function shown(value: unknown): string {
  return startOfText(JSON.stringify(value) ?? typeof value, 200);
}
