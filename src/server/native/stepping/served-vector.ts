import * as z from "zod";

import { isSameseedError, SameseedError } from "../../../base/error.ts";
import { NdArray, toNdArray } from "../../../model/cbor/ndarray.ts";
import type { ActionValue, TypedObject } from "../../../model/cbor/typed-value.ts";
import type { CborValue } from "../../../model/cbor/value.ts";
import type { RolloutVector, VectorEpisode } from "../../../rollout/vector-step.ts";
import { type Lease, makeId } from "../../leases.ts";
import type { Release } from "../../slots.ts";
import { Sequence } from "./sequence.ts";
import type { Autoreset, CallFields } from "./stepping-schema.ts";
import { summaryText, vectorStepAnswer, vectorView } from "./views.ts";
import { encodeAnswer, toAction } from "./wire.ts";

/** Rollouts of a client's that are stepped together. */
export class ServedVector {
  readonly id: string = makeId("ve");
  readonly sequence: Sequence = new Sequence();
  readonly lease: Lease;
  readonly #autoreset: Autoreset;
  readonly #release: Release;
  #vector!: RolloutVector;
  #episodes: VectorEpisode[] = [];

  constructor(lease: Lease, autoreset: Autoreset, release: Release) {
    this.lease = lease;
    this.#autoreset = autoreset;
    this.#release = release;
  }

  /** Takes over the SDK's vector, which is opened with {@link onEpisode}. */
  begin(vector: RolloutVector): void {
    this.#vector = vector;
  }

  /** Takes an episode that is over; the next answer tells of it. */
  readonly onEpisode = (episode: VectorEpisode): void => {
    this.#episodes.push(episode);
  };

  /** What is told of it. */
  view(): Uint8Array {
    return encodeAnswer(vectorView(this.id, this.sequence.last, this.#vector));
  }

  /** Takes a step in each environment, and begins the next episodes where the mode says so. */
  async step(fields: CallFields): Promise<Uint8Array> {
    const vector = this.#vector;
    const step = await vector.step(actionsOf(fields.value("actions"), vector.count));
    const ended = [...step.terminated.keys()].filter(
      (at) => step.terminated[at] === true || step.truncated[at] === true,
    );
    const begins = this.#autoreset === "same_step" && ended.length > 0 && (await this.#beginNext(ended));
    return encodeAnswer(
      vectorStepAnswer(
        {
          step,
          observations: begins ? vector.observations : step.observations,
          infos: begins ? vector.infos : step.infos,
          tellsFinal: begins,
          episodes: this.#takeEpisodes(),
        },
        vector,
      ),
    );
  }

  /** Begins the next episode of some environments. */
  async reset(fields: CallFields): Promise<Uint8Array> {
    const environments = fields.read("environments", z.array(z.int().min(0).max(255)).max(256).optional());
    await this.#vector.reset(environments);
    this.#takeEpisodes();
    return this.view();
  }

  /** Ends it, and tells of the episodes that were not over. */
  async close(): Promise<Uint8Array> {
    const { schedule } = this.#vector;
    const results = await this.end();
    const last = new Map(schedule.map((begun) => [begun.seed, begun]));
    const episodes = results.map((result) => {
      const { environment = -1, episode = -1 } = last.get(result.seed) ?? {};
      return tellOf({ environment, episode, result });
    });
    return encodeAnswer({ episodes: [...this.#takeEpisodes(), ...episodes] });
  }

  /** Ends it, and gives its room back. */
  async end(): ReturnType<RolloutVector["close"]> {
    try {
      return await this.#vector.close();
    } finally {
      this.#release();
      this.lease.disown(this.id);
    }
  }

  /** Where no seed is left, the step stands, and its environments are over. */
  async #beginNext(ended: readonly number[]): Promise<boolean> {
    try {
      await this.#vector.reset(ended);
      return true;
    } catch (error) {
      if (isSameseedError(error) && error.code === "rollout_over") return false;
      throw error;
    }
  }

  #takeEpisodes(): TypedObject[] {
    const episodes = this.#episodes;
    this.#episodes = [];
    return episodes.map(tellOf);
  }
}

function tellOf({ environment, episode, result }: VectorEpisode): TypedObject {
  return { environment, episode, seed: result.seed, summary: summaryText(result) };
}

/** One action for each environment: of a list its items, of an array its parts. @throws `bad_argument` */
function actionsOf(value: CborValue, count: number): ActionValue[] {
  if (value.type === "list") return value.items.map(toAction);
  const [first, ...shape] = value.type === "ndarray" ? value.shape : [];
  if (value.type !== "ndarray" || first !== count)
    throw new SameseedError(
      "bad_argument",
      `actions are a list of ${count}, or an array whose first dimension is ${count}`,
    );
  const { dtype, data } = toNdArray(value);
  const size = data.length / count;
  return Array.from(
    { length: count },
    (_, at) => new NdArray(dtype, data.slice(at * size, (at + 1) * size) as typeof data, shape),
  );
}
