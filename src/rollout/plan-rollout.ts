import { buildManifest } from "../harness/manifest.ts";
import {
  type PicturedSteps,
  type PolicyEnd,
  renderReferee,
  renderSeatHost,
  type SeatPlan,
} from "../harness/render-rollout.ts";
import { type Limits, maxLimitMs, withoutNetwork } from "../model/limits.ts";
import type { GameClocks, RolloutSpec } from "../model/rollout.ts";
import { type Reseeding, reseededWorldKey } from "../model/seed.ts";
import type { BackendReceipt, JobFile, Link, SandboxPlan } from "../sandbox/contract.ts";
import { sealedSettings, type WorldRole } from "../sandbox/world-settings.ts";
import { environmentFileOf, environmentFolder, filesIn, policyFolder } from "./job-files.ts";
import {
  type AskedBranch,
  originOfBranch,
  pastOf,
  type PlannedBranch,
  plannedBranch,
} from "./plan-branch.ts";

/** Everything that is decided of a rollout before anything runs. */
export interface RolloutPlan {
  readonly spec: RolloutSpec;
  /** What the trajectory's chain starts from. */
  readonly manifest: Uint8Array;
  /** The referee, then each seat whose policy has a sandbox of its own. */
  readonly members: readonly SandboxPlan[];
  readonly links: readonly Link[];
  /** The seats whose policies are the members after the referee. */
  readonly seats: readonly string[];
  /** A seat that is late has used at least so much wall time, in ms. */
  readonly lateAfterMs: number;
  /** What it goes on from, if it is a branch. */
  readonly branch?: PlannedBranch;
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

/** How a rollout is planned other than as its spec says. */
export interface PlanOptions {
  /** No policy runs: every seat takes its recorded actions. */
  readonly replay?: ReplaySource;
  /** The manifest of a recorded trajectory that this rollout claims to be. @default the plan's own */
  readonly manifest?: Uint8Array;
  /** It goes on from this past; its seats start there. */
  readonly branch?: AskedBranch;
  /** The environment is asked for pictures behind these records. */
  readonly pictures?: PicturedSteps;
}

/** Whether a rollout of this spec asks its caller for actions. */
export function asksCaller({ seats }: Pick<RolloutSpec, "seats">): boolean {
  return seats.some(({ policy }) => policy.kind === "caller");
}

/** How much later the referee's wall time ends than what it and the seats may take, and a seat's than the referee's. */
const graceMs = 1000;
/** The first descriptor after the standard three and the host's stream. */
export const firstLinkFd = 4;
/** A policy has nothing to send to the host; what it prints is kept for messages only. */
const clockedSeatOutputBytes = 4 * 1024 * 1024;

/**
 * Decides what runs in which sandbox: the referee, with the environment, the recorder and the built-in policies; and one
 * for each seat whose policy is untrusted source, each joined to the referee by a link of its own.
 */
export function planRollout(
  spec: RolloutSpec,
  limits: Limits,
  receipt: BackendReceipt,
  options: PlanOptions = {},
): RolloutPlan {
  const { replay, branch, pictures } = options;
  const seats = seatMembers(spec, limits, receipt, options);
  const environmentFile = environmentFileOf(spec);
  const beside = filesIn(environmentFolder, spec.files);
  const script = {
    spec,
    plans: seats.plans,
    ...(environmentFile === undefined ? {} : { environmentPath: environmentFile.path }),
    ...(beside.length === 0 ? {} : { filesFolder: environmentFolder }),
    ...(replay === undefined ? {} : { replay }),
    ...(pictures === undefined ? {} : { pictures }),
  };
  // How its state came about is not what a branch is: its manifest names the script without a past.
  const plain = renderReferee(script);
  const referee = branch === undefined ? plain : renderReferee({ ...script, past: pastOf(branch) });
  const origin = branch === undefined ? undefined : originOfBranch(branch);
  const harness = { referee: plain, ...(seats.names.length === 0 ? {} : { seats: seats.texts }) };
  return {
    spec,
    manifest:
      replay?.manifest ??
      options.manifest ??
      buildManifest({
        spec,
        harness,
        image: receipt.image.digest,
        world: receipt.world,
        ...(origin === undefined ? {} : { branch: origin }),
      }).bytes,
    members: [
      scriptMember(
        "harness.py",
        referee,
        environmentFile === undefined ? beside : [...beside, environmentFile],
        {
          role: "referee",
          seed: spec.seed,
          receipt,
          limits: { ...limits, wallMs: refereeWallMs(limits, seats.names.length) },
          asks: isAsked(spec, options),
        },
      ),
      ...seats.members,
    ],
    links: seats.links,
    seats: seats.names,
    lateAfterMs: Math.min(spec.clocks?.moveWallMs ?? Infinity, limits.wallMs),
    ...(branch === undefined || origin === undefined ? {} : { branch: plannedBranch(branch, origin) }),
  };
}

/** The last re-keying of the state that seats start at; null where there was none. */
function reseedingOf({ branch }: PlanOptions): Reseeding | null {
  if (branch === undefined) return null;
  const { past, reseed } = branch;
  return reseed === null ? past.reseeded : { step: past.step, reseed };
}

/** Several rollouts in one sandbox. */
export interface SharedPlan {
  /** Each rollout as it is planned alone: its manifest names the script that plays nothing else. */
  readonly rollouts: readonly RolloutPlan[];
  readonly member: SandboxPlan;
}

/**
 * Whether rollouts of this spec may follow one another in one sandbox: nobody's code but Sameseed's own runs in them, and
 * that keeps nothing from one to the next.
 */
export function canShareSandbox({ environment, seats }: Pick<RolloutSpec, "environment" | "seats">): boolean {
  return environment.kind === "builtin" && seats.every(({ policy }) => policy.kind === "builtin");
}

/** Plans rollouts that {@link canShareSandbox}, one for each seed, to be played one after the other. */
export function planShared(
  template: Omit<RolloutSpec, "seed">,
  seeds: readonly number[],
  limits: Limits,
  receipt: BackendReceipt,
): SharedPlan {
  const rollouts = seeds.map((seed) => planRollout({ ...template, seed }, limits, receipt));
  const [first = 0, ...more] = seeds;
  const spec = { ...template, seed: first };
  const referee = renderReferee({ spec, more, plans: seatMembers(spec, limits, receipt, {}).plans });
  return {
    rollouts,
    member: scriptMember("harness.py", referee, [], { role: "referee", seed: first, receipt, limits }),
  };
}

/**
 * The referee waits while a policy thinks, and each seat has the whole wall time for itself: what is left when all of them
 * have used theirs is the environment's own.
 */
export function refereeWallMs({ wallMs }: Pick<Limits, "wallMs">, remoteSeats: number): number {
  return remoteSeats === 0 ? wallMs : wallMs * (1 + remoteSeats) + graceMs;
}

/** Whether a rollout that is planned so asks its caller. */
function isAsked(spec: RolloutSpec, { replay }: PlanOptions): boolean {
  return replay === undefined && asksCaller(spec);
}

/** The limits of a seat's sandbox. The referee counts its wall time; the sandbox's own is there for when that one is gone. */
export function seatLimits(limits: Limits, clocks: GameClocks | null, remoteSeats: number): Limits {
  const wallMs = refereeWallMs(limits, remoteSeats) + graceMs;
  const own = withoutNetwork(limits);
  if (clocks === null) return { ...own, wallMs };
  return {
    ...own,
    wallMs,
    cpuMs: Math.min(limits.cpuMs, clocks.bankCpuMs),
    outputBytes: Math.min(limits.outputBytes, clockedSeatOutputBytes),
  };
}

/** What every script is given beside its source. */
export interface ScriptPlace {
  readonly role: WorldRole;
  readonly seed: number;
  readonly receipt: BackendReceipt;
  readonly limits: Limits;
  /** Whether it asks the caller. */
  readonly asks?: boolean;
  /** The last re-keying of the state it starts at. */
  readonly reseeding?: Reseeding | null;
}

/** A sandbox that runs one script in the world of its role. */
export function scriptMember(
  name: string,
  source: string,
  files: readonly JobFile[],
  { role, seed, receipt, limits, asks = false, reseeding = null }: ScriptPlace,
): SandboxPlan {
  const settings =
    reseeding === null ? sealedSettings(role, seed) : { key: reseededWorldKey(role, seed, reseeding) };
  const world = receipt.world.mode === "sealed" ? { world: settings } : {};
  const job = { entry: "script", name, source, files, env: {}, ...world } as const;
  return asks ? { job, limits, asks } : { job, limits };
}

/** The seats of one rollout, as sandboxes and as the referee knows them. */
interface SeatMembers {
  readonly plans: readonly SeatPlan[];
  readonly members: readonly SandboxPlan[];
  readonly links: readonly Link[];
  readonly texts: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

function seatMembers(
  spec: RolloutSpec,
  limits: Limits,
  receipt: BackendReceipt,
  options: PlanOptions,
): SeatMembers {
  const { seed, seats, mode, clocks } = spec;
  const { replay } = options;
  const reseeding = reseedingOf(options);
  const plans: SeatPlan[] = [];
  const members: SandboxPlan[] = [];
  const texts: Record<string, string> = {};
  const remote = seats.filter(({ policy }) => policy.kind === "source");
  const own = seatLimits(limits, clocks, remote.length);
  // It waits while the caller thinks, and ends with the referee.
  const most = isAsked(spec, options) ? { ...own, wallMs: maxLimitMs } : own;
  for (const [at, { seat, policy }] of seats.entries()) {
    if (policy.kind !== "source") plans.push(policy);
    else {
      const answerMs = clocks?.moveWallMs ?? null;
      plans.push({
        kind: "remote",
        fd: firstLinkFd + remote.indexOf(seats[at]!),
        answerMs,
        wallMs: limits.wallMs,
      });
      if (replay !== undefined) continue;
      const file: JobFile = { path: `${policyFolder}/${policy.name}`, data: Buffer.from(policy.source) };
      const beside = filesIn(policyFolder, policy.files);
      const moveCpuMs = clocks?.moveCpuMs ?? null;
      const script = { seed, seat, fd: firstLinkFd, path: file.path, mode, moveCpuMs, reseeding };
      const text = renderSeatHost({ ...script, files: beside.map(({ path }) => path) });
      texts[seat] = text;
      const place = { role: `seat ${seat}` as const, seed, receipt, limits: most, reseeding };
      members.push(scriptMember("seat_harness.py", text, [...beside, file], place));
    }
  }
  const names = members.length === 0 ? [] : remote.map(({ seat }) => seat);
  return { plans, members, links: members.map((_, at): Link => [0, at + 1]), texts, names };
}
