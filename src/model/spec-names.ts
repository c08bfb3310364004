import type { EnvironmentRef, RolloutSpec, SeatPolicy } from "./rollout.ts";

/** An environment's name as it was asked for. */
export function environmentName(ref: EnvironmentRef): string {
  if (ref.kind === "file") return `${ref.name}:${ref.className}`;
  return ref.kind === "pettingzoo" || ref.kind === "parallel" ? `${ref.kind}:${ref.id}` : ref.id;
}

/** The names of those who pick the actions, for people. */
export function policyNames({ seats }: Pick<RolloutSpec, "seats">): string {
  return seats.map(({ policy }) => policyName(policy)).join(" v ");
}

function policyName(ref: SeatPolicy): string {
  if (ref.kind === "builtin") return ref.name;
  if (ref.kind === "none") return "nobody";
  if (ref.kind === "caller") return "its caller";
  if (ref.kind === "source") return ref.name;
  return `a list of ${ref.actions.length} ${ref.actions.length === 1 ? "action" : "actions"}`;
}
