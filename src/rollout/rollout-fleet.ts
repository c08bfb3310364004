import { SameseedError } from "../base/error.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { ResolvedOptions } from "./rollout-config.ts";

/** Other machines that run rollouts, from `openFleet`. What they give is what this machine would: the same bytes for the same seeds. */
export interface RolloutFleet {
  /** As it was named. */
  readonly url: string;
}

/** A run that a fleet has made, and is asked to vouch for. */
export interface FleetRun {
  /** The run's folder. */
  readonly dir: string;
  readonly options: ResolvedOptions;
  readonly signal?: AbortSignal | undefined;
}

/** What a call of a fleet was, for what it vouches for. */
export interface FleetMade {
  /** What names in the store what was asked for. */
  readonly spec: string;
  readonly store: string;
}

/** What a fleet does beside rollouts. */
export type FleetWorkKind = "scores" | "audits";

/** An item of a fleet's work. */
export interface FleetItem {
  readonly own: JsonObject;
  /** What several items share is one and the same value. */
  readonly shared?: JsonValue;
  /** What its rollouts run with, where it runs any. */
  readonly options?: ResolvedOptions;
}

/** Work that is no rollout of a seed: items that hosts do one by one, each by itself. */
export interface FleetWork {
  readonly kind: FleetWorkKind;
  /** For people who look at the fleet. */
  readonly title: string;
  readonly items: readonly FleetItem[];
  /** Numbers of the items that are to be done. */
  readonly wanted: readonly number[];
  /** Digests of images, 64 hex digits, by the names that items call them. */
  readonly images: Readonly<Record<string, string>>;
  /** Where it is given, nothing is taken from what another call has left. */
  readonly call?: string;
  /** Whether an item's answer is of the form it must have. One that is not is refused, and the item is done elsewhere. */
  readonly isAnswer: (answer: JsonValue, at: number) => boolean;
  /** Told when everything was handed on. */
  readonly onDone?: (made: FleetMade) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What came of an item: what its host said, or why no host could do it. */
export type FleetAnswer =
  | { readonly at: number; readonly answer: JsonValue }
  | { readonly at: number; readonly lost: string };

/** What a fleet does for whoever runs rollouts. */
export interface FleetEngine {
  /**
   * Runs rollouts and yields them as recorded, in the order they finish.
   * @throws as a local call; `queue_timeout`, `fleet_disagrees`, `io_failed`
   */
  rollouts(
    options: ResolvedOptions,
    seeds: Iterable<number>,
    call: { readonly signal?: AbortSignal },
  ): AsyncGenerator<RecordedRollout, void, undefined>;
  /**
   * Does work and yields what comes of each item, in the order they finish.
   * @throws `protocol_broken` where hosts give nothing that is an answer; what hosts say of it where it is misuse; `queue_timeout`, `io_failed`
   */
  answers(work: FleetWork): AsyncGenerator<FleetAnswer, void, undefined>;
  /**
   * Writes beside a run that is complete what the fleet vouches for, unless that is there.
   * @throws `fleet_disagrees` where the fleet's store does not say the same
   */
  certify(run: FleetRun): Promise<void>;
  /**
   * Writes beside scores that are complete what the fleet vouches for.
   * @param made what the call was that asked for them; undefined where none was missing
   * @returns false where it takes such a call: there is nothing yet
   * @throws `fleet_disagrees` where the fleet's store does not say the same
   */
  certifyScores(dir: string, made: FleetMade | undefined): Promise<boolean>;
  /**
   * Runs rollouts of a run that it vouches for a second time, on other hosts, and writes anew what it vouches for.
   * @throws `fleet_disagrees`; `not_found` where it vouches for nothing there
   */
  audit(dir: string, signal: AbortSignal): Promise<void>;
}

/** What says that a host's answer is not of the form it must have. */
export function malformedAnswer(kind: FleetWorkKind): SameseedError {
  const what = { scores: "score", audits: "audit" }[kind];
  return new SameseedError("protocol_broken", `a host of the fleet gave something that is no ${what}`, {
    hint: "run the same version of Sameseed on every host of the fleet",
  });
}

const engines = new WeakMap<RolloutFleet, FleetEngine>();

/** Makes a fleet of what does its work. */
export function makeFleet(url: string, engine: FleetEngine): RolloutFleet {
  const fleet: RolloutFleet = { url };
  engines.set(fleet, engine);
  return fleet;
}

/**
 * What does a fleet's work.
 * @throws `bad_argument` for what `openFleet` did not make
 */
export function engineOf(fleet: RolloutFleet): FleetEngine {
  const engine = engines.get(fleet);
  if (engine !== undefined) return engine;
  throw new SameseedError("bad_argument", "`fleet` is not a fleet", {
    hint: "make it with openFleet(URL)",
  });
}
