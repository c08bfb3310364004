import { isSameseedError, SameseedError } from "../../base/error.ts";
import {
  blockingPolicy,
  type DeclaredPolicy,
  optimalPolicy,
  uniformPolicy,
} from "../exact/declared-policy.ts";
import { type ExactValue, exactValue } from "../exact/exact-value.ts";
import type { SeatPolicyInput } from "../../games/game-spec.ts";
import { parseQPolicy } from "../learning/q-policy-code.ts";
import { qTablePolicy } from "../learning/q-table.ts";
import type { MatchupPlan } from "./matchup-config.ts";
import { namesOf } from "./player-names.ts";

/** The exact value of a matchup of two declared policies. */
export interface ExactMatchup {
  /** Mean return per game from policy x's view; over both seats where seats are swapped. */
  readonly meanReturn: number;
  /** Policy x at the first seat. */
  readonly x: ExactValue;
  /** Policy o at the first seat, from the first seat's view; null where seats are not swapped. */
  readonly o: ExactValue | null;
}

/** What the built-in policies do, as `python/envs/tictactoe.py` has it. */
const declared: Readonly<Record<string, () => DeclaredPolicy>> = {
  random: () => uniformPolicy,
  greedy: () => blockingPolicy,
  minimax: optimalPolicy,
};

/**
 * Enumerates every game of a matchup.
 * @throws SameseedError `bad_argument` where the game is not tic-tac-toe or a policy does not declare what it does
 */
export function exactMatchup(plan: Pick<MatchupPlan, "env" | "policyX" | "policyO" | "swap">): ExactMatchup {
  if (plan.env !== "tictactoe")
    throw new SameseedError("bad_argument", `${plan.env} has too many games to enumerate`, {
      hint: "exact values exist for tictactoe only",
    });
  const names = namesOf(plan);
  const policyX = declaredPolicy(plan.policyX, names.x);
  const policyO = declaredPolicy(plan.policyO, names.o);
  const x = exactValue(policyX, policyO);
  const o = plan.swap ? exactValue(policyO, policyX) : null;
  return { meanReturn: o === null ? x.meanReturn : (x.meanReturn - o.meanReturn) / 2 + 0, x, o };
}

/** A built-in policy, or a source that is a learned table and nothing else: reading it back gives the same bytes. */
function declaredPolicy(policy: SeatPolicyInput, name: string): DeclaredPolicy {
  const make = typeof policy === "string" && Object.hasOwn(declared, policy) ? declared[policy] : undefined;
  if (make !== undefined) return make();
  if (typeof policy === "object" && "source" in policy && isLearned(policy.source)) {
    const { table, randomMoves } = parseQPolicy(policy.source);
    return qTablePolicy(table, { randomMoves });
  }
  throw new SameseedError("bad_argument", `${name} does not declare its move probabilities`, {
    hint: `exact values need ${Object.keys(declared).join(", ")} or a policy written by \`sameseed train\``,
  });
}

function isLearned(source: string): boolean {
  try {
    parseQPolicy(source);
    return true;
  } catch (error) {
    if (isSameseedError(error) && error.code === "bad_policy") return false;
    throw error;
  }
}
