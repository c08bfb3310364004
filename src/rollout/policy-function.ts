import { isSameseedError, toError } from "../base/error.ts";
import { type ActionValue, toTyped, type TypedObject, type TypedValue } from "../model/cbor/typed-value.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { CallerFailure, LiveRolloutOptions, Question } from "./live-options.ts";
import { LiveRollout } from "./live-rollout.ts";
import type { RolloutPlan } from "./plan-rollout.ts";
import type { SandboxStarter } from "./run-group.ts";

/** What a seat sees when it is its turn. */
export interface Turn {
  /** With its types: an array is an `NdArray`. */
  readonly observation: TypedValue;
  readonly info: TypedObject;
  /** The numbers of the legal actions, where the environment says which they are. */
  readonly legal: readonly number[] | null;
  /** `agent` where there is one. */
  readonly seat: string;
  /** The step that the action is for, from 1. */
  readonly step: number;
  /** The rollout's seed. */
  readonly seed: number;
  /** Fires when the action is not wanted any more. */
  readonly signal: AbortSignal;
}

/**
 * A policy in the caller's own process. What it throws ends its rollout as a `policy_error` with its stack as the
 * traceback; other rollouts go on.
 */
export type PolicyFunction = (turn: Turn) => ActionValue | Promise<ActionValue>;

/** The functions of a rollout, by seat. */
export type PolicyFunctions = Readonly<Record<string, PolicyFunction>>;

/** Runs one rollout whose caller answers with functions. @throws as `LiveRollout.run` */
export async function runWithFunctions(
  backend: SandboxStarter,
  plan: RolloutPlan,
  functions: PolicyFunctions,
  options: Omit<LiveRolloutOptions, "onQuestion">,
): Promise<RecordedRollout> {
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const { seed } = plan.spec;
  const live = new LiveRollout(plan, {
    ...options,
    onQuestion: (question) => void answer(live, functions, question, seed, signal),
  });
  try {
    return await live.run(backend);
  } finally {
    over.abort();
  }
}

/** What a function is told of a question. */
export function turnOf({ seat, step, legal, record }: Question, seed: number, signal: AbortSignal): Turn {
  return {
    observation: toTyped(record.observation),
    info: toTyped(record.info) as TypedObject,
    legal,
    seat,
    step,
    seed,
    signal,
  };
}

async function answer(
  live: LiveRollout,
  functions: PolicyFunctions,
  question: Question,
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    const action = await functions[question.seat]!(turnOf(question, seed, signal));
    // The rollout may have ended meanwhile: by its limit, or by its caller's signal.
    if (live.isAsking) live.answer(action);
  } catch (error) {
    if (live.isAsking) live.fail(failureOf(error));
  }
}

/** What a recording says of an error that a function threw. */
function failureOf(thrown: unknown): CallerFailure {
  try {
    const error = toError(thrown);
    const type = isSameseedError(thrown) ? thrown.code : error.name;
    return { kind: "raised", type: text(type), message: text(error.message), traceback: text(error.stack) };
  } catch {
    // Anything can be thrown, also what cannot even be asked what it is.
    return { kind: "raised", type: "Error", message: "(the error cannot be read: asking it raised)" };
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
