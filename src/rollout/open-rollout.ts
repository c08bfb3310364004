import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { buildManifest, canonicalJson } from "../harness/manifest.ts";
import type { JsonObject } from "../model/json.ts";
import { checkSeed } from "../model/seed.ts";
import { type RolloutSnapshot, snapshotSchema } from "../model/snapshot.ts";
import { type BackendChoice, openHost } from "./rollout-host.ts";
import {
  branchState,
  fromSnapshotParts,
  notWhole,
  type RolloutState,
  type StatePlan,
} from "./rollout-state.ts";
import { ReplayEngine } from "./state-engine.ts";
import { type OpenRolloutConfig, steppedNames, steppedOptions } from "./stepped-options.ts";
import type { OpenRollout } from "./rollout-step.ts";
import { startRollout } from "./stepped-rollout.ts";

export type { OpenRollout, RolloutStep } from "./rollout-step.ts";
export type { OpenRolloutConfig } from "./stepped-options.ts";

/** A rollout that is opened at a kept state. */
export interface OpenSnapshotConfig {
  /** What `snapshot()` or `snapshotOf` returned. */
  readonly snapshot: RolloutSnapshot;
  /** @default "zygote" */
  readonly backend?: BackendChoice;
  /** How long the rollout may wait for a step, in milliseconds. @default 600000 */
  readonly idleMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a rollout in a fresh sandbox, seeded and reset, that waits for its actions; or one that is at the state of a
 * snapshot, after its actions were played again and its chain was checked.
 *
 * @example
 * await using rollout = await openRollout({ envName: "CartPole-v1", seed: 42 });
 * const { observation, reward, terminated } = await rollout.step(1);
 * const { outcome, digest } = await rollout.close();
 *
 * @throws `bad_argument`, `unknown_environment`, `image_missing`, `wall_unavailable`, `aborted`…; `rollout_over` where the
 * environment fails before its first observation; `prefix_diverged` where the state of a snapshot cannot be reached again
 */
export async function openRollout(config: OpenRolloutConfig | OpenSnapshotConfig): Promise<OpenRollout> {
  if ("snapshot" in config) return await openSnapshot(config);
  refuseUnknownOptions(config, { ...steppedNames, seed: true }, "openRollout");
  const options = steppedOptions(config);
  return await startRollout(options, await openHost(options), checkSeed(config.seed), config.signal);
}

const snapshotNames: NamesOf<OpenSnapshotConfig> = {
  snapshot: true,
  backend: true,
  idleMs: true,
  signal: true,
};

async function openSnapshot(config: OpenSnapshotConfig): Promise<OpenRollout> {
  refuseUnknownOptions(config, snapshotNames, "openRollout");
  const snapshot = readSnapshot(config.snapshot);
  const { environment, envArgs, seed, maxSteps, volatileInfo, limits, world } = snapshot;
  const digest = snapshot.image.digest.slice("sha256:".length);
  const base = steppedOptions({
    envName: "snapshot",
    image: digest,
    world,
    limits,
    ...(config.backend === undefined ? {} : { backend: config.backend }),
    ...(config.idleMs === undefined ? {} : { idleMs: config.idleMs }),
  });
  const options = { ...base, template: { ...base.template, environment, envArgs, maxSteps, volatileInfo } };
  const host = await openHost(options);
  const plan = { spec: { ...options.template, seed }, limits: options.limits, receipt: host.receipt };
  const state = checkedState(snapshot, plan);
  const start = { state, number: 0, reached: new ReplayEngine(plan) };
  const named = { ...options, image: snapshot.image.name };
  return await startRollout(named, host, seed, config.signal, start);
}

/**
 * Reads a snapshot that came from anywhere.
 * @throws `bad_argument`
 */
export function readSnapshot(value: unknown): RolloutSnapshot {
  const parsed = snapshotSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw notWhole(z.prettifyError(parsed.error));
}

/**
 * The state of a snapshot; of a rollout that somebody else's policy played, a branch that the caller goes on with. Every
 * manifest must be of what is about to be run.
 */
function checkedState({ parts, step, chain, content }: RolloutSnapshot, plan: StatePlan): RolloutState {
  const state = { parts: fromSnapshotParts(parts), chain, content };
  if (state.parts.at(-1)!.step !== step) throw notWhole("it has not the steps that it says");
  const { spec, receipt } = plan;
  const own = buildManifest({
    spec,
    harness: { referee: "" },
    image: receipt.image.digest,
    world: receipt.world,
  }).value;
  for (const { manifest } of state.parts)
    if (identity(manifest) !== identity(own))
      throw notWhole("its manifests are of another environment or image");
  const seats = seatsOf(state.parts.at(-1)!.manifest);
  if (seats.length !== 1)
    throw new SameseedError("bad_argument", "a rollout with several seats cannot be opened at a state", {
      hint: "branch it with branchRun, and name a policy for each seat",
    });
  return seats[0]!.policy.kind === "caller" ? state : branchState(state, null, plan);
}

/** What of a manifest is the same in all parts of a rollout. */
function identity({ spec, image, world }: JsonObject): string {
  if (typeof spec !== "object" || spec === null || image === undefined || world === undefined) return "";
  const { seats: _, mode: __, clocks: ___, ...rest } = spec as JsonObject;
  return canonicalJson({ spec: rest, image, world });
}

function seatsOf({ spec }: JsonObject): readonly { readonly policy: { readonly kind: unknown } }[] {
  const seats = z
    .object({ seats: z.array(z.object({ policy: z.object({ kind: z.string() }) })) })
    .safeParse(spec);
  return seats.success ? seats.data.seats : [];
}
