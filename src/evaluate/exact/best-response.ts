import { type Arithmetic, doubles, inFractions } from "./arithmetic.ts";
import { type DeclaredPolicy, movesOf } from "./declared-policy.ts";
import { formatFraction, toNumber } from "./fraction.ts";
import {
  type Board,
  boardKey,
  emptyBoard,
  emptyCells,
  type Seat,
  seatToMove,
  standingOf,
  withMark,
} from "../../games/tictactoe-board.ts";

/** The most that any policy can get against a given one. */
export interface BestResponse {
  /** Mean return of the best response, from its own view: +1 for each of its wins. */
  readonly value: number;
  /** The same as a fraction; null if the policy's weights are not whole, or the fraction too long. */
  readonly fraction: string | null;
  /** A policy that gets it: any of the best cells, each as likely. */
  readonly policy: DeclaredPolicy;
}

/** What the best response may do. */
export interface BestResponseOptions {
  /** The cells it may choose from, at least one on every open board. @default every empty cell */
  readonly cells?: (board: Board) => readonly number[];
}

interface Response<T> {
  readonly value: T;
  readonly bestCells: (board: Board) => readonly number[];
}

/**
 * The best response to `policy` by a player who sits at `seat`, and `policy` at the other: exactly where all weights are
 * whole, else to 12 digits.
 * @throws SameseedError `bad_policy` where the policy declares something that is not a distribution over empty cells
 */
export function bestResponse(
  policy: DeclaredPolicy,
  seat: Seat,
  options: BestResponseOptions = {},
): BestResponse {
  const choices = options.cells ?? emptyCells;
  const exact = inFractions((fractions) => responseTo(policy, seat, choices, fractions));
  const found = exact ?? responseTo(policy, seat, choices, doubles);
  return {
    value: typeof found.value === "number" ? found.value : toNumber(found.value),
    fraction: typeof found.value === "number" ? null : formatFraction(found.value),
    policy: (board) => found.bestCells(board).map((cell) => [cell, 1] as const),
  };
}

function responseTo<T>(
  policy: DeclaredPolicy,
  seat: Seat,
  choices: (board: Board) => readonly number[],
  numbers: Arithmetic<T>,
): Response<T> {
  const { zero, one } = numbers;
  const known = new Map<string, T>();
  return { value: valueOf(emptyBoard), bestCells };

  function valueOf(board: Board): T {
    const key = boardKey(board);
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = search(board);
    known.set(key, found);
    return found;
  }

  function search(board: Board): T {
    const standing = standingOf(board);
    if (standing === "draw") return zero;
    if (standing !== "open") return standing === seat ? one : numbers.minus(zero, one);
    const mover = seatToMove(board);
    if (mover === seat) return after(board, bestCells(board)[0] ?? 0);
    const moves = movesOf(policy, board, mover);
    return moves.reduce(
      (sum, move) => numbers.plus(sum, numbers.times(numbers.share(move, moves), after(board, move[0]))),
      zero,
    );
  }

  function bestCells(board: Board): readonly number[] {
    const valued = choices(board).map((cell) => ({ cell, value: after(board, cell) }));
    const best = valued.reduce((a, b) => (numbers.compare(a.value, b.value) >= 0 ? a : b));
    return valued.filter((choice) => numbers.compare(choice.value, best.value) === 0).map(({ cell }) => cell);
  }

  function after(board: Board, cell: number): T {
    return valueOf(withMark(board, cell, seatToMove(board)));
  }
}
