import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { limitsSchema } from "../model/limits.ts";
import { worldModeSchema } from "../model/rollout-schema.ts";
import type { ScoreItem, ScoreTask } from "../model/score.ts";
import { seedSchema } from "../model/seed.ts";

const name = z.string().min(1).max(200);
const source = z.string().min(1);
const weight = z.number().positive().max(1e9).optional();
const tolerance = z.number().min(0).max(1).optional();
const fileName = z
  .string()
  .max(500)
  .regex(
    /^(?![^]*(?:^|\/)\.{1,2}(?:\/|$))[^/\0][^\0]*$/,
    "a file's name is a path below the solution's folder",
  )
  .refine((path) => !path.endsWith("/"), "a file's name does not end with a slash");

const base = {
  id: name,
  image: name.optional(),
  world: worldModeSchema.optional(),
  seed: seedSchema.optional(),
  extract: z.enum(["fenced", "raw", "auto"]).optional(),
  prefix: z.string().optional(),
  preamble: z.string().optional(),
  entry: fileName.optional(),
  limits: limitsSchema.optional(),
  aggregate: z.enum(["fraction", "all"]).optional(),
  gold: source.optional(),
};

const callTest = z.strictObject({
  name: name.optional(),
  args: z.array(z.json()).optional(),
  kwargs: z.record(z.string(), z.json()).optional(),
  argsPython: source.optional(),
  expected: z.json().optional(),
  expectedPython: source.optional(),
  raises: name.optional(),
  weight,
});

const call = z.strictObject({
  ...base,
  kind: z.literal("call"),
  function: z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, "a function is named by a dotted name"),
  tests: z.array(callTest).max(100_000).optional(),
  observe: z.int().min(0).max(100).optional(),
  compare: z
    .strictObject({
      types: z.enum(["strict", "loose"]).optional(),
      relTol: tolerance,
      absTol: z.number().min(0).optional(),
    })
    .optional(),
  checker: source.optional(),
  generator: source.optional(),
  generated: z.int().min(1).max(10_000).optional(),
});

const command = z.array(z.string().min(1)).min(1);
const language = z.strictObject({
  file: fileName,
  fences: z.array(z.string()).min(1),
  compile: command.optional(),
  run: command,
});

const stdio = z.strictObject({
  ...base,
  kind: z.literal("stdio"),
  tests: z
    .array(
      z.strictObject({ name: name.optional(), input: z.string(), output: z.string().optional(), weight }),
    )
    .max(100_000),
  compare: z
    .union([
      z.enum(["exact", "lines", "numbers", "tokens"]),
      z.strictObject({ relTol: z.number().min(0).max(1), absTol: z.number().min(0) }),
    ])
    .optional(),
  checker: source.optional(),
  language: language.optional(),
});

const judge = z.strictObject({
  ...base,
  kind: z.literal("judge"),
  judge: z.string(),
  asserts: z.array(source).max(10_000).optional(),
});

const pytest = z.strictObject({
  ...base,
  kind: z.literal("pytest"),
  suite: source,
  split: z.boolean().optional(),
});

const taskSchema: z.ZodType<ScoreTask> = z.discriminatedUnion("kind", [call, stdio, judge, pytest]);

const itemSchema = z.strictObject({
  id: name.optional(),
  completion: z.string().optional(),
  // Their names are the model's: one that is none is its solution's fault (misnamedFile), and no reason to refuse the others.
  files: z.record(z.string(), z.string()).optional(),
  task: z.unknown().optional(),
  limits: limitsSchema.optional(),
});

/**
 * Checks a task.
 * @param what where it is, for the message
 * @throws `bad_argument`, with the path of what is wrong
 */
export function checkTask(value: unknown, what: string): ScoreTask {
  const parsed = taskSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refusal(what, parsed.error);
}

/**
 * Checks an item without its task.
 * @throws `bad_argument`
 */
export function checkItem(value: unknown, what: string): Omit<ScoreItem, "task"> {
  const parsed = itemSchema.safeParse(value);
  if (!parsed.success) throw refusal(what, parsed.error);
  const { id, completion, files, limits } = parsed.data;
  if ((completion === undefined) === (files === undefined))
    throw new SameseedError(
      "bad_argument",
      `${what} has ${files ? "both" : "neither"} a completion ${files ? "and" : "nor"} files`,
      {
        hint: "give the model's text as `completion`, or the solution's files by name as `files`",
      },
    );
  return { id, completion, files, limits };
}

/** A name among a solution's files that is no path below its folder; undefined where each is. */
export function misnamedFile({ files }: Pick<ScoreItem, "files">): string | undefined {
  return Object.keys(files ?? {}).find((path) => !fileName.safeParse(path).success);
}

function refusal(what: string, error: z.ZodError): SameseedError {
  const [issue] = error.issues;
  const where = issue?.path.length ? ` (${issue.path.map(String).join(".")})` : "";
  return new SameseedError("bad_argument", `${what} is not valid${where}: ${issue?.message ?? "unknown"}`, {
    hint: "docs/guide/scoring.md shows a task of each kind",
    context: { issues: error.issues.map(({ path, message }) => ({ path: path.map(String), message })) },
  });
}
