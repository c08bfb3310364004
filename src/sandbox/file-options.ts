import { types } from "node:util";
import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { kindOf, type OptionNames, refuseUnknownOptions } from "../base/known-options.ts";

const modeWords = "a mode is a number from 0 to 0o777, such as 0o755";

const optionsSchema = z.object({
  // Infinity is no limit.
  maxBytes: z
    .custom((value) => typeof value === "number" && value >= 0, "a number of bytes is a number from 0 on")
    .optional(),
  mode: z.int(modeWords).min(0, modeWords).max(0o777, modeWords).optional(),
  recursive: z.boolean("it is true or false").optional(),
});

/**
 * Checks the options of a call on a sandbox's files.
 * @param names those that the call has
 * @param what the call, such as `files.read`
 * @throws `bad_argument`
 */
export function checkFileOptions(options: unknown, names: OptionNames, what: string): void {
  refuseUnknownOptions(options, names, what);
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return;
  const { path, message } = parsed.error.issues[0]!;
  const option = path.join(".");
  throw new SameseedError("bad_argument", `${option} of ${what} is not valid: ${message}`, {
    context: { option },
  });
}

/** A path as it came in. @throws `bad_argument` */
export function checkPath(path: unknown): string {
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  const words =
    typeof path === "string"
      ? `${JSON.stringify(path)} is not a path`
      : `a path is text, not ${kindOf(path)}`;
  throw new SameseedError("bad_argument", words, { context: { path } });
}

/**
 * What is to be written, as bytes. What is neither text nor bytes would be written as something else, or as nothing.
 * @param what where it goes, such as `a file`
 * @throws `bad_argument`
 */
export function bytesToWrite(data: unknown, what: string): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  checkBytes(data, `${what} takes text or bytes`);
  return data;
}

/** Refuses what is no `Uint8Array`. @param words what is taken instead @throws `bad_argument` */
export function checkBytes(data: unknown, words: string): asserts data is Uint8Array {
  // Not `instanceof`: bytes may be of another realm, such as a test runner's.
  if (types.isUint8Array(data)) return;
  const hint = wayToBytes(data);
  throw new SameseedError(
    "bad_argument",
    `${words}, not ${shownKind(data)}`,
    hint === undefined ? {} : { hint },
  );
}

function shownKind(value: unknown): string {
  if (types.isPromise(value)) return "a promise";
  if (types.isAnyArrayBuffer(value)) return "an ArrayBuffer";
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  return kindOf(value);
}

function wayToBytes(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (types.isPromise(value)) return "await it first";
  if (types.isAnyArrayBuffer(value)) return "give `new Uint8Array(buffer)`";
  if (ArrayBuffer.isView(value))
    return "give its bytes: `new Uint8Array(data.buffer, data.byteOffset, data.byteLength)`";
  return typeof value === "object" ? "give `JSON.stringify(data)`" : "give `String(data)`";
}
