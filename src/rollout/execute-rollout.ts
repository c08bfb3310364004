import { setTimeout as sleep } from "node:timers/promises";

import { SameseedError } from "../base/error.ts";
import type { Limits } from "../model/limits.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { BackendReceipt, RunningSandbox, SandboxBackend, SandboxEnd } from "../sandbox/contract.ts";
import { classifyRollout } from "./classify-rollout.ts";
import type { RolloutPlan } from "./plan-rollout.ts";
import { RolloutRecording } from "./rollout-recording.ts";

const saidBytesMost = 8192;
/** How long a policy that closed its link may take to be dead before it is ended. */
const policyGraceMs = 500;

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
  const said = ["", ""];
  let running: readonly RunningSandbox[] = [];
  running = await backend.start({
    members: plan.members,
    links: plan.links,
    ...(signal === undefined ? {} : { signal }),
    onOutput: (member, channel, data) => {
      if (channel === "stderr") said[member] = ((said[member] ?? "") + data.toString()).slice(-saidBytesMost);
      if (channel !== "stream" || member !== 0 || recording.push(data)) return;
      for (const each of running) each.kill();
    },
  });
  const startMs = await running[0]!.born;
  const referee = await running[0]!.ended;
  const policy = await endPolicy(running[1], recording.end?.error?.type === "eof");
  if (signal?.aborted === true) throw new SameseedError("aborted", "the rollout was aborted");
  const digests = recording.digests();
  const { outcome, fault } = classifyRollout({
    summary: recording.end,
    broken: recording.broken?.message,
    referee,
    policy,
    said: { referee: said[0] ?? "", policy: said[1] ?? "" },
  });
  const totalMs = performance.now() - calledAt;
  return {
    trajectory: recording.blob(),
    summary: {
      seed: plan.spec.seed,
      outcome,
      totalReward: recording.end?.totalReward ?? recording.rewardSum(),
      steps: digests.steps,
      digest: digests.digest,
      contentDigest: digests.contentDigest,
      playDigest: digests.playDigest,
      seeded: recording.end?.seeded ?? [],
      warnings: recording.end?.warnings ?? [],
      receipt: { ...receipt, limits },
      timings: { startMs: round(startMs), runMs: round(totalMs - startMs), totalMs: round(totalMs) },
      ...(fault === undefined ? {} : { error: fault }),
    },
  };
}

/**
 * Ends the policy's sandbox. Where the referee lost touch with it, how it ended by itself is part of the verdict, and it
 * gets a moment for that.
 */
async function endPolicy(
  policy: RunningSandbox | undefined,
  lostTouch: boolean,
): Promise<SandboxEnd | undefined> {
  if (policy === undefined) return undefined;
  if (lostTouch) {
    const own = await Promise.race([policy.ended, sleep(policyGraceMs, undefined, { ref: false })]);
    if (own !== undefined) return own;
  }
  policy.kill();
  await policy.ended;
  return undefined;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
