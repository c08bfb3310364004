import { type Context, Hono } from "hono";
import type { WebSocket } from "ws";
import * as z from "zod";

import { SameseedError, toError } from "../../../base/error.ts";
import { packageVersion } from "../../../base/package-version.ts";
import { defaultImageName } from "../../../image/default-image.ts";
import type { JsonObject } from "../../../model/json.ts";
import { openRollout } from "../../../rollout/open-rollout.ts";
import type { ServerContext } from "../../context.ts";
import type { Door, SocketRequest } from "../../door.ts";
import { DoorRoutes } from "../../http/door-routes.ts";
import { check } from "../../http/route.ts";
import { asServerError, json, toResponse } from "../../http/reply.ts";
import { environmentSchema } from "../../native/rollout-request.ts";
import { withRoom } from "../../native/with-room.ts";
import { readJson, workSignal } from "../door-work.ts";
import { OpenEnvEpisodes } from "./openenv-episodes.ts";
import { McpSessions } from "./openenv-mcp-sessions.ts";
import { OpenEnvSession } from "./openenv-session.ts";
import { answerTools, type ToolsCaller } from "./openenv-tools.ts";
import { schemasOf } from "./openenv-values.ts";

/** What is played at the server's root, where a reset does not name another environment. */
const rootEnv = "CartPole-v1";
const socketPath = /^\/openenv\/([^/]{1,300})\/ws$/;
/** The most bytes of a message, as the protocol's own server takes them. */
const messageBytes = 100 * 1024 * 1024;
const bodySchema: z.ZodType<JsonObject> = z.record(z.string(), z.json());
const stepSchema = z.object({ action: z.object({ action: z.json() }) });
/** Fields of a step's body that are not of the reset before it. */
const ofStep: ReadonlySet<string> = new Set(["action", "timeout_s", "request_id"]);
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
  const sessions = new McpSessions(context);
  const routes = new DoorRoutes(app, "OpenEnv");
  for (const base of ["", "/openenv/:env"]) {
    routes.get(`${base}/health`, "Tell that the environment is there", () =>
      toResponse(json({ status: "healthy" })),
    );
    routes.get(`${base}/metadata`, "Name and describe the environment", (c) =>
      toResponse(json(metadataOf(envOf(c)))),
    );
    routes.get(`${base}/schema`, "Show the schemas of action, observation and state", async (c) =>
      toResponse(json(await schemaOf(envOf(c), c, context, schemas))),
    );
    const asked = {
      summary: "Answer MCP's JSON-RPC: the environment as a tool, in sessions",
      body: z.json(),
    };
    routes.post(`${base}/mcp`, asked, async (c) =>
      toResponse(json(await answerTools(await readJson(c, context), callerOf(sessions, envOf(c))))),
    );
    addStateless(routes, base, context);
  }
  routes.get("/openenv/:env/openapi.json", "Show the environment's own routes", (c) =>
    toResponse(json(openApiOf(envOf(c)))),
  );
  return {
    name: "openenv",
    app,
    described: routes.described,
    sockets: [
      {
        path: "/ws",
        matches: (path) => socketPath.test(path),
        messageBytes,
        connect: (socket, request) => {
          const served = serveSocket(context, sessions, socket, request)
            .catch((error: unknown) => {
              // Nobody awaits it before the server ends: a failure is this connection's, and no reason to end the others.
              context.log.error("defect", { message: toError(error).stack ?? "" });
              socket.terminate();
            })
            .finally(() => serving.delete(served));
          serving.add(served);
        },
      },
    ],
    close: async () => void (await Promise.all(serving)),
  };
}

/** Serves a connection: an environment of its own, or that of the session that it joins. */
async function serveSocket(
  context: ServerContext,
  sessions: McpSessions,
  socket: WebSocket,
  { url, bytes }: SocketRequest,
): Promise<void> {
  const env = decoded(socketPath.exec(url.pathname)?.[1] ?? rootEnv);
  if (env === undefined) return socket.close(1008, "the environment's name is not percent-encoded UTF-8");
  const named = url.searchParams.get("session_id");
  if (named === null) {
    const episodes = new OpenEnvEpisodes(context, env);
    try {
      await new OpenEnvSession(context, socket, bytes, episodes).serve();
    } finally {
      await episodes.end();
    }
    return;
  }
  const session = sessions.find(named);
  if (session === undefined || session.isJoined) {
    const said = session === undefined ? "Unknown session_id" : "another connection has the session";
    socket.send(JSON.stringify({ type: "error", data: { message: said, code: "SESSION_ERROR" } }));
    socket.close(1008);
    return;
  }
  session.isJoined = true;
  const release = session.lease.hold();
  try {
    await new OpenEnvSession(context, socket, bytes, session.episodes).serve();
  } finally {
    session.isJoined = false;
    release();
  }
}

/** The text of a path's part; undefined where it has none. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** What requests without a connection may ask: a session that they name. */
function callerOf(sessions: McpSessions, env: string): ToolsCaller {
  return {
    step: async (action, id) => {
      const session = id === undefined ? undefined : sessions.find(id);
      const release = session?.lease.hold();
      try {
        return await session?.episodes.step({ action });
      } finally {
        release?.();
      }
    },
    create: async (reset) => (await sessions.create(env, reset))?.id,
    close: async (id) => {
      const session = sessions.find(id);
      if (session === undefined) return undefined;
      if (session.isJoined) return false;
      return await sessions.close(id);
    },
  };
}

/** Requests that each begin an environment of their own, and end it: of a step, that is the first one behind a reset. */
function addStateless(routes: DoorRoutes, base: string, context: ServerContext): void {
  const answer = async (
    c: Context,
    work: (episodes: OpenEnvEpisodes, body: JsonObject) => Promise<JsonObject>,
  ) => {
    const episodes = new OpenEnvEpisodes(context, envOf(c));
    try {
      const body = check(bodySchema, await readJson(c, context), "the body");
      return toResponse(json(await work(episodes, body)));
    } catch (error) {
      const { code, message, kind } = asServerError(error);
      return toResponse(json({ detail: message }, code === "bad_argument" ? 422 : kind.httpStatus));
    } finally {
      await episodes.end();
    }
  };
  routes.post(
    `${base}/reset`,
    { summary: "Begin an environment for this request alone, and show how it begins", body: bodySchema },
    async (c) => await answer(c, async (episodes, body) => await episodes.reset(body)),
  );
  const step = { summary: "Take a step behind a reset, for this request alone", body: stepSchema };
  routes.post(`${base}/step`, step, async (c) =>
    answer(c, async (episodes, body) => {
      const { action } = check(stepSchema, body, "the body");
      await episodes.reset(Object.fromEntries(Object.entries(body).filter(([name]) => !ofStep.has(name))));
      return await episodes.step(action);
    }),
  );
  routes.get(`${base}/state`, "Show the state of an environment that nothing was done with", (c) =>
    toResponse(json(new OpenEnvEpisodes(context, envOf(c)).state())),
  );
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

/** What of it is HTTP. */
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
      "/reset": { post: answer },
      "/step": { post: answer },
      "/state": { get: answer },
    },
  };
}
