import { buildManifest } from "../harness/manifest.ts";
import { renderGame, renderSeatHost, type SeatPlan } from "../harness/render-game.ts";
import type { Limits } from "../model/limits.ts";
import type { GameClocks, RolloutSpec, SeatsRef } from "../model/rollout.ts";
import type { BackendReceipt, JobFile, Link, SandboxPlan } from "../sandbox/contract.ts";
import { sealedSettings, type WorldRole } from "../sandbox/world-settings.ts";
import type { ReplaySource, RolloutPlan } from "./plan-rollout.ts";

/** A spec of a game. */
export type GameRolloutSpec = RolloutSpec & { readonly policy: SeatsRef };

/** Whether a spec is a game's. */
export function isGame<S extends Pick<RolloutSpec, "policy">>(
  spec: S,
): spec is S & { readonly policy: SeatsRef } {
  return spec.policy.kind === "seats";
}

/**
 * Whether games of this kind may follow one another in one sandbox: nobody's code but Sameseed's own runs in it, and
 * that keeps nothing from game to game.
 */
export function canShareSandbox({
  environment,
  policy,
}: Pick<RolloutSpec, "environment" | "policy">): boolean {
  return (
    policy.kind === "seats" &&
    environment.kind === "game" &&
    policy.seats.every((seat) => seat.policy.kind === "builtin")
  );
}

/** How a game is planned other than as its spec says. */
export interface GamePlanOptions {
  readonly replay?: ReplaySource;
  /** Seats that the host answers for. */
  readonly asked?: readonly string[];
}

/** How much later than a seat's the referee's wall time ends: it waits while the seat's policy thinks. */
const refereeGraceMs = 1000;
/** The first descriptor after the standard three and the host's stream. */
const firstLinkFd = 4;
/** A policy has nothing to send to the host; what it prints is kept for messages only. */
const seatOutputBytes = 4 * 1024 * 1024;

/** What is the same in all games of a batch, planned once. */
interface SeatMembers {
  readonly plans: readonly SeatPlan[];
  readonly members: readonly SandboxPlan[];
  readonly links: readonly Link[];
  readonly texts: Readonly<Record<string, string>>;
  readonly names: readonly string[];
}

/**
 * Decides what runs in which sandbox for one game: the referee, with the environment, the recorder and the built-in
 * policies; and one for each seat whose policy is untrusted source, each joined to the referee by a link of its own.
 */
export function planGame(
  spec: GameRolloutSpec,
  limits: Limits,
  receipt: BackendReceipt,
  options: GamePlanOptions = {},
): RolloutPlan {
  const { replay } = options;
  const seats = seatMembers(spec, limits, receipt, options);
  const referee = renderGame({ spec, plans: seats.plans, ...(replay === undefined ? {} : { replay }) });
  return {
    spec,
    manifest:
      replay?.manifest ??
      buildManifest({
        spec,
        harness: {
          referee,
          ...(seats.names.length === 0 ? {} : { seats: seats.texts }),
        },
        image: receipt.image.digest,
        world: receipt.world,
      }).bytes,
    members: [
      script("harness.py", referee, [], {
        role: "referee",
        seed: spec.seed,
        receipt,
        limits: refereeLimits(limits, seats.names.length),
      }),
      ...seats.members,
    ],
    links: seats.links,
    seats: seats.names,
  };
}

/** Several games in one sandbox. */
export interface SharedGamesPlan {
  /** Each game as it is planned alone: its manifest names the script that plays nothing else. */
  readonly games: readonly RolloutPlan[];
  readonly member: SandboxPlan;
}

/** Plans games that {@link canShareSandbox}, one for each seed, to be played one after the other. */
export function planSharedGames(
  template: Omit<GameRolloutSpec, "seed">,
  seeds: readonly number[],
  limits: Limits,
  receipt: BackendReceipt,
): SharedGamesPlan {
  const games = seeds.map((seed) => planGame({ ...template, seed }, limits, receipt));
  const [first = 0, ...more] = seeds;
  const spec = { ...template, seed: first };
  const referee = renderGame({ spec, more, plans: seatMembers(spec, limits, receipt, {}).plans });
  return {
    games,
    member: script("harness.py", referee, [], { role: "referee", seed: first, receipt, limits }),
  };
}

function seatMembers(
  { seed, policy }: GameRolloutSpec,
  limits: Limits,
  receipt: BackendReceipt,
  { replay, asked }: GamePlanOptions,
): SeatMembers {
  const plans: SeatPlan[] = [];
  const members: SandboxPlan[] = [];
  const links: Link[] = [];
  const texts: Record<string, string> = {};
  const names: string[] = [];
  for (const { seat, policy: own } of policy.seats) {
    if (asked?.includes(seat) === true) plans.push({ kind: "ask" });
    else if (own.kind !== "source") plans.push(own);
    else {
      plans.push({ kind: "remote", fd: firstLinkFd + names.length, wallMs: policy.clocks.moveWallMs });
      if (replay !== undefined) continue;
      const file: JobFile = { path: `/tmp/policy/${own.name}`, data: Buffer.from(own.source) };
      const { mode, clocks } = policy;
      const host = { seed, seat, fd: firstLinkFd, path: file.path, mode, moveCpuMs: clocks.moveCpuMs };
      const text = (texts[seat] = renderSeatHost(host));
      const place = { role: `seat ${seat}` as const, seed, receipt, limits: seatLimits(limits, clocks) };
      members.push(script("seat_harness.py", text, [file], place));
      links.push([0, members.length]);
      names.push(seat);
    }
  }
  return { plans, members, links, texts, names };
}

function seatLimits(limits: Limits, clocks: GameClocks): Limits {
  return {
    ...limits,
    cpuMs: Math.min(limits.cpuMs, clocks.bankCpuMs),
    outputBytes: Math.min(limits.outputBytes, seatOutputBytes),
  };
}

function refereeLimits(limits: Limits, seats: number): Limits {
  return seats === 0 ? limits : { ...limits, wallMs: limits.wallMs + refereeGraceMs };
}

/** What every script of a game is given beside its source. */
interface Place {
  readonly role: WorldRole;
  readonly seed: number;
  readonly receipt: BackendReceipt;
  readonly limits: Limits;
}

function script(
  name: string,
  source: string,
  files: readonly JobFile[],
  { role, seed, receipt, limits }: Place,
): SandboxPlan {
  const world = receipt.world.mode === "sealed" ? { world: sealedSettings(role, seed) } : {};
  return { job: { entry: "script", name, source, files, env: {}, ...world }, limits };
}
