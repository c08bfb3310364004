import { defaultIdleMs, type ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";
import type { RolloutFamily } from "./rollout-step.ts";
import { StateCopies } from "./state-copies.ts";
import { ForkEngine, ReplayEngine } from "./state-engine.ts";

/** What a rollout that descends from none shares with its branches. Nothing is copied before somebody branches. */
export function newFamily(
  { template, limits, idleMs = defaultIdleMs }: ResolvedOptions,
  { backend, receipt }: RolloutHost,
  seed: number,
  signal: AbortSignal | undefined,
): RolloutFamily {
  const plan = { spec: { ...template, seed }, limits, receipt };
  const copies = new StateCopies({ backend, plan, idleMs, signal });
  const replay = new ReplayEngine(plan);
  return { plan, copies, replay, engines: [new ForkEngine(plan, copies), replay] };
}
