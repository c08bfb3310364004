import { toError } from "../../../base/error.ts";
import { NdArray } from "../../../model/cbor/ndarray.ts";
import { float, type Float, type TypedObject, type TypedValue } from "../../../model/cbor/typed-value.ts";
import type { Space } from "../../../model/spaces.ts";
import type { RolloutResult } from "../../../rollout/rollout-result.ts";
import type { OpenRollout, RolloutStep } from "../../../rollout/rollout-step.ts";
import type { RolloutVector, VectorStep } from "../../../rollout/vector-step.ts";

/** A map that is answered. */
export type AnswerMap = Readonly<Record<string, TypedValue | Float | undefined>>;

/** What is told of an open rollout. */
export function rolloutView(id: string, seq: number, rollout: OpenRollout): AnswerMap {
  const { seed, steps, isOver, observation, info, legal } = rollout;
  return {
    rollout: id,
    seq,
    seed,
    steps,
    isOver,
    observation,
    info,
    legal,
    actionSpace: spaceOf(rollout.actionSpace),
    observationSpace: spaceOf(rollout.observationSpace),
  };
}

/** What is told of a step. */
export function stepAnswer(step: RolloutStep, { steps, legal, isOver }: OpenRollout): AnswerMap {
  const { observation, reward, terminated, truncated, info } = step;
  return {
    steps,
    observation,
    reward: float(reward),
    terminated,
    truncated,
    info,
    legal,
    isOver: isOver || terminated || truncated,
  };
}

/** A space: a map as the SDK has it. */
export function spaceOf(space: Space | undefined): TypedValue {
  return space === undefined ? null : space;
}

/** A summary as JSON text. */
export function summaryText(result: RolloutResult): string {
  return JSON.stringify({ ...result, trajectory: undefined });
}

/** What is told of a vector. */
export function vectorView(id: string, seq: number, vector: RolloutVector): AnswerMap {
  const { count, seeds, observations, infos, legal } = vector;
  return {
    vector: id,
    seq,
    count,
    seeds,
    observations: stacked(observations),
    infos: present(infos),
    legal: legalOf(legal),
    actionSpace: spaceOf(vector.actionSpace),
    observationSpace: spaceOf(vector.observationSpace),
  };
}

/** What a step of a vector shows. */
export interface ShownStep {
  readonly step: VectorStep;
  /** The observations and infos that are shown: after the resets where there were any. */
  readonly observations: readonly TypedValue[];
  readonly infos: readonly TypedObject[];
  /** Whether the last of each episode that ended has to be told beside. */
  readonly tellsFinal: boolean;
  readonly episodes: readonly TypedObject[];
}

/** A step of a vector. */
export function vectorStepAnswer(shown: ShownStep, { legal, seeds }: RolloutVector): AnswerMap {
  const { step, observations, infos, tellsFinal, episodes } = shown;
  const { rewards, terminated, truncated, finalObs, finalInfo } = step;
  const ended = finalObs.flatMap((observation, at) =>
    observation === undefined ? [] : [[at, observation, finalInfo[at] ?? {}] as const],
  );
  return {
    observations: stacked(observations),
    rewards: new NdArray("float64", rewards),
    terminated: flags(terminated),
    truncated: flags(truncated),
    infos: present(infos),
    final: tellsFinal ? ended : [],
    legal: legalOf(legal),
    seeds,
    episodes,
  };
}

/** One array for all, where they are arrays of one kind. */
export function stacked(values: readonly TypedValue[]): TypedValue {
  const [first] = values;
  if (!(first instanceof NdArray)) return values;
  const { dtype, shape, data: firstData } = first;
  const isLike = (value: TypedValue): value is NdArray =>
    value instanceof NdArray &&
    value.dtype === dtype &&
    value.shape.length === shape.length &&
    value.shape.every((size, at) => size === shape[at]);
  if (!values.every(isLike)) return values;
  const all = firstData.constructor as new (length: number) => typeof firstData;
  const data = new all(firstData.length * values.length);
  for (const [at, value] of values.entries())
    (data as Float64Array).set((value as NdArray<"float64">).data, at * firstData.length);
  return new NdArray(dtype, data, [values.length, ...shape]);
}

/** The error of a settled branch. */
export function errorOf(reason: unknown): string {
  return toError(reason).message;
}

function flags(values: readonly boolean[]): NdArray {
  return new NdArray("bool", Uint8Array.from(values, Number));
}

function present(infos: readonly TypedObject[]): TypedValue {
  return infos.flatMap((info, at) => (Object.keys(info).length === 0 ? [] : [[at, info]]));
}

function legalOf(legal: readonly (readonly number[] | null)[]): TypedValue {
  return legal.every((each) => each === null) ? null : legal;
}
