import type { SeatPolicyInput } from "../../games/play-games.ts";
import type { MatchupPlan } from "./matchup-config.ts";

/** The names of both policies, for people: a built-in's name, a file's own name. A plan has read its files. */
export function namesOf({ policyX, policyO }: Pick<MatchupPlan, "policyX" | "policyO">): {
  readonly x: string;
  readonly o: string;
} {
  return { x: nameOf(policyX), o: nameOf(policyO) };
}

function nameOf(policy: SeatPolicyInput): string {
  if (typeof policy === "string") return policy;
  if (typeof policy === "function") return policy.name === "" ? "a function" : policy.name;
  if ("source" in policy) return policy.name ?? "policy.py";
  return "actions" in policy ? "a list of moves" : "nobody";
}
