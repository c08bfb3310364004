import { chainOf } from "../../src/trajectory/trajectory-chain.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";

/**
 * A rollout with one bit of its records turned, and the digests of that: nothing about it is inconsistent, it is only not what its
 * seed gives.
 */
export function withOneBitTurned({ summary, trajectory, seats }: RecordedRollout): RecordedRollout {
  for (let at = trajectory.length - 1; at > 0; at--) {
    const bytes = Uint8Array.from(trajectory);
    bytes[at]! ^= 1;
    try {
      const { digests } = chainOf(bytes);
      if (digests.digest === summary.digest || digests.outcome !== summary.outcome) continue;
      const { digest, contentDigest, playDigest } = digests;
      return { summary: { ...summary, digest, contentDigest, playDigest }, trajectory: bytes, seats };
    } catch {
      // That bit was of the form, and not of a value.
    }
  }
  throw new Error("no bit can be turned");
}
