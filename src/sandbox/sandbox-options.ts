import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { defaultImageName } from "../image/default-image.ts";
import { maxLimitMs, type NetworkMode, networkSchema } from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import { seedSchema } from "../model/seed.ts";
import type { CommandOptions } from "./command-types.ts";

/** How a sandbox is created. Every option may be left out. */
export interface SandboxOptions {
  /** The image's name or digest. @default `gymnasium` */
  readonly image?: string | undefined;
  /** `zygote`: a fork of a warm interpreter; `cold`: a new interpreter, some 100 ms slower. @default `zygote` */
  readonly backend?: "zygote" | "cold" | undefined;
  /**
   * `sealed`: clock, waits, entropy, file order and names follow from `seed` and from what runs in it. `host`: they are the
   * machine's. @default `host`
   */
  readonly world?: WorldMode | undefined;
  /** The seed of a sealed world's entropy: 0 to 2^53 - 1. @default 0 */
  readonly seed?: number | undefined;
  /** Wall time of the whole sandbox, in ms. @default 300,000 */
  readonly timeoutMs?: number | undefined;
  /** CPU time of everything that runs in it, in ms. @default 300,000 */
  readonly cpuMs?: number | undefined;
  /** Memory of everything that runs in it, in MiB, files in `/tmp` included. @default 512 */
  readonly memoryMb?: number | undefined;
  /** Processes and threads at the same time. @default 64 */
  readonly processes?: number | undefined;
  /** Size of `/tmp`, in MiB. @default 64 */
  readonly diskMb?: number | undefined;
  /** Bytes one command may write to standard output and error together. @default 16 MiB */
  readonly outputBytes?: number | undefined;
  /** `loopback`: a network of its own with the loopback device alone. @default `none` */
  readonly network?: NetworkMode | undefined;
  /** Added to the environment of every command. @default nothing */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Ends the sandbox when it fires, while it is made or at any time later; calls then reject with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

const positive = (max: number): z.ZodNumber => z.int().min(1).max(max);
const environment: z.ZodType<Record<string, string>> = z.record(
  z.string().regex(/^[^=\0]+$/, "a variable's name has a character, and neither = nor a null byte"),
  z.string().regex(/^[^\0]*$/, "a variable's value has no null byte"),
);
const signal: z.ZodType<AbortSignal> = z.instanceof(AbortSignal);

/** The options with every default filled in. */
export interface CompleteSandboxOptions {
  readonly image: string;
  readonly backend: "zygote" | "cold";
  readonly world: WorldMode;
  readonly seed: number;
  readonly timeoutMs: number;
  readonly cpuMs: number;
  readonly memoryMb: number;
  readonly processes: number;
  readonly diskMb: number;
  readonly outputBytes: number;
  readonly network: NetworkMode;
  readonly env: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const optionsSchema: z.ZodType<CompleteSandboxOptions> = z.strictObject({
  image: z.string().default(defaultImageName),
  backend: z.enum(["zygote", "cold"]).default("zygote"),
  world: worldModeSchema.default("host"),
  seed: seedSchema.default(0),
  timeoutMs: positive(maxLimitMs).default(300_000),
  cpuMs: positive(maxLimitMs).default(300_000),
  memoryMb: positive(1024 * 1024).default(512),
  processes: positive(32_768).default(64),
  diskMb: positive(1024 * 1024).default(64),
  outputBytes: positive(2 ** 31).default(16 * 1024 * 1024),
  network: networkSchema.default("none"),
  env: environment.default({}),
  signal: signal.optional(),
});

const sandboxNames: NamesOf<SandboxOptions> = {
  image: true,
  backend: true,
  world: true,
  seed: true,
  timeoutMs: true,
  cpuMs: true,
  memoryMb: true,
  processes: true,
  diskMb: true,
  outputBytes: true,
  network: true,
  env: true,
  signal: true,
};

const commandNames: NamesOf<CommandOptions> = {
  args: true,
  env: true,
  cwd: true,
  input: true,
  timeoutMs: true,
  signal: true,
  onStdout: true,
  onStderr: true,
};

const isInput = (value: unknown): boolean =>
  typeof value === "string" ||
  value instanceof Uint8Array ||
  (typeof value === "object" && value !== null && Symbol.asyncIterator in value);
const isHandler = (value: unknown): boolean => typeof value === "function";

const commandSchema = z.strictObject({
  args: z.array(z.string().regex(/^[^\0]*$/, "an argument has no null byte")).optional(),
  env: environment.optional(),
  cwd: z
    .string()
    .regex(/^[^\0]+$/, "a path has a character and no null byte")
    .optional(),
  input: z.custom(isInput, "input is text, bytes or an async iterable of them").optional(),
  timeoutMs: positive(maxLimitMs).optional(),
  signal: signal.optional(),
  onStdout: z.custom(isHandler, "a handler is a function").optional(),
  onStderr: z.custom(isHandler, "a handler is a function").optional(),
});
const nameSchema = z.string().regex(/^[^\0]+$/, "a command has a name without null bytes");

/** The most bytes of arguments and environment; the kernel refuses some less. */
const commandBytesMax = 4 * 1024 * 1024;

/** Checks a sandbox's options and fills in the defaults. @throws `bad_argument` */
export function completeOptions(options: SandboxOptions): CompleteSandboxOptions {
  refuseUnknownOptions(options, sandboxNames, "a sandbox");
  const complete = check(optionsSchema, options, "the sandbox's options");
  if (complete.world === "host" && options.seed !== undefined) {
    throw new SameseedError("bad_argument", "a seed has no effect in the host's world", {
      hint: 'add `world: "sealed"`',
    });
  }
  return complete;
}

/** Checks how a command should be started. @throws `bad_argument` */
export function checkCommand(command: string, options: unknown): void {
  check(nameSchema, command, "the command");
  refuseUnknownOptions(options, commandNames, "a command");
  const { args = [], env = {} } = check(commandSchema, options, "the command's options");
  const bytes = Buffer.byteLength(JSON.stringify([args, env]));
  if (bytes > commandBytesMax) {
    throw new SameseedError("bad_argument", `the command's arguments and environment have ${bytes} bytes`, {
      hint: "write long values to a file, or send them as `input`",
    });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` (${issue.path.join(".")})` : "";
  throw new SameseedError("bad_argument", `${what} are not valid${where}: ${issue?.message ?? "unknown"}`, {
    context: { issues: parsed.error.issues.map(({ path, message }) => ({ path, message })) },
  });
}
