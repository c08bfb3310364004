import { isComplete } from "../../model/outcome.ts";
import type { RewardSum } from "../../model/reward-sum.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import { rewardsIn } from "../../trajectory/records.ts";
import { chainOf } from "../../trajectory/trajectory-chain.ts";

/**
 * What of a row does not follow from the bytes beside it: digests, outcome, steps or total reward. Nothing of these is a host's
 * word; undefined where all is as the records say.
 */
export function wrongInRow({ summary, trajectory }: RecordedRollout): string | undefined {
  const { digests, records } = chainOf(trajectory);
  const { digest, contentDigest, playDigest, outcome, steps, totalReward } = summary;
  if (
    digests.digest !== digest ||
    digests.contentDigest !== contentDigest ||
    digests.playDigest !== playDigest
  )
    return "digest";
  // A fault may be known to the host alone: then no closing record tells of it.
  if (isComplete(outcome) && digests.outcome !== outcome) return "outcome";
  if (digests.steps !== steps) return "number of steps";
  const sum = rewardsIn(records, "run_damaged");
  return isSumOf(totalReward, sum === undefined ? 0 : sum) ? undefined : "total reward";
}

/** Sums of many numbers are left out of rows, as null: that says nothing. A sum that is one number is always there. */
function isSumOf(said: RewardSum, own: RewardSum): boolean {
  return said === null ? typeof own !== "number" : isSame(said, own);
}

function isSame(a: RewardSum, b: RewardSum): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const [own, other] = [Object.entries<RewardSum>(a), new Map(Object.entries<RewardSum>(b))];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    own.length === other.size &&
    own.every(([key, item]) => other.has(key) && isSame(item, other.get(key)!))
  );
}
