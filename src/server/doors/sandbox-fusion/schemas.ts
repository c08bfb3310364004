import * as z from "zod";

import { parseJsonText } from "../../http/parse-json.ts";

/** The longest time-out that is taken, in seconds. */
const secondsMost = 3600;
const seconds = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().min(0).max(secondsMost).default(fallback);
const contents: z.ZodType<Record<string, string | null>> = z
  .record(z.string(), z.base64().nullable())
  .default({});
const memoryLimit: z.ZodDefault<z.ZodInt> = z
  .int()
  .max(1024 * 1024)
  .default(-1);

/** A request of `/run_code`. Fields that are not known are passed over, as the protocol's own server does. */
export interface RunCodeRequest {
  readonly code: string;
  readonly language: string;
  readonly compile_timeout: number;
  readonly run_timeout: number;
  readonly memory_limit_MB: number;
  readonly stdin?: string | null | undefined;
  readonly files: Readonly<Record<string, string | null>>;
  readonly fetch_files: readonly string[];
  readonly args: readonly string[];
}

/** Reads a {@link RunCodeRequest}. A missing language is Python: clients exist that send the code alone. */
export const runCodeSchema: z.ZodType<RunCodeRequest> = z.object({
  code: z.string(),
  language: z
    .string()
    .nullish()
    .transform((language) => language ?? "python"),
  compile_timeout: seconds(10),
  run_timeout: seconds(10),
  memory_limit_MB: memoryLimit,
  stdin: z.string().nullish(),
  files: contents,
  fetch_files: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
});

/** A request of `/run_jupyter`. */
export interface RunJupyterRequest {
  readonly cells: readonly string[];
  readonly cell_timeout: number;
  readonly total_timeout: number;
  readonly memory_limit_MB: number;
  readonly kernel: string;
  readonly files: Readonly<Record<string, string | null>>;
  readonly fetch_files: readonly string[];
}

/** Reads a {@link RunJupyterRequest}. */
export const runJupyterSchema: z.ZodType<RunJupyterRequest> = z.object({
  cells: z.array(z.string()),
  cell_timeout: seconds(0),
  total_timeout: seconds(45),
  memory_limit_MB: memoryLimit,
  kernel: z.string().default("python3"),
  files: contents,
  fetch_files: z.array(z.string()).default([]),
});

/** One test of a task whose program reads standard input. */
export interface SubmitTest {
  readonly input: { readonly stdin: string };
  readonly output: { readonly stdout: string };
}

/** A request of `/submit` that brings its tests. */
export interface SubmitRequest {
  readonly dataset: string;
  readonly id: number | string;
  readonly completion: string;
  readonly config: {
    readonly language?: string | null | undefined;
    readonly run_timeout?: number | null | undefined;
    readonly provided_data: { readonly test: readonly SubmitTest[] };
    readonly extra: Readonly<Record<string, unknown>>;
  };
}

const submitTests = z
  .array(
    z.object({
      input: z.object({ stdin: z.string().default("") }),
      output: z.object({ stdout: z.string() }),
    }),
  )
  .min(1);

/** Reads a {@link SubmitRequest}. Tests may be JSON text, as rows of data sets hold them. */
export const submitSchema: z.ZodType<SubmitRequest> = z.object({
  dataset: z.string().default(""),
  id: z.union([z.number(), z.string()]).default(0),
  completion: z.string(),
  config: z.object({
    language: z.string().nullish(),
    run_timeout: z.number().positive().max(secondsMost).nullish(),
    provided_data: z.object({
      test: z.preprocess((given) => (typeof given === "string" ? parsedOr(given) : given), submitTests),
    }),
    extra: z
      .record(z.string(), z.unknown())
      .nullish()
      .transform((extra) => extra ?? {}),
  }),
});

function parsedOr(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return text;
  }
}

/** How one program ended. */
export interface CommandRunResult {
  readonly status: "Finished" | "Error" | "TimeLimitExceeded";
  /** In seconds. */
  readonly execution_time: number;
  /** Minus the signal's number where one ended it; null where its time was over. */
  readonly return_code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `/run_code` answers. */
export interface RunCodeResponse {
  readonly status: "Success" | "Failed";
  readonly message: string;
  readonly compile_result: CommandRunResult | null;
  /** Null where the program could not be made. */
  readonly run_result: CommandRunResult | null;
  readonly executor_pod_name: null;
  readonly files: Readonly<Record<string, string>>;
}

/** Whether a command ended by itself, with status 0. */
export function endedWell({ status, return_code }: CommandRunResult): boolean {
  return status === "Finished" && return_code === 0;
}

/** The answer of a program that ran. Only what ended by itself, with status 0, was a success. */
export function runCodeResponse(
  result: CommandRunResult | null,
  files: Readonly<Record<string, string>> = {},
  compiled: CommandRunResult | null = null,
): RunCodeResponse {
  return {
    status: result !== null && endedWell(result) ? "Success" : "Failed",
    message: "",
    compile_result: compiled,
    run_result: result,
    executor_pod_name: null,
    files,
  };
}
