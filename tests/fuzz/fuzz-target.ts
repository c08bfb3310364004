import { isSameseedError, SameseedError } from "../../src/base/error.ts";
import type { ErrorCode } from "../../src/base/error-codes.ts";
import { mutateBytes, SeededNumbers } from "./mutate-bytes.ts";

/** Something that takes bytes from outside. */
export interface FuzzTarget {
  readonly name: string;
  /** Right inputs, which are broken. */
  readonly examples: readonly Buffer[];
  /** How many cases of the others are worth one of it: what touches files is slow. */
  readonly cost: number;
  /** Throws where the bytes give neither a right answer nor an error of the right kind. */
  readonly check: (bytes: Buffer, numbers: SeededNumbers) => void | Promise<void>;
  /** Gives back what it holds. */
  readonly close?: () => void;
}

/** What a parser did with some bytes. */
export type Parsed<T> =
  | { readonly value: T; readonly code?: never }
  | { readonly value?: never; readonly code: ErrorCode };

/**
 * Runs a parser; an error of a code that it promises is an answer, any other goes on.
 * @throws what the parser threw otherwise
 */
export function parseWith<T>(codes: readonly ErrorCode[], parse: () => T): Parsed<T> {
  try {
    return { value: parse() };
  } catch (error) {
    if (isSameseedError(error) && codes.includes(error.code)) return { code: error.code };
    throw error;
  }
}

/** Throws unless something holds. */
export function mustHold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new SameseedError("internal", what);
}

/** Cuts bytes into some parts, as a stream's reader gets them. */
export function cutAnywhere(bytes: Buffer, numbers: SeededNumbers): Buffer[] {
  const parts: Buffer[] = [];
  const size = 1 + numbers.below(Math.max(1, bytes.length));
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + numbers.below(size);
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}

/** A case that a target does not stand. */
export class FuzzFailure extends Error {
  readonly target: string;
  readonly number: number;
  readonly bytes: Buffer;

  constructor(target: string, number: number, bytes: Buffer, cause: unknown) {
    const shown = bytes.toString("hex").slice(0, 400);
    super(`${target}, case ${number}: ${String(cause)} (bytes ${shown})`, { cause });
    this.target = target;
    this.number = number;
    this.bytes = bytes;
  }
}

/** Runs case `number` of a target. @throws {FuzzFailure} */
export async function runCase(target: FuzzTarget, number: number): Promise<void> {
  const numbers = new SeededNumbers(number);
  const bytes = mutateBytes(target.examples, numbers);
  try {
    // Only what does something asynchronous is waited for: a turn of the loop costs more than most cases.
    const pending = target.check(bytes, numbers);
    if (pending !== undefined) await pending;
  } catch (error) {
    throw new FuzzFailure(target.name, number, bytes, error);
  }
}
