import { type Context, Hono } from "hono";
import * as z from "zod";

import { checkTask } from "../../../judge/task-schema.ts";
import type { ScoreItem, ScoreResult } from "../../../model/score.ts";
import type { ServerContext } from "../../context.ts";
import type { Door } from "../../door.ts";
import { DoorRoutes } from "../../http/door-routes.ts";
import { parseJsonText } from "../../http/parse-json.ts";
import { json, type Reply, toResponse } from "../../http/reply.ts";
import { check } from "../../http/route.ts";
import { patienceOf, readJson, scoreWithinRoom, workSignal } from "../door-work.ts";
import { protocolError } from "../sandbox-fusion/protocol-errors.ts";
import { refuseUntrusted } from "../sandbox-fusion/submit.ts";

/** How long requests wait for room; every client of these waits longer than a minute. */
const queueMs = 30_000;

const limits = { program: z.string(), max_execution_time: z.number().positive().max(3600).default(1) };
const assertsSchema = z.object({ ...limits, tests: z.array(z.string().min(1)).max(10_000) });
const pairsSchema = z.object({
  ...limits,
  tests: z.array(z.object({ input: z.string(), output: z.string() })).max(10_000),
});
const listsSchema = z.object({
  query: z.array(z.string()).max(10_000),
  prompts: z.array(z.string()),
  labels: z.array(z.unknown()),
});
const singleSchema = z.object({
  prompt: z.unknown().optional(),
  response: z.string(),
  label: z.unknown(),
});

/**
 * Rewards over HTTP, as three trainers ask for them: open-instruct's `/test_program` and `/test_program_stdio`, OpenRLHF's
 * remote reward model and slime's. The last two send what a completion is scored against as its label: a task, as JSON.
 * Where nothing can be said of a completion the answer is an error that is tried again, never a reward.
 */
export function makeRewardsDoor(context: ServerContext): Door {
  const app = new Hono();
  app.onError((error) => toResponse(protocolError(error)));
  const routes = new DoorRoutes(app, "rewards");
  routes.post(
    "/test_program",
    { summary: "Run asserts on a program (open-instruct)", body: assertsSchema },
    async (c) => toResponse(await testAsserts(c, context)),
  );
  routes.post(
    "/test_program_stdio",
    { summary: "Run a program on inputs (open-instruct)", body: pairsSchema },
    async (c) => toResponse(await testPairs(c, context)),
  );
  routes.post(
    "/rewards/openrlhf",
    { summary: "Score many responses against their labels (OpenRLHF)", body: listsSchema },
    async (c) => toResponse(await rewardMany(c, context)),
  );
  routes.post(
    "/rewards/slime",
    { summary: "Score a response against its label (slime)", body: singleSchema },
    async (c) => toResponse(await rewardOne(c, context)),
  );
  return { name: "rewards", app, described: routes.described };
}

async function testAsserts(c: Context, context: ServerContext): Promise<Reply> {
  const { program, tests, max_execution_time } = check(assertsSchema, await readJson(c, context), "the body");
  if (tests.length === 0) return json({ results: [], runtimes: [] });
  const task = { id: "asserts", kind: "judge", extract: "raw", judge: "", asserts: tests } as const;
  return testResults(await score([itemOf(program, task, max_execution_time)], c, context));
}

async function testPairs(c: Context, context: ServerContext): Promise<Reply> {
  const { program, tests, max_execution_time } = check(pairsSchema, await readJson(c, context), "the body");
  if (tests.length === 0) return json({ results: [], runtimes: [] });
  const task = { id: "pairs", kind: "stdio", extract: "raw", tests } as const;
  return testResults(await score([itemOf(program, task, max_execution_time)], c, context));
}

function itemOf(completion: string, task: ScoreItem["task"], seconds: number): ScoreItem {
  // Time is counted on the processor: how busy the machine is changes no result.
  const cpuMs = Math.ceil(1000 * seconds);
  return { completion, task, limits: { cpuMs, wallMs: 3 * cpuMs + 1000 } };
}

/** 1 for a test that passed and 0 for any other; `runtimes` in seconds, -1 for one that did not pass. */
function testResults([result]: readonly ScoreResult[]): Reply {
  const { tests, total } = result!;
  const passed = tests.map(({ verdict }) => verdict === "accepted");
  const padded = Array.from({ length: total }, (_, at) => passed[at] ?? false);
  return json({
    results: padded.map(Number),
    runtimes: padded.map((isPassed, at) => (isPassed ? tests[at]!.wallMs / 1000 : -1)),
  });
}

async function rewardMany(c: Context, context: ServerContext): Promise<Reply> {
  const { query, prompts, labels } = check(listsSchema, await readJson(c, context), "the body");
  const items = query.map((text, at) => {
    const prompt = prompts[at] ?? "";
    return labelledItem(
      text.startsWith(prompt) ? text.slice(prompt.length) : text,
      labels[at],
      `labels[${at}]`,
    );
  });
  const scores = items.length === 0 ? [] : (await score(items, c, context)).map(({ score: one }) => one!);
  return json({ rewards: scores, scores, extra_logs: {} });
}

async function rewardOne(c: Context, context: ServerContext): Promise<Reply> {
  const { response, label } = check(singleSchema, await readJson(c, context), "the body");
  const [result] = await score([labelledItem(response, label, "label")], c, context);
  return json(result!.score);
}

function labelledItem(completion: string, label: unknown, what: string): ScoreItem {
  return { completion, task: checkTask(typeof label === "string" ? parsed(label) : label, what) };
}

function parsed(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return text;
  }
}

async function score(
  items: readonly ScoreItem[],
  c: Context,
  context: ServerContext,
): Promise<readonly ScoreResult[]> {
  const patience = { queueMs: patienceOf(c, queueMs), signal: workSignal(c, context) };
  const results = await scoreWithinRoom(items, context, patience);
  for (const result of results) refuseUntrusted(result);
  return results;
}
