import type { GameResult } from "../../games/play-games.ts";

/** The two policies of a matchup: `x` is the first one named, at either seat. */
export type Side = "x" | "o";

/** A game that a policy forfeited by its own fault. */
export interface MatchForfeit {
  readonly by: Side;
  /** Such as `illegal_action`. */
  readonly fault: string;
  /** One sentence. */
  readonly message: string;
  /** The move that could not be made, from 1. */
  readonly step?: number;
}

/** One game of a matchup from policy x's view, without its bytes. */
export interface MatchGame {
  readonly seed: number;
  readonly game: number;
  /** Whether the seats are swapped: policy o has the first one. */
  readonly swapped: boolean;
  /** Policy x's return, with a fault of either side a loss for it; null if the host could not play the game. */
  readonly score: number | null;
  readonly forfeit?: MatchForfeit;
  /** What the host failed with. */
  readonly infra?: string;
  /** Moves made. */
  readonly steps: number;
  /** The trajectory's identity; empty if the host failed. */
  readonly digest: string;
  /** The digest of what was played, whatever the seed: equal for equal games. */
  readonly playDigest: string;
}

/** A game as it was played, seen by policy x. */
export function toMatchGame(result: GameResult, swapped: boolean): MatchGame {
  const { seed, game, moves, forfeit, infra, score, rollout } = result;
  // The first seat's forfeit is the first seat's loss, whatever the environment calls its seats.
  const isFirstSeats = score !== null && score < 0;
  return {
    seed,
    game,
    swapped,
    // Adding 0 makes the negative zero of a draw a plain one.
    score: score === null ? null : (swapped ? -score : score) + 0,
    ...(forfeit === undefined
      ? {}
      : {
          forfeit: {
            by: isFirstSeats === swapped ? "o" : "x",
            fault: forfeit.fault,
            message: forfeit.message,
            ...(forfeit.step === undefined ? {} : { step: forfeit.step }),
          },
        }),
    ...(infra === undefined ? {} : { infra }),
    steps: moves,
    digest: score === null ? "" : (rollout?.summary.digest ?? ""),
    playDigest: score === null ? "" : (rollout?.summary.playDigest ?? ""),
  };
}
