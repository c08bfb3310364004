import { executeRollout } from "../rollout/execute-rollout.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import { resolveOptions } from "../rollout/rollout-config.ts";
import type { SandboxBackend } from "../sandbox/contract.ts";

/** How fast rollouts are after the attacks. */
export interface Throughput {
  /** Rollouts a second of the attacked backend, and of one that nobody attacked, in the same seconds. */
  readonly attackedPerSecond: number;
  readonly freshPerSecond: number;
  /** Attacked by fresh. */
  readonly ratio: number;
  /** Rollouts that were timed on each. */
  readonly rollouts: number;
  readonly verdict: "pass" | "fail";
}

/** What an attacked backend may have lost: a tenth. */
const leastRatio = 0.9;
/** A machine that does other things is slow at times, not always: a ratio that holds is found in one of these. */
const triesMost = 4;
const atOnce = 2;

/**
 * Times rollouts on the attacked backend and on a fresh one by turns, a batch each, so that whatever else the machine
 * does falls on both; each side's fastest batch counts.
 */
export async function compareThroughput(
  attacked: SandboxBackend,
  fresh: SandboxBackend,
  rollouts: number,
): Promise<Throughput> {
  const batches = 10;
  const size = Math.ceil(rollouts / batches);
  await timeBatch(fresh, 2 * atOnce);
  let best: Throughput | undefined;
  for (let attempt = 0; attempt < triesMost && best?.verdict !== "pass"; attempt++) {
    const times: Record<"attacked" | "fresh", number> = { attacked: Infinity, fresh: Infinity };
    for (let batch = 0; batch < batches; batch++) {
      // Each goes first every other time.
      for (const side of batch % 2 === 0
        ? (["attacked", "fresh"] as const)
        : (["fresh", "attacked"] as const)) {
        const seconds = await timeBatch(side === "attacked" ? attacked : fresh, size);
        times[side] = Math.min(times[side], seconds);
      }
    }
    const ratio = times.fresh / times.attacked;
    if (best !== undefined && best.ratio >= ratio) continue;
    best = {
      attackedPerSecond: size / times.attacked,
      freshPerSecond: size / times.fresh,
      ratio,
      rollouts: batches * size,
      verdict: ratio >= leastRatio ? "pass" : "fail",
    };
  }
  return best!;
}

/** Seconds that so many rollouts take. */
async function timeBatch(backend: SandboxBackend, count: number): Promise<number> {
  const receipt = await backend.receipt();
  const { template, limits } = resolveOptions({ envName: "CartPole-v1", maxSteps: 10 });
  const startedAt = performance.now();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const plan = planRollout({ ...template, seed: next++ }, limits, receipt);
      await executeRollout(backend, receipt, plan, limits);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return (performance.now() - startedAt) / 1000;
}
