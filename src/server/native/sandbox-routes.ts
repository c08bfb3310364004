import * as z from "zod";

import { defaultImageName } from "../../image/default-image.ts";
import { maxLimitMs } from "../../model/limits.ts";
import { worldModeSchema } from "../../model/rollout-schema.ts";
import { seedSchema } from "../../model/seed.ts";
import { asServerError, json, noContent } from "../http/reply.ts";
import { type Route, route } from "../http/route.ts";
import { saysNothingHappened } from "../once.ts";
import { checkKnownImage, imageNameSchema } from "./known-image.ts";
import type { Sandboxes } from "./sandboxes.ts";
import type { ServedOptions, ServedSandbox } from "./served-sandbox.ts";

const ms = z.int().min(1).max(maxLimitMs).optional();
const mb = z
  .int()
  .min(1)
  .max(1024 * 1024)
  .optional();

/** How a client asks for a sandbox: the SDK's options, without those that only a program of this machine can give. */
export const createSchema: z.ZodType<CreateRequest> = z.strictObject({
  image: imageNameSchema.default(defaultImageName),
  backend: z.enum(["zygote", "cold"]).optional(),
  world: worldModeSchema.optional(),
  seed: seedSchema.optional(),
  timeoutMs: ms,
  cpuMs: ms,
  memoryMb: mb,
  processes: z.int().min(1).max(32_768).optional(),
  diskMb: mb,
  outputBytes: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .optional(),
  env: z.record(z.string(), z.string()).optional(),
});

/** What a client may decide; the image is one of the server's, by name. */
type CreateRequest = Omit<ServedOptions, "network">;

const sandboxSchema = z.object({
  sandbox: z.string(),
  /** Who owns it. */
  lease: z.string(),
  image: z.string(),
  createdAt: z.string(),
  /** The sandboxes whose files it began with, the first of all first. */
  lineage: z.array(z.string()),
});

const forkErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  context: z.record(z.string(), z.unknown()).optional(),
});

const shownSchema = sandboxSchema.extend({
  processes: z.int(),
  /** What is enforced. */
  receipt: z.record(z.string(), z.unknown()),
});

const tag = "sandboxes";

/** Sandboxes: one fresh, isolated process tree each. */
export function sandboxRoutes(sandboxes: Sandboxes): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/v1/sandboxes",
      tag,
      summary: "Create a sandbox; without a lease it lives for as long as requests name it",
      body: createSchema,
      once: "stored",
      queues: true,
      leased: true,
      answers: { 201: sandboxSchema },
      handle: async ({ body, lease, queueMs, signal }) => {
        const options = { ...body, image: checkKnownImage(body.image) };
        return json(viewOf(await sandboxes.create(options, () => lease, { queueMs, signal })), 201);
      },
    }),
    route({
      method: "GET",
      path: "/v1/sandboxes",
      tag,
      summary: "List open sandboxes",
      answers: { 200: z.object({ sandboxes: z.array(sandboxSchema) }) },
      handle: () => json({ sandboxes: sandboxes.all.map(viewOf) }),
    }),
    route({
      method: "GET",
      path: "/v1/sandboxes/{sandbox}",
      tag,
      summary: "Show a sandbox and its receipt",
      answers: { 200: shownSchema },
      handle: async ({ params }) => {
        const served = sandboxes.find(params["sandbox"]!);
        return json({
          ...viewOf(served),
          processes: served.processes.length,
          receipt: await served.sandbox.receipt(),
        });
      },
    }),
    route({
      method: "DELETE",
      path: "/v1/sandboxes/{sandbox}",
      tag,
      summary: "Close a sandbox and everything in it; answers when nothing is left",
      once: "stored",
      answers: { 204: null },
      handle: async ({ params }) => {
        await sandboxes.find(params["sandbox"]!).close();
        return noContent();
      },
    }),
    forkRoute(sandboxes, "/v1/sandboxes/{sandbox}/fork"),
    // The address that others have agreed on for it.
    forkRoute(sandboxes, "/sandboxes/{sandbox}/fork"),
  ];
}

function forkRoute(sandboxes: Sandboxes, path: string): Route {
  return route({
    method: "POST",
    path,
    tag,
    summary:
      "Copy its files into `count` fresh sandboxes; answers not_copyable while processes are alive in it, which are not copied",
    body: z.strictObject({ count: z.int().min(1).max(100).default(1) }),
    once: "stored",
    queues: true,
    leased: true,
    answers: {
      201: z.array(
        z.union([z.strictObject({ sandbox: sandboxSchema }), z.strictObject({ error: forkErrorSchema })]),
      ),
    },
    handle: async ({ params, body, lease, queueMs, signal }) => {
      const parent = sandboxes.find(params["sandbox"]!);
      const forks = await sandboxes.fork(parent, body.count, () => lease, { queueMs, signal });
      const refusals = forks.flatMap((fork) => (fork.status === "rejected" ? [fork.reason as unknown] : []));
      // Where there was room for none, nothing has happened: that is no answer to keep for a key.
      if (refusals.length === forks.length && refusals.every(saysNothingHappened)) throw refusals[0];
      const settled = forks.map((fork) =>
        fork.status === "fulfilled"
          ? { sandbox: viewOf(fork.value) }
          : { error: asServerError(fork.reason).toJSON() },
      );
      return json(settled, 201);
    },
  });
}

function viewOf({ id, lease, options, createdAt, lineage }: ServedSandbox): z.infer<typeof sandboxSchema> {
  return { sandbox: id, lease: lease.id, image: options.image, createdAt, lineage: [...lineage] };
}
