import { availableParallelism } from "node:os";
import type { Context } from "hono";

import { SameseedError } from "../../base/error.ts";
import { scoreCompletions } from "../../judge/score-completions.ts";
import type { ScoreItem, ScoreResult } from "../../model/score.ts";
import type { ServerContext } from "../context.ts";
import { parseJson } from "../http/parse-json.ts";
import { readBody } from "../http/read-body.ts";
import { headerNames, queueMsMost } from "../http/route.ts";
import { checkKnownImage, imageNameSchema } from "../native/known-image.ts";

/** Sandboxes of one test: the solution's and the judge's. */
const testSandboxes = 2;

/** Reads a request's JSON body. @throws `bad_argument`, `too_large`, `server_full` */
export async function readJson(c: Context, { options, bodies }: ServerContext): Promise<unknown> {
  return parseJson(await readBody(c.req.raw, options.bodyBytes, bodies));
}

/** What the path of a request has at a place that its route names. */
export function param(c: Context, name: string): string {
  return c.req.param(name) ?? "";
}

/** How long a request waits for room: what its header says, else what its protocol's clients can wait. */
export function patienceOf(c: Context, ownMs: number): number {
  const text = c.req.header(headerNames.queueMs);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Math.min(Number(text), queueMsMost) : ownMs;
}

/** Fires when the client has gone or the server ends. */
export function workSignal(c: Context, { signal }: ServerContext): AbortSignal {
  return AbortSignal.any([c.req.raw.signal, signal]);
}

/**
 * Scores completions within the server's room.
 * @param queueMs how long it waits for room
 * @throws as `Slots.acquire` and `scoreCompletions`; `image_missing` for a task's image that is not in the store
 */
export async function scoreWithinRoom(
  items: readonly ScoreItem[],
  context: ServerContext,
  { queueMs, signal }: { readonly queueMs: number; readonly signal: AbortSignal },
): Promise<ScoreResult[]> {
  for (const { task } of items) if (task.image !== undefined) checkTaskImage(task.image);
  const { total } = context.slots;
  const most = Math.max(
    1,
    Math.min(items.length, availableParallelism() + 1, Math.floor(total / testSandboxes)),
  );
  const weight = Math.min(total, most * testSandboxes);
  const release = await context.slots.acquire(weight, { queueMs, signal });
  try {
    return await scoreCompletions({ items, concurrency: most, signal }).results();
  } finally {
    release();
  }
}

/** A task comes from a client, and paths of this machine are no images for it. */
function checkTaskImage(image: string): void {
  const parsed = imageNameSchema.safeParse(image);
  if (!parsed.success)
    throw new SameseedError("bad_argument", "a task's image is named by its name or digest");
  checkKnownImage(parsed.data);
}
