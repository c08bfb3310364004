import { bestResponse } from "../exact/best-response.ts";
import { optimalPolicy, uniformPolicy } from "../exact/declared-policy.ts";
import { exactValue } from "../exact/exact-value.ts";
import { qTablePolicy, type QTable } from "./q-table.ts";

/** A mean return at each seat, from the policy's own view. */
export interface SeatWorth {
  readonly x: number;
  readonly o: number;
}

/** What a table is worth, by enumerating all its games rather than by playing some. */
export interface ExactWorth {
  readonly againstRandom: SeatWorth;
  /** The most that any policy gets against random play: 191/192 and 874/945. */
  readonly bestAgainstRandom: SeatWorth;
  /** Against a perfect player that chooses uniformly among its best moves: 0 at most. */
  readonly againstPerfect: SeatWorth;
}

/**
 * The exact worth of a table's policy.
 *
 * @experimental
 */
export function exactWorth(table: Pick<QTable, "rows">): ExactWorth {
  const policy = qTablePolicy(table);
  const perfect = optimalPolicy();
  const against = (other: typeof policy): SeatWorth => ({
    x: exactValue(policy, other).meanReturn,
    // Not a change of sign, which would make -0 of 0.
    o: 0 - exactValue(other, policy).meanReturn,
  });
  return {
    againstRandom: against(uniformPolicy),
    bestAgainstRandom: {
      x: bestResponse(uniformPolicy, "X").value,
      o: bestResponse(uniformPolicy, "O").value,
    },
    againstPerfect: against(perfect),
  };
}
