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
 * is. The same number of leaves is part of it, so that no list is the beginning of another. Of however many leaves, one node of
 * each level is in memory: what waits there for its partner.
 * @returns 64 hex digits
 */
export function merkleRoot(leaves: Iterable<Uint8Array>): string {
  const waiting: (Uint8Array | undefined)[] = [];
  let count = 0;
  for (const leaf of leaves) {
    count++;
    let [node, level] = [leaf, 0];
    for (let left = waiting[level]; left !== undefined; left = waiting[++level]) {
      waiting[level] = undefined;
      node = nodeOver(left, node);
    }
    waiting[level] = node;
  }
  let top: Uint8Array | undefined;
  for (const left of waiting) if (left !== undefined) top = top === undefined ? left : nodeOver(left, top);
  return sha256Of([`sameseed/merkle/1\0${count}\0`, top ?? new Uint8Array(0)]).toString("hex");
}

function nodeOver(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256Of(["sameseed/node/1\0", left, right]);
}
