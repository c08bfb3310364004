/*
 * Theory of operation. A connection has one environment at a time; each reset is a fresh sandbox, and the one before is over.
 * Messages are answered in their order. A connection that does not answer pings is ended, and what it had with it.
 */
import type { WebSocket } from "ws";
import * as z from "zod";

import { isSameseedError, SameseedError } from "../../../base/error.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import { seedSchema } from "../../../model/seed.ts";
import { openRollout } from "../../../rollout/open-rollout.ts";
import type { OpenRollout } from "../../../rollout/rollout-step.ts";
import type { ServerContext } from "../../context.ts";
import { check } from "../../http/route.ts";
import { asServerError } from "../../http/reply.ts";
import {
  rolloutFields,
  type RolloutRequest,
  sdkOptions,
  withEnvironment,
} from "../../native/rollout-request.ts";
import type { Release } from "../../slots.ts";
import { answerTools } from "./openenv-tools.ts";
import { observationData } from "./openenv-values.ts";

/** How long a reset waits for room: its clients wait a minute for an answer. */
const queueMs = 30_000;
const pingMs = 15_000;
/** The most messages that may be unanswered: clients send one and wait. */
const unansweredMost = 64;

const messageSchema = z.object({ type: z.string(), data: z.record(z.string(), z.json()).optional() });
const resetSchema = z.looseObject({
  seed: seedSchema.nullish(),
  episode_id: z.string().max(500).nullish(),
}) as z.ZodType<JsonObject & { readonly seed?: number | null; readonly episode_id?: string | null }>;
const actionSchema = z.object({ action: z.json() });

type Code =
  | "INVALID_JSON"
  | "UNKNOWN_TYPE"
  | "VALIDATION_ERROR"
  | "EXECUTION_ERROR"
  | "CAPACITY_REACHED"
  | "FACTORY_ERROR"
  | "SESSION_ERROR";

const codes: Readonly<Partial<Record<string, Code>>> = {
  bad_argument: "VALIDATION_ERROR",
  image_missing: "FACTORY_ERROR",
  server_full: "CAPACITY_REACHED",
  queue_timeout: "CAPACITY_REACHED",
  server_draining: "CAPACITY_REACHED",
};

/** One connection's environment. */
export class OpenEnvSession {
  readonly #context: ServerContext;
  readonly #socket: WebSocket;
  readonly #env: string;
  #rollout: OpenRollout | undefined;
  #release: Release | undefined;
  #episode: string | null = null;
  /** The seed of the next reset that has none. */
  #nextSeed = 0;
  #unanswered = 0;
  #isClosed = false;
  #turn: Promise<void> = Promise.resolve();

  /** @param env the environment's name, where a reset does not name another */
  constructor(context: ServerContext, socket: WebSocket, env: string) {
    this.#context = context;
    this.#socket = socket;
    this.#env = env;
  }

  /** Serves the connection. Resolves when it is closed and nothing of it is left. */
  async serve(): Promise<void> {
    const socket = this.#socket;
    const closed = Promise.withResolvers<void>();
    let isAlive = true;
    const ping = setInterval(() => {
      if (!isAlive) return socket.terminate();
      isAlive = false;
      socket.ping();
    }, pingMs);
    socket.on("pong", () => (isAlive = true));
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#take(isBinary ? "" : data.toString()));
    socket.on("close", () => closed.resolve());
    await closed.promise;
    clearInterval(ping);
    this.#isClosed = true;
    await this.#turn;
    await this.#end();
  }

  #take(text: string): void {
    if (++this.#unanswered > unansweredMost) return this.#socket.terminate();
    this.#turn = this.#turn.then(async () => {
      if (!this.#isClosed) await this.#answer(text);
      this.#unanswered--;
    });
  }

  async #answer(text: string): Promise<void> {
    let message: unknown;
    try {
      message = JSON.parse(text) as unknown;
    } catch {
      return this.#fail("INVALID_JSON", "the message is not JSON");
    }
    const parsed = messageSchema.safeParse(message);
    if (!parsed.success) return this.#fail("VALIDATION_ERROR", "a message is {type, data?}");
    const { type, data = {} } = parsed.data;
    try {
      await this.#do(type, data);
    } catch (thrown) {
      if (!isSameseedError(thrown)) this.#context.log.error("defect", { message: String(thrown) });
      const error = asServerError(thrown);
      this.#fail(codes[error.code] ?? "EXECUTION_ERROR", error.message);
    }
  }

  async #do(type: string, data: JsonObject): Promise<void> {
    switch (type) {
      case "reset":
        return this.#send("observation", await this.#reset(data));
      case "step":
        return this.#send("observation", await this.#step(data));
      case "state":
        return this.#send("state", this.#state());
      case "mcp":
        return this.#send("mcp", await answerTools(data, async (action) => await this.#step({ action })));
      case "close":
        return this.#socket.close(1000);
      default:
        return this.#fail("UNKNOWN_TYPE", `there is no message ${JSON.stringify(type.slice(0, 40))}`);
    }
  }

  async #reset(data: JsonObject): Promise<JsonObject> {
    const { seed, episode_id: episode, ...options } = check(resetSchema, data, "the reset");
    const request = check(requestSchema, { env: this.#env, ...options }, "the reset") as RolloutRequest;
    await this.#end();
    const release = await this.#context.slots.acquire(1, { queueMs, signal: this.#context.signal });
    const chosen = seed ?? this.#nextSeed;
    try {
      this.#rollout = await withEnvironment(
        request.env,
        async (envName) => await openRollout({ ...sdkOptions(request), envName, seed: chosen }),
      );
    } catch (error) {
      release();
      throw error;
    }
    this.#release = release;
    this.#context.metrics.opened("rollout");
    this.#nextSeed = chosen + 1;
    this.#episode = episode ?? `${nameOf(request.env)}:${chosen}`;
    return observationData(this.#rollout, { reward: null, terminated: false, truncated: false });
  }

  async #step(data: JsonObject): Promise<JsonObject> {
    const { action } = check(actionSchema, data, "the action");
    const rollout = this.#rollout;
    if (rollout === undefined)
      throw new SameseedError("rollout_over", "no episode has begun", { hint: "send a reset" });
    const { reward, terminated, truncated } = await rollout.step(action);
    return observationData(rollout, { reward, terminated, truncated });
  }

  #state(): JsonObject {
    const rollout = this.#rollout;
    return { episode_id: this.#episode, step_count: rollout?.steps ?? 0, seed: rollout?.seed ?? null };
  }

  async #end(): Promise<void> {
    const [rollout, release] = [this.#rollout, this.#release];
    this.#rollout = this.#release = undefined;
    try {
      await rollout?.close();
    } catch (error) {
      this.#context.log.warn("episode ended badly", { code: asServerError(error).code });
    }
    release?.();
  }

  #fail(code: Code, message: string): void {
    this.#send("error", { message, code });
  }

  #send(type: string, data: JsonValue): void {
    if (!this.#isClosed) this.#socket.send(JSON.stringify({ type, data }));
  }
}

const requestSchema = z.strictObject(rolloutFields);

function nameOf(env: RolloutRequest["env"]): string {
  return typeof env === "string" ? env : env.className;
}
