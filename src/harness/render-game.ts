import type { JsonObject, JsonValue } from "../model/json.ts";
import type { BuiltinPolicyName, RolloutSpec, SeatsRef } from "../model/rollout.ts";
import { pythonLiteral } from "./python-literal.ts";
import { type PolicyEnd, roleSeed, seedLiteral } from "./render-harness.ts";

/** How the referee gets a seat's actions: decided when a game is planned. */
export type SeatPlan =
  | { readonly kind: "builtin"; readonly name: BuiltinPolicyName }
  | { readonly kind: "actions"; readonly actions: readonly JsonValue[] }
  | { readonly kind: "none" }
  | {
      readonly kind: "remote";
      /** The file descriptor of the socket to the seat's sandbox. */ readonly fd: number;
      /** How long it may wait for one answer, in milliseconds. */
      readonly wallMs: number;
    }
  /** The host is asked. */
  | { readonly kind: "ask" };

/** What the referee's script of a game is made from. */
export interface GameScript {
  readonly spec: RolloutSpec & { readonly policy: SeatsRef };
  /** Games with other seeds that follow in the same script; they have built-in policies only. */
  readonly more?: readonly number[];
  /** By the order of the seats. */
  readonly plans: readonly SeatPlan[];
  /** A recorded game that is fed to the environment again, in place of all seats. */
  readonly replay?: { readonly actions: string; readonly end?: PolicyEnd };
}

/** What the script of a seat's sandbox is made from. */
export interface SeatScript {
  /** The game's seed; the script gets the seat's own of it. */
  readonly seed: number;
  readonly seat: string;
  readonly fd: number;
  readonly path: string;
  readonly mode: SeatsRef["mode"];
  readonly moveCpuMs: number;
}

/**
 * The source of the script that plays a game in the referee's sandbox, the seed a literal in it.
 *
 * @throws SameseedError `bad_argument` where a seed or a value cannot be written
 */
export function renderGame({ spec, more = [], plans, replay }: GameScript): string {
  const { environment } = spec;
  const id = environment.kind === "file" ? environment.className : environment.id;
  const seats = spec.policy.seats.map(({ seat }, at) => ({ seat, ...seatArgument(plans[at]!) }));
  const seeds = ["SEED", ...more.map(seedLiteral)].join(", ");
  return [
    "# Sameseed harness, format 1.",
    "from sameseed.play.game_referee import play",
    `SEED = ${seedLiteral(spec.seed)}`,
    `play(seeds=[${seeds}], environment=${pythonLiteral({ kind: environment.kind, id })}, ` +
      `env_args=${pythonLiteral(spec.envArgs)}, seats=${pythonLiteral(seats)},`,
    `    max_steps=${pythonLiteral(spec.maxSteps)}, volatile_info=${pythonLiteral(spec.volatileInfo)}, ` +
      `replay=${pythonLiteral(replay === undefined ? null : replayArgument(replay))})`,
    "",
  ].join("\n");
}

/**
 * The source of the script that runs in the sandbox of a seat with a policy from source.
 *
 * @throws SameseedError `bad_argument` where the seed is not one
 */
export function renderSeatHost({ seed, seat, fd, path, mode, moveCpuMs }: SeatScript): string {
  return [
    "# Sameseed harness, format 1.",
    "from sameseed.policy.seat_host import serve",
    `SEED = ${pythonLiteral(roleSeed(seat, seed))}`,
    `serve(seed=SEED, fd=${pythonLiteral(fd)}, path=${pythonLiteral(path)}, seat=${pythonLiteral(seat)}, ` +
      `mode=${pythonLiteral(mode)}, move_us=${pythonLiteral(moveCpuMs * 1000)})`,
    "",
  ].join("\n");
}

/** A plan with its keys in a fixed order, so that equal plans render to equal scripts. */
function seatArgument(plan: SeatPlan): JsonObject {
  switch (plan.kind) {
    case "builtin":
      return { kind: plan.kind, name: plan.name };
    case "actions":
      return { kind: plan.kind, actions: plan.actions };
    case "remote":
      return { kind: plan.kind, fd: plan.fd, wall_ms: plan.wallMs };
    case "none":
    case "ask":
      break;
  }
  return { kind: plan.kind };
}

function replayArgument({ actions, end }: NonNullable<GameScript["replay"]>): JsonObject {
  if (end === undefined) return { actions };
  const { type, message, seat } = end.error;
  return { actions, end: { outcome: end.outcome, error: { type, message, seat: seat ?? "" } } };
}
