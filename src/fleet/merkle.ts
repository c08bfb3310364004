import { sha256Of } from "../base/digest.ts";
import { isSettled } from "../model/outcome.ts";
import type { RolloutSummary } from "../model/rollout.ts";

/*
 * What two executions of the same seeds are compared by. A leaf is a rollout: which one it is (spec and seed) and what it came
 * to. Where the load of a machine decides how much was recorded (a limit of time, a process that vanished), only the outcome
 * counts.
 */

/** What of a rollout two hosts must agree about. 32 bytes. */
export function leafOf(spec: string, summary: RolloutSummary): Buffer {
  const { seed, outcome, digest } = summary;
  const what = isSettled(summary) ? digest : "";
  return sha256Of([`sameseed/leaf/1\0${spec}\0${seed}\0${outcome}\0${what}`]);
}

/**
 * The root over leaves in their order: pairs are hashed until one is left, and a last one without a partner goes up as it
 * is. The same number of leaves is part of it, so that no list is the beginning of another.
 * @returns 64 hex digits
 */
export function merkleRoot(leaves: readonly Uint8Array[]): string {
  let level = leaves;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at]!, level[at + 1]];
      next.push(right === undefined ? left : sha256Of(["sameseed/node/1\0", left, right]));
    }
    level = next;
  }
  const top = level[0] ?? new Uint8Array(0);
  return sha256Of([`sameseed/merkle/1\0${leaves.length}\0`, top]).toString("hex");
}
