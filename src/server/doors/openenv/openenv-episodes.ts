import * as z from "zod";

import { SameseedError } from "../../../base/error.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";
import { seedSchema } from "../../../model/seed.ts";
import { openRollout } from "../../../rollout/open-rollout.ts";
import type { OpenRollout } from "../../../rollout/rollout-step.ts";
import type { ServerContext } from "../../context.ts";
import { asServerError } from "../../http/reply.ts";
import { check } from "../../http/route.ts";
import {
  rolloutFields,
  type RolloutRequest,
  sdkOptions,
  withEnvironment,
} from "../../native/rollout-request.ts";
import type { Release } from "../../slots.ts";
import { observationData } from "./openenv-values.ts";

/** How long a reset waits for room: its clients wait a minute for an answer. */
const queueMs = 30_000;

const resetSchema = z.looseObject({
  seed: seedSchema.nullish(),
  episode_id: z.string().max(500).nullish(),
}) as z.ZodType<JsonObject & { readonly seed?: number | null; readonly episode_id?: string | null }>;
// What comes here was read as JSON.
const actionSchema = z.looseObject({ action: z.unknown() }) as unknown as z.ZodType<{
  readonly action?: JsonValue;
}>;
const requestSchema = z.strictObject(rolloutFields);

/** One environment of a client's: episodes one after the other, each in a fresh sandbox. What is asked of it is done in its order. */
export class OpenEnvEpisodes {
  readonly #context: ServerContext;
  readonly #env: string;
  #rollout: OpenRollout | undefined;
  #release: Release | undefined;
  #episode: string | null = null;
  /** The seed of the next reset that has none. */
  #nextSeed = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param env the environment's name, where a reset does not name another */
  constructor(context: ServerContext, env: string) {
    this.#context = context;
    this.#env = env;
  }

  /** Ends the episode before, and begins one. @returns an observation's data @throws as `openRollout` and `Slots.acquire` */
  async reset(data: JsonObject): Promise<JsonObject> {
    return await this.#inTurn(async () => await this.#reset(data));
  }

  /** Takes an action. @returns an observation's data @throws `rollout_over` where no episode is open; as `OpenRollout.step` */
  async step(data: JsonObject): Promise<JsonObject> {
    return await this.#inTurn(async () => await this.#step(data));
  }

  /** Where the episode stands. */
  state(): JsonObject {
    const rollout = this.#rollout;
    return { episode_id: this.#episode, step_count: rollout?.steps ?? 0, seed: rollout?.seed ?? null };
  }

  /** Ends the episode that is open, and what it has. */
  async end(): Promise<void> {
    await this.#inTurn(async () => await this.#end());
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return await turn;
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
    if (action === undefined) throw new SameseedError("bad_argument", "a step's data is { action }");
    const rollout = this.#rollout;
    if (rollout === undefined)
      throw new SameseedError("rollout_over", "no episode has begun", { hint: "send a reset" });
    const { reward, terminated, truncated } = await rollout.step(action);
    return observationData(rollout, { reward, terminated, truncated });
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
}

function nameOf(env: RolloutRequest["env"]): string {
  return typeof env === "string" ? env : env.className;
}
