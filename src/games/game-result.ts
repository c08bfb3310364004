import { scalarReward } from "../model/reward-sum.ts";
import { SameseedError } from "../base/error.ts";
import type { Outcome, RolloutFault } from "../model/outcome.ts";
import type { RecordedRollout, RolloutSpec } from "../model/rollout.ts";
import { parseTrajectoryBlob } from "../trajectory/trajectory-blob.ts";

/** Why a policy forfeited a game. */
export type SeatFault =
  | "illegal_action"
  | "crash"
  | "cpu_limit"
  | "wall_limit"
  | "memory_limit"
  | "output_limit"
  | "protocol_error"
  | "no_policy";

/** A game that a policy forfeited by a fault. */
export interface Forfeit {
  readonly seat: string;
  readonly fault: SeatFault;
  readonly message: string;
  /** The move that could not be made, from 1. */
  readonly step?: number;
}

/** One game of a batch: game number `game` under the batch seed `seed`. */
export interface GameKey {
  readonly seed: number;
  readonly game: number;
}

/** One game that was played. */
export interface GameResult extends GameKey {
  /** The game's own seed: the row of a run folder, and the literal in its harness. */
  readonly gameSeed: number;
  /** The recorded game; absent exactly where `infra` is set and the host recorded nothing. */
  readonly rollout?: RecordedRollout;
  readonly moves: number;
  /** The first seat's reward as the game gave it, without forfeits. */
  readonly reward: number;
  readonly forfeit?: Forfeit;
  /** Why the host could not play the game, after retries: no score, no loss. */
  readonly infra?: string;
  /** The first seat's view: its reward, or -1 and +1 for a forfeit; null where `infra` is set. */
  readonly score: number | null;
}

const faults: Readonly<Partial<Record<Outcome, SeatFault>>> = {
  illegal_action: "illegal_action",
  policy_error: "crash",
  process_limit: "crash",
  killed: "crash",
  cpu_limit: "cpu_limit",
  wall_limit: "wall_limit",
  memory_limit: "memory_limit",
  output_limit: "output_limit",
  protocol_error: "protocol_error",
};

/**
 * Scores a recorded game.
 * @throws `unknown_environment` where the game does not exist in the image: no other seed would fare better
 */
export function scoreGame(key: GameKey, rollout: RecordedRollout): GameResult {
  const { seed, outcome, steps, totalReward, error } = rollout.summary;
  const played = { ...key, gameSeed: seed, rollout, moves: steps, reward: scalarReward(totalReward) };
  if (error === undefined) return { ...played, score: played.reward };
  if (error.kind === "unknown_environment") {
    throw new SameseedError("unknown_environment", error.message, {
      hint: "name a built-in game, or `pettingzoo:` and a classic game that the image has; check the arguments",
    });
  }
  const fault = faultOf(outcome, error);
  if (fault === undefined || error.seat === undefined) {
    const infra = `the game itself failed (${outcome}): ${error.type}: ${error.message}`;
    return { ...played, infra, score: null };
  }
  const forfeit: Forfeit = {
    seat: error.seat,
    fault,
    message: error.message,
    ...(error.step === undefined ? {} : { step: error.step }),
  };
  return { ...played, forfeit, score: isFirst(rollout, error.seat) ? -1 : 1 };
}

/** A game that the host could not play. */
export function unplayed({ seed, game }: GameKey, own: number, infra: string): GameResult {
  return { seed, game, gameSeed: own, moves: 0, reward: 0, infra, score: null };
}

function faultOf(outcome: Outcome, { by, kind }: RolloutFault): SeatFault | undefined {
  if (by !== "policy") return undefined;
  return kind === "bad_policy" || kind === "no_policy" ? "no_policy" : faults[outcome];
}

function isFirst({ trajectory }: RecordedRollout, seat: string): boolean {
  const manifest = JSON.parse(Buffer.from(parseTrajectoryBlob(trajectory).manifest).toString()) as {
    readonly spec: Pick<RolloutSpec, "seats">;
  };
  return manifest.spec.seats[0]?.seat === seat;
}
