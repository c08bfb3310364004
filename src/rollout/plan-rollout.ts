import { buildManifest } from "../harness/manifest.ts";
import {
  renderPolicyHost,
  renderReferee,
  type PolicyEnd,
  type PolicyPlan,
} from "../harness/render-harness.ts";
import type { Limits } from "../model/limits.ts";
import type { PolicyRef, RolloutSpec, SeatsRef } from "../model/rollout.ts";
import type { BackendReceipt, Job, JobFile, Link, SandboxPlan } from "../sandbox/contract.ts";
import { sealedSettings, type WorldRole } from "../sandbox/world-settings.ts";
import { planGame } from "./plan-game.ts";

/** Everything that is decided of a rollout before anything runs. */
export interface RolloutPlan {
  readonly spec: RolloutSpec;
  /** What the trajectory's chain starts from. */
  readonly manifest: Uint8Array;
  /** The referee, then the policy where it has a sandbox of its own. */
  readonly members: readonly SandboxPlan[];
  readonly links: readonly Link[];
  /** In a game, the seats whose policies are the members after the referee. */
  readonly seats?: readonly string[];
}

/** A recorded trajectory that is fed to the environment again. */
export interface ReplaySource {
  /** The recorded actions: base64 of a canonical CBOR list. */
  readonly actions: string;
  /** How the recorded policy ended the rollout, where it did: no policy runs that could do it again. */
  readonly end?: PolicyEnd;
  /** The recorded trajectory's manifest: a replay claims to be that trajectory. */
  readonly manifest: Uint8Array;
}

/**
 * How much later than a policy's the referee's wall time ends. It waits while the policy thinks, so with equal limits a
 * policy that hangs would look like an environment that does.
 */
const refereeGraceMs = 1000;

/** The first descriptor after the standard three and the host's stream. */
const linkFd = 4;

/**
 * Decides what runs in which sandbox: the referee, with environment, seed and recorder; beside it, joined by a link,
 * the policy where it is untrusted source.
 */
export function planRollout(
  spec: RolloutSpec,
  limits: Limits,
  receipt: BackendReceipt,
  replay?: ReplaySource,
): RolloutPlan {
  const { policy: picks } = spec;
  if (picks.kind === "seats")
    return planGame({ ...spec, policy: picks }, limits, receipt, replay === undefined ? {} : { replay });
  const environmentFile =
    spec.environment.kind === "file" ? jobFile("/tmp/env", spec.environment) : undefined;
  const policyFile =
    spec.policy.kind === "source" && replay === undefined ? jobFile("/tmp/policy", spec.policy) : undefined;
  const referee = renderReferee({
    spec,
    policyPlan: policyPlan(picks, replay),
    ...(environmentFile === undefined ? {} : { environmentPath: environmentFile.path }),
  });
  const wallMs = limits.wallMs + (policyFile === undefined ? 0 : refereeGraceMs);
  const script = (role: WorldRole, name: string, source: string, file: JobFile | undefined): Job => ({
    entry: "script",
    name,
    source,
    files: file === undefined ? [] : [file],
    env: {},
    ...(receipt.world.mode === "sealed" ? { world: sealedSettings(role, spec.seed) } : {}),
  });
  const members: SandboxPlan[] = [
    { job: script("referee", "harness.py", referee, environmentFile), limits: { ...limits, wallMs } },
  ];
  const links: Link[] = [];
  let policy: string | undefined;
  if (policyFile !== undefined) {
    policy = renderPolicyHost({ seed: spec.seed, fd: linkFd, path: policyFile.path });
    members.push({ job: script("policy", "policy_harness.py", policy, policyFile), limits });
    links.push([0, 1]);
  }
  const harness = { referee, ...(policy === undefined ? {} : { policy }) };
  const manifest =
    replay?.manifest ??
    buildManifest({ spec, harness, image: receipt.image.digest, world: receipt.world }).bytes;
  return { spec, manifest, members, links };
}

function policyPlan(policy: Exclude<PolicyRef, SeatsRef>, replay: ReplaySource | undefined): PolicyPlan {
  if (replay !== undefined) {
    const { actions, end } = replay;
    return { kind: "replay", of: policy.kind, actions, ...(end === undefined ? {} : { end }) };
  }
  return policy.kind === "source" ? { kind: "remote", fd: linkFd } : policy;
}

function jobFile(
  folder: string,
  { name, source }: { readonly name: string; readonly source: string },
): JobFile {
  return { path: `${folder}/${name}`, data: Buffer.from(source) };
}
