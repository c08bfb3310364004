import { setTimeout as sleep } from "node:timers/promises";

import { SameseedError } from "../base/error.ts";
import type { Limits } from "../model/limits.ts";
import type { RecordedRollout, RolloutSummary, SeatUse } from "../model/rollout.ts";
import type { BackendReceipt, RunningSandbox, SandboxBackend, SandboxEnd } from "../sandbox/contract.ts";
import { classifyRollout, type Classified } from "./classify-rollout.ts";
import { LastWords } from "./last-words.ts";
import type { RolloutPlan } from "./plan-rollout.ts";
import { RolloutRecording } from "../trajectory/rollout-recording.ts";

/** How long a policy that closed its link may take to be dead before it is ended. */
const policyGraceMs = 3000;

/**
 * Runs one rollout in fresh sandboxes. Everything the environment or the policy can do wrong is in the result;
 * what is thrown is the host's failure or the caller's abort.
 * @throws `aborted`, `sandbox_failed`, `zygote_failed`, `wall_unavailable`, `tool_missing`
 */
export async function executeRollout(
  backend: SandboxBackend,
  receipt: BackendReceipt,
  plan: RolloutPlan,
  limits: Limits,
  signal?: AbortSignal,
): Promise<RecordedRollout> {
  const calledAt = performance.now();
  const recording = new RolloutRecording(plan.manifest);
  const said = new LastWords();
  let running: readonly RunningSandbox[] = [];
  running = await backend.start({
    members: plan.members,
    links: plan.links,
    ...(signal === undefined ? {} : { signal }),
    onOutput: (member, channel, data) => {
      if (channel === "stderr") said.push(member, data);
      if (channel !== "stream" || member !== 0 || recording.push(data)) return;
      for (const each of running) each.kill();
    },
  });
  const startMs = await running[0]!.born;
  const referee = await running[0]!.ended;
  const judged = await judge(plan, recording, running, referee, said);
  if (signal?.aborted === true) throw new SameseedError("aborted", "the rollout was aborted");
  const totalMs = performance.now() - calledAt;
  const rollout = summarize(plan, recording, judged, {
    receipt: { ...receipt, limits },
    timings: { startMs: round(startMs), runMs: round(totalMs - startMs), totalMs: round(totalMs) },
  });
  const { seats } = plan;
  return seats === undefined ? rollout : { ...rollout, seats: await seatsUse(seats, running, said) };
}

/** What the seats' sandboxes used, when all of them are over. */
export async function seatsUse(
  seats: readonly string[],
  running: readonly RunningSandbox[],
  said: LastWords,
): Promise<SeatUse[]> {
  const ends = await Promise.all(running.slice(1).map(async ({ ended }) => await ended));
  return seats.map((seat, at) => ({ seat, cpuMs: ends[at]?.cpuMs ?? 0, stderr: said.of(at + 1) }));
}

/** Ends the policies' sandboxes and gives the rollout its verdict. */
export async function judge(
  plan: RolloutPlan,
  recording: RolloutRecording,
  running: readonly RunningSandbox[],
  referee: SandboxEnd,
  said: LastWords,
): Promise<Classified> {
  const error = recording.end?.error;
  const lost = error?.type === "eof" ? missedMember(plan, error.seat) : undefined;
  const ends = await Promise.all(
    running.slice(1).map(async (policy, at) => await endPolicy(policy, at + 1 === lost)),
  );
  const clocks = plan.spec.policy.kind === "seats" ? plan.spec.policy.clocks : undefined;
  return classifyRollout({
    summary: recording.end,
    broken: recording.broken?.message,
    referee,
    policy: ends[(lost ?? 1) - 1],
    said: { referee: said.of(0), policy: said.of(lost ?? 1) },
    ...(clocks === undefined ? {} : { moveCpuMs: clocks.moveCpuMs }),
  });
}

/** Which member of the group fell silent. */
function missedMember({ seats }: RolloutPlan, seat: string | undefined): number {
  return seats === undefined || seat === undefined ? 1 : seats.indexOf(seat) + 1;
}

/** The row and the bytes of a rollout that is over. */
export function summarize(
  { spec }: RolloutPlan,
  recording: RolloutRecording,
  { outcome, fault }: Classified,
  measured: Pick<RolloutSummary, "receipt" | "timings">,
): RecordedRollout {
  const digests = recording.digests();
  const { receipt, timings } = measured;
  return {
    trajectory: recording.blob(),
    summary: {
      seed: spec.seed,
      outcome,
      totalReward: recording.end?.totalReward ?? recording.rewardSum(),
      steps: digests.steps,
      digest: digests.digest,
      contentDigest: digests.contentDigest,
      playDigest: digests.playDigest,
      seeded: recording.end?.seeded ?? [],
      warnings: recording.end?.warnings ?? [],
      receipt: withoutHold(receipt, recording.end?.notHeld ?? []),
      timings,
      ...(fault === undefined ? {} : { error: fault }),
    },
  };
}

/** The receipt of a rollout in whose process more of the world turned out not to hold than its zygote could know. */
export function withoutHold<R extends BackendReceipt>(receipt: R, notHeld: readonly string[]): R {
  const all = [...new Set([...receipt.world.notHeld, ...notHeld])];
  if (all.length === receipt.world.notHeld.length) return receipt;
  return { ...receipt, world: { ...receipt.world, notHeld: all }, tier: "T1" };
}

/**
 * Ends the policy's sandbox. Where the referee lost touch with it, how it ended by itself is part of the verdict, and it
 * gets a moment for that.
 */
async function endPolicy(policy: RunningSandbox, lostTouch: boolean): Promise<SandboxEnd | undefined> {
  if (lostTouch) {
    const own = await Promise.race([policy.ended, sleep(policyGraceMs, undefined, { ref: false })]);
    if (own !== undefined) return own;
  }
  policy.kill();
  await policy.ended;
  return undefined;
}

/** Milliseconds as timings have them. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
