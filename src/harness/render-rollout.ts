import { SameseedError } from "../base/error.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { FaultKind, Outcome } from "../model/outcome.ts";
import type { EnvironmentRef, RolloutSpec } from "../model/rollout.ts";
import { checkSeed, type Reseeding, reseededRole, roleSeed } from "../model/seed.ts";
import { pastArgument, type PlayedPart } from "./past-argument.ts";
import { pythonLiteral } from "./python-literal.ts";

/** The first line of every script, and what names the form of its arguments. */
export const harnessHeader = "# Sameseed harness, format 2.";

/** How the referee gets a seat's actions: decided when a rollout is planned. */
export type SeatPlan =
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "actions"; readonly actions: readonly JsonValue[] }
  | { readonly kind: "none" }
  | {
      readonly kind: "remote";
      /** The file descriptor of the socket to the seat's sandbox. */ readonly fd: number;
      /** How long it may take for one answer, in milliseconds; null if only all together count. */
      readonly answerMs: number | null;
      /** How long it may take for all answers together. */
      readonly wallMs: number;
    }
  /** Whoever runs the rollout is asked. */
  | { readonly kind: "caller" };

/** How a policy that failed ended its rollout: what the closing record says of it. */
export interface PolicyEnd {
  readonly outcome: Outcome;
  readonly error: {
    readonly kind: FaultKind;
    readonly type: string;
    readonly message: string;
    readonly seat?: string;
  };
  /** Whether the last of the recorded actions is the one that was refused. */
  readonly refused: boolean;
}

/** What the referee's script is made from. */
export interface RefereeScript {
  readonly spec: RolloutSpec;
  /** Seeds of rollouts that follow in the same script; nobody's code but Sameseed's own runs in them. */
  readonly more?: readonly number[];
  /** By the order of the seats. */
  readonly plans: readonly SeatPlan[];
  /** Where the sandbox holds the environment's file; needed for an environment of kind `file`. */
  readonly environmentPath?: string;
  /** Where the sandbox holds what lies beside the environment, if anything does. */
  readonly filesFolder?: string;
  /** A recorded rollout that is fed to the environment again, in place of all seats. */
  readonly replay?: { readonly actions: string; readonly end?: PolicyEnd };
  /** What is played before the seats do, and what the state is then re-keyed by. */
  readonly past?: {
    readonly parts: readonly PlayedPart[];
    readonly reseed: number | null;
    /** It waits after the past to be copied, and is told then what its copy is re-keyed by. */
    readonly copied?: boolean;
  };
  readonly pictures?: PicturedSteps;
}

/** Behind which records of a rollout that is played again the environment is asked for a picture. */
export interface PicturedSteps {
  /** The first, and the last whatever `every` says. */
  readonly first: number;
  readonly last: number;
  /** From the first on, each n-th. */
  readonly every: number;
}

/** What the script of a seat's sandbox is made from. */
export interface SeatScript {
  /** The rollout's seed; the script gets the seat's own of it. */
  readonly seed: number;
  readonly seat: string;
  readonly fd: number;
  /** Where the sandbox holds the policy's file. */
  readonly path: string;
  readonly mode: RolloutSpec["mode"];
  /** CPU time of one answer; null if there is no clock for it. */
  readonly moveCpuMs: number | null;
  /** Where the sandbox holds what lies beside the policy, if anything does. */
  readonly files?: readonly string[];
  /** The last re-keying of the state it starts at. */
  readonly reseeding?: Reseeding | null;
}

/**
 * The source of the script that runs in the referee's sandbox, the seed a literal in it.
 *
 * @throws {@link SameseedError} `bad_argument` where a seed or a value cannot be written
 */
export function renderReferee(script: RefereeScript): string {
  const { spec, more = [], plans, replay, past, pictures } = script;
  const environment = environmentLiteral(script);
  const seats = spec.seats.map(({ seat }, at) => ({ seat, ...seatArgument(plans[at]!) }));
  const seeds = ["SEED", ...more.map(seedLiteral)].join(", ");
  return [
    harnessHeader,
    "from sameseed.play.referee import run",
    `SEED = ${seedLiteral(spec.seed)}`,
    `run(seeds=[${seeds}], environment=${environment}, env_args=${pythonLiteral(spec.envArgs)}, ` +
      `seats=${pythonLiteral(seats)},`,
    `    max_steps=${pythonLiteral(spec.maxSteps)}, volatile_info=${pythonLiteral(spec.volatileInfo)}, ` +
      `replay=${pythonLiteral(replay === undefined ? null : replayArgument(replay))}` +
      (past === undefined
        ? ""
        : `, past=${pythonLiteral(pastArgument(past.parts, past.reseed))}${past.copied === true ? ", copied=True" : ""}`) +
      (pictures === undefined ? ")" : `, pictures=${pythonLiteral({ ...pictures })})`),
    "",
  ].join("\n");
}

/**
 * The source of the script that makes a spec's environment and waits to be copied for its rollouts.
 *
 * @param fd the host's stream
 */
export function renderPrepared(
  script: Pick<RefereeScript, "environmentPath" | "filesFolder"> & {
    readonly spec: Omit<RolloutSpec, "seed">;
  },
  fd: number,
): string {
  const { envArgs, seats } = script.spec;
  return [
    harnessHeader,
    "from sameseed.play.prepared import serve",
    `serve(environment=${environmentLiteral(script)}, env_args=${pythonLiteral(envArgs)}, seats=${seats.length}, fd=${fd})`,
    "",
  ].join("\n");
}

function environmentLiteral({
  spec,
  environmentPath,
  filesFolder,
}: Pick<RefereeScript, "environmentPath" | "filesFolder"> & {
  readonly spec: Pick<RolloutSpec, "environment">;
}): string {
  return pythonLiteral({
    ...environmentArgument(spec.environment, environmentPath),
    ...(filesFolder === undefined ? {} : { folder: filesFolder }),
  });
}

/**
 * The source of the script that runs in the sandbox of a seat with a policy from source.
 *
 * @throws {@link SameseedError} `bad_argument` where the seed is not one
 */
export function renderSeatHost(script: SeatScript): string {
  const { seed, seat, fd, path, mode, moveCpuMs, files = [], reseeding = null } = script;
  const beside = files.length === 0 ? "" : `, files=${pythonLiteral(files)}`;
  const own = reseeding === null ? roleSeed(seat, seed) : reseededRole(seat, seed, reseeding);
  return [
    harnessHeader,
    "from sameseed.policy.seat_host import serve",
    `SEED = ${pythonLiteral(own)}`,
    `serve(seed=SEED, fd=${pythonLiteral(fd)}, path=${pythonLiteral(path)}, seat=${pythonLiteral(seat)}, ` +
      `mode=${pythonLiteral(mode)}, move_us=${pythonLiteral((moveCpuMs ?? 0) * 1000)}${beside})`,
    "",
  ].join("\n");
}

/**
 * A seed as it is written into a script.
 *
 * @throws {@link SameseedError} `bad_argument` where it is not one
 */
export function seedLiteral(seed: number): string {
  return String(checkSeed(seed));
}

/** A plan with its keys in a fixed order, so that equal plans render to equal scripts. */
function seatArgument(plan: SeatPlan): JsonObject {
  switch (plan.kind) {
    case "builtin":
      return { kind: plan.kind, name: plan.name };
    case "actions":
      return { kind: plan.kind, actions: plan.actions };
    case "remote":
      return { kind: plan.kind, fd: plan.fd, answer_ms: plan.answerMs, wall_ms: plan.wallMs };
    case "none":
    case "caller":
      break;
  }
  return { kind: plan.kind };
}

function replayArgument({ actions, end }: NonNullable<RefereeScript["replay"]>): JsonObject {
  if (end === undefined) return { actions };
  const { kind, type, message, seat } = end.error;
  return {
    actions,
    end: {
      outcome: end.outcome,
      error: { kind, type, message, ...(seat === undefined ? {} : { seat }) },
      refused: end.refused,
    },
  };
}

function environmentArgument(environment: EnvironmentRef, path: string | undefined): JsonObject {
  if (environment.kind !== "file") return { kind: environment.kind, id: environment.id };
  if (path === undefined)
    throw new SameseedError("internal", "a file environment was rendered without its path in the sandbox");
  return { kind: "file", path, class: environment.className };
}
