import { type Context, Hono } from "hono";

import { SameseedError } from "../../../base/error.ts";
import { packageVersion } from "../../../base/package-version.ts";
import { defaultImageName } from "../../../image/default-image.ts";
import type { JsonObject } from "../../../model/json.ts";
import { openRollout } from "../../../rollout/open-rollout.ts";
import type { ServerContext } from "../../context.ts";
import type { Door } from "../../door.ts";
import { check } from "../../http/route.ts";
import { json, toResponse } from "../../http/reply.ts";
import { environmentSchema } from "../../native/rollout-request.ts";
import { withRoom } from "../../native/with-room.ts";
import { readJson, workSignal } from "../door-work.ts";
import { OpenEnvSession } from "./openenv-session.ts";
import { answerTools } from "./openenv-tools.ts";
import { schemasOf } from "./openenv-values.ts";

/** What is played at the server's root, where a reset does not name another environment. */
const rootEnv = "CartPole-v1";
const socketPath = /^\/openenv\/([^/]{1,300})\/ws$/;
/** The most bytes of a message, as the protocol's own server takes them. */
const messageBytes = 100 * 1024 * 1024;
/** The most environments whose schemas are remembered. */
const schemasMost = 100;

/**
 * OpenEnv's protocol, for every environment: below `/openenv/<name>`, and at the root for the one that resets name. Each
 * connection has an environment, each reset is a fresh sandbox.
 */
export function makeOpenEnvDoor(context: ServerContext): Door {
  const app = new Hono();
  const schemas = new Map<string, Promise<JsonObject>>();
  const serving = new Set<Promise<void>>();
  for (const base of ["", "/openenv/:env"]) {
    app.get(`${base}/health`, () => toResponse(json({ status: "healthy" })));
    app.get(`${base}/metadata`, (c) => toResponse(json(metadataOf(envOf(c)))));
    app.get(`${base}/schema`, async (c) => toResponse(json(await schemaOf(envOf(c), c, context, schemas))));
    app.post(`${base}/mcp`, async (c) =>
      toResponse(json(await answerTools(await readJson(c, context), undefined))),
    );
  }
  app.get("/openenv/:env/openapi.json", (c) => toResponse(json(openApiOf(envOf(c)))));
  return {
    name: "openenv",
    app,
    sockets: [
      {
        path: "/ws",
        matches: (path) => socketPath.test(path),
        messageBytes,
        connect: (socket, { url }) => {
          const env = decodeURIComponent(socketPath.exec(url.pathname)?.[1] ?? rootEnv);
          const served = new OpenEnvSession(context, socket, env)
            .serve()
            .finally(() => serving.delete(served));
          serving.add(served);
        },
      },
    ],
    close: async () => void (await Promise.all(serving)),
  };
}

function envOf(c: Context): string {
  return c.req.param("env") ?? rootEnv;
}

function metadataOf(env: string): JsonObject {
  const description = `${env}, every episode in a fresh sandbox, recorded and reproducible from its seed`;
  return { name: env, description, version: packageVersion() };
}

async function schemaOf(
  env: string,
  c: Context,
  context: ServerContext,
  known: Map<string, Promise<JsonObject>>,
): Promise<JsonObject> {
  const name = check(environmentSchema, env, "the environment");
  if (typeof name !== "string") throw new SameseedError("bad_argument", "an environment is named here");
  let schemas = known.get(name);
  if (schemas === undefined) {
    const patience = { queueMs: 10_000, signal: workSignal(c, context) };
    schemas = withRoom(context, 1, patience, async () => {
      await using rollout = await openRollout({ envName: name, seed: 0, image: defaultImageName });
      return schemasOf(rollout.actionSpace, rollout.observationSpace);
    });
    if (known.size >= schemasMost) known.clear();
    known.set(name, schemas);
    schemas.catch(() => known.delete(name));
  }
  return await schemas;
}

/** What of it is HTTP. Episodes are played over the WebSocket alone: there is no `/reset`, `/step` or `/state`. */
function openApiOf(env: string): JsonObject {
  const answer: JsonObject = { responses: { 200: { description: "an answer" } } };
  return {
    openapi: "3.1.0",
    info: { title: env, version: packageVersion() },
    paths: {
      "/health": { get: answer },
      "/metadata": { get: answer },
      "/schema": { get: answer },
      "/mcp": { post: answer },
    },
  };
}
