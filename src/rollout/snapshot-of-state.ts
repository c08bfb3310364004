import { type RolloutSnapshot, snapshotVersion } from "../model/snapshot.ts";
import type { ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";
import { type RolloutState, toSnapshotParts } from "./rollout-state.ts";

/** What a snapshot says beside its state. */
export interface SnapshotSetting {
  readonly options: Pick<ResolvedOptions, "template" | "limits" | "world" | "image">;
  readonly host: Pick<RolloutHost, "image">;
  readonly seed: number;
}

/** A state as a snapshot. */
export function snapshotOfState(
  state: RolloutState,
  { options, host, seed }: SnapshotSetting,
): RolloutSnapshot {
  const { environment, envArgs, maxSteps, volatileInfo } = options.template;
  const { digest } = host.image.manifest;
  return {
    format: "sameseed.snapshot",
    version: snapshotVersion,
    image: { name: options.image, digest: `sha256:${digest}` },
    world: options.world,
    environment,
    envArgs,
    seed,
    maxSteps,
    volatileInfo,
    limits: options.limits,
    step: state.parts.at(-1)!.step,
    chain: state.chain,
    content: state.content,
    parts: toSnapshotParts(state),
  };
}
