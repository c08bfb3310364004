import { digestOf } from "../../base/digest.ts";
import type { SeatPolicy } from "../../model/rollout.ts";
import { resolveGame } from "../../games/game-spec.ts";
import { type MatchupPlan, specOf } from "./matchup-config.ts";
import type { MatchupDocument } from "./matchup-file.ts";
import { namesOf } from "./player-names.ts";

/** What `matchup.json` says of a plan. */
export function documentOf(plan: MatchupPlan): MatchupDocument {
  const { template, world } = resolveGame(specOf(plan, false));
  const { seats } = template;
  const names = namesOf(plan);
  return {
    format: 1,
    env: plan.env,
    x: { name: names.x, digest: digestOfPolicy(seats[0]?.policy) },
    o: { name: names.o, digest: digestOfPolicy(seats[1]?.policy) },
    seeds: plan.seeds,
    unitsPerSeed: plan.sequential === undefined ? plan.unitsPerSeed : null,
    swap: plan.swap,
    maxPairs: plan.sequential?.maxPairs ?? null,
    world,
  };
}

/** A name for everything that a plan says: another policy text, seed or clock gives another. */
export function digestOfPlan(plan: MatchupPlan): string {
  const { template, limits } = resolveGame(specOf(plan, false));
  return digestOf(JSON.stringify({ ...documentOf(plan), template, limits }));
}

function digestOfPolicy(policy: SeatPolicy | undefined): string | null {
  if (policy?.kind === "source")
    return digestOf(
      policy.files === undefined ? policy.source : JSON.stringify([policy.source, policy.files]),
    );
  return policy?.kind === "actions" ? digestOf(JSON.stringify(policy.actions)) : null;
}
