import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { maxLimitMs } from "../../model/limits.ts";
import { worldModeSchema } from "../../model/rollout-schema.ts";
import { seedSchema } from "../../model/seed.ts";
import type { SandboxOptions } from "../../sandbox/sandbox-options.ts";
import { json, noContent } from "../http/reply.ts";
import { type Route, route } from "../http/route.ts";
import { checkKnownImage, imageNameSchema } from "./known-image.ts";
import type { Sandboxes, ServedSandbox } from "./sandboxes.ts";

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
type CreateRequest = Omit<SandboxOptions, "network"> & { readonly image: string };

const sandboxSchema = z.object({
  sandbox: z.string(),
  /** Who owns it. */
  lease: z.string(),
  image: z.string(),
  createdAt: z.string(),
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
        return json(viewOf(await sandboxes.create(options, lease, { queueMs, signal })), 201);
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
    forkRoute(sandboxes),
  ];
}

function forkRoute(sandboxes: Sandboxes): Route {
  return route({
    method: "POST",
    path: "/v1/sandboxes/{sandbox}/fork",
    tag,
    summary: "Not offered for sandboxes: answers not_copyable; rollouts are branched over the WebSocket",
    body: z.strictObject({ count: z.int().min(1).max(100).optional() }),
    once: "stored",
    answers: {},
    handle: ({ params }) => {
      sandboxes.find(params["sandbox"]!);
      throw new SameseedError(
        "not_copyable",
        "a sandbox with processes of its own cannot be copied in memory",
        {
          hint: "branch a rollout over the WebSocket, or create another sandbox and run the same commands",
        },
      );
    },
  });
}

function viewOf({ id, lease, image, createdAt }: ServedSandbox): z.infer<typeof sandboxSchema> {
  return { sandbox: id, lease: lease.id, image, createdAt };
}
