import {
  blockingPolicy,
  type DeclaredPolicy,
  movesOf,
  optimalPolicy,
  uniformPolicy,
} from "../../../../src/evaluate/exact/declared-policy.ts";
import {
  emptyBoard,
  type Seat,
  seatToMove,
  standingOf,
  withMark,
} from "../../../../src/games/tictactoe-board.ts";
import { type SeededStream, streamOf } from "../../../../src/stats/seeded-stream.ts";
import type { Returns } from "../../stats/coverage-cases.ts";

/*
 * Pairs of games as they are played: both games of a pair have the same stream at the same seat. How often which result
 * comes out is measured on many seeded pairs; the coverage of an interval is then exact for a policy with these shares.
 */

/** A player's name and moves. */
export interface Player {
  readonly name: string;
  readonly policy: DeclaredPolicy;
}

/** The built-in policies, and one that is nearly `greedy`. */
export const players: Readonly<Record<"random" | "greedy" | "minimax" | "careless", Player>> = {
  random: { name: "random", policy: uniformPolicy },
  greedy: { name: "greedy", policy: blockingPolicy },
  minimax: { name: "minimax", policy: optimalPolicy() },
  careless: { name: "careless", policy: mixed(blockingPolicy, uniformPolicy, 0.95) },
};

/** Which stream each policy has in the second game of a pair. */
export type Streams = "of the seat" | "of the policy" | "of their own";

/** The scores of the first policy in both games of each pair. */
export function simulatePairs(
  a: DeclaredPolicy,
  b: DeclaredPolicy,
  pairs: number,
  streams: Streams = "of the seat",
): (readonly [number, number])[] {
  return Array.from({ length: pairs }, (_, number) => {
    const at = (role: string): SeededStream => streamOf(`simulated ${role}`, [number]);
    const first = play(a, b, { X: at("X"), O: at("O") });
    const second =
      streams === "of the seat"
        ? { X: at("X"), O: at("O") }
        : streams === "of the policy"
          ? { X: at("O"), O: at("X") }
          : { X: at("X again"), O: at("O again") };
    return [first, -play(b, a, second) + 0] as const;
  });
}

/** How often each mean of a pair came. */
export function shareOfPairs(scores: readonly (readonly [number, number])[]): Returns {
  const support = [-1, -0.5, 0, 0.5, 1];
  const counts = support.map((value) => scores.filter(([one, other]) => (one + other) / 2 === value).length);
  return { support, shares: counts.map((count) => count / scores.length) };
}

function play(x: DeclaredPolicy, o: DeclaredPolicy, streams: Record<Seat, SeededStream>): number {
  for (let board = emptyBoard; ;) {
    const standing = standingOf(board);
    if (standing !== "open") return standing === "X" ? 1 : standing === "O" ? -1 : 0;
    const seat = seatToMove(board);
    const moves = movesOf(seat === "X" ? x : o, board, seat);
    let left = streams[seat].uniform() * moves.reduce((sum, [, weight]) => sum + weight, 0);
    const [cell] = moves.find(([, weight]) => (left -= weight) < 0) ?? moves[0]!;
    board = withMark(board, cell, seat);
  }
}

function mixed(often: DeclaredPolicy, seldom: DeclaredPolicy, share: number): DeclaredPolicy {
  return (board, seat) => {
    const weights = new Map<number, number>();
    for (const [policy, part] of [
      [often, share],
      [seldom, 1 - share],
    ] as const) {
      const moves = policy(board, seat);
      for (const [cell, weight] of moves)
        weights.set(cell, (weights.get(cell) ?? 0) + (part * weight) / moves.length);
    }
    return [...weights].sort(([one], [other]) => one - other);
  };
}
