import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { maxLimitMs } from "../../model/limits.ts";
import type { StartOptions } from "./sandbox-process.ts";

/** How a client asks for a command. */
export interface CommandRequest {
  readonly command: string;
  readonly args?: string[] | undefined;
  readonly env?: Record<string, string> | undefined;
  readonly cwd?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly input?: string | undefined;
  readonly inputBase64?: string | undefined;
}

/** Reads a {@link CommandRequest}. */
export const commandSchema: z.ZodType<CommandRequest> = z.strictObject({
  command: z.string().min(1),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  cwd: z.string().min(1).optional(),
  timeoutMs: z.int().min(1).max(maxLimitMs).optional(),
  /** Its standard input as text; closed after it. */
  input: z.string().optional(),
  /** Its standard input as bytes; closed after them. */
  inputBase64: z.base64().optional(),
});

/** How a process ended. */
export const resultSchema: z.ZodType = z.object({
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  memoryExceeded: z.boolean(),
  outputTruncated: z.boolean(),
  cpuMs: z.number(),
  wallMs: z.number(),
  peakMemoryBytes: z.number(),
  startError: z.object({ errno: z.string(), message: z.string() }).nullable(),
  sandboxEnded: z.string().nullable(),
});

/** What is told of a process. */
export const processSchema: z.ZodType = z.object({
  process: z.string(),
  state: z.enum(["running", "ended"]),
  command: z.string(),
  args: z.array(z.string()),
  outputBytes: z.int(),
  inputBytes: z.int(),
  result: resultSchema.nullable(),
  error: z.record(z.string(), z.unknown()).nullable(),
});

/** Output in JSON: as text where it is UTF-8, else as base64. */
export const outputSchema: z.ZodType = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ base64: z.string() }),
]);

/**
 * A command's options, as the SDK takes them.
 * @param openInput whether its standard input stays open where the request gives none
 * @throws `bad_argument`
 */
export function optionsOf(
  { args, env, cwd, timeoutMs, input, inputBase64 }: CommandRequest,
  openInput: boolean,
): StartOptions {
  if (input !== undefined && inputBase64 !== undefined)
    throw new SameseedError("bad_argument", "input is given as text and as base64", {
      hint: "give one of them",
    });
  const given = inputBase64 === undefined ? input : Buffer.from(inputBase64, "base64");
  return {
    ...(args === undefined ? {} : { args }),
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(given === undefined ? (openInput ? {} : { input: "" }) : { input: given }),
  };
}
