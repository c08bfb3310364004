/*
 * A recorded rollout whose caller is gone is run again by its own road: the same script asks the same questions, and what
 * answers is the recording. So the referee's memory, which an environment can see in addresses, is that of the first time.
 */
import type { RecordedRollout } from "../model/rollout.ts";
import type { LiveRolloutOptions, Question } from "./live-options.ts";
import { LiveRollout } from "./live-rollout.ts";
import type { RolloutPlan } from "./plan-rollout.ts";
import type { SandboxStarter } from "./run-group.ts";
import type { PolicyEnd } from "../harness/render-rollout.ts";

/** What a recording says of the answers that were given. */
export interface RecordedAnswers {
  /** The action of each step, of all seats, and the one that was refused; encoded, as recorded. */
  readonly actions: readonly Uint8Array[];
  /** The step after which they begin. @default 0 */
  readonly from?: number;
  /** How a policy ended the rollout, where one did. */
  readonly end?: PolicyEnd;
  /** What the recorded chain starts from: a rerun claims to be that rollout. */
  readonly manifest: Uint8Array;
}

/** Runs a rollout whose caller's answers are recorded. @throws as `LiveRollout.run` */
export async function runWithRecording(
  backend: SandboxStarter,
  plan: RolloutPlan,
  recorded: RecordedAnswers,
  options: Omit<LiveRolloutOptions, "onQuestion">,
): Promise<RecordedRollout> {
  const live = new LiveRollout(plan, {
    ...options,
    onQuestion: (question) => answer(live, question, recorded),
  });
  return await live.run(backend);
}

function answer(
  live: LiveRollout,
  { seat, step }: Question,
  { actions, from = 0, end }: RecordedAnswers,
): void {
  const action = actions[step - from - 1];
  if (action !== undefined) live.answerEncoded(action);
  else if (end !== undefined && end.error.seat === seat) {
    const { kind, type, message } = end.error;
    live.fail({ kind: kind === "limit" ? kind : "raised", type, message });
  } else live.leave();
}
