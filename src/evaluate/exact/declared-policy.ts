import { SameseedError } from "../../base/error.ts";
import {
  type Board,
  boardKey,
  completingCells,
  emptyCells,
  otherSeat,
  type Seat,
  seatToMove,
  standingOf,
  withMark,
} from "../../games/tictactoe-board.ts";

/**
 * A policy that says with which probability it takes which cell, so that its games can be enumerated rather than played.
 * Weights are above 0 and need not sum to 1: a cell's probability is its weight's share of the sum. Whole weights
 * (`[[4, 1], [0, 1]]`) give exact fractions, others doubles.
 */
export type DeclaredPolicy = (board: Board, seat: Seat) => readonly WeightedCell[];

/** A cell and how much weight it has among those declared. */
export type WeightedCell = readonly [cell: number, weight: number];

/**
 * What a policy does on a board.
 * @throws SameseedError `bad_policy` for no move, a cell that is taken or named twice, or a weight not above 0
 */
export function movesOf(policy: DeclaredPolicy, board: Board, seat: Seat): readonly WeightedCell[] {
  const declared = policy(board, seat);
  const cells = declared.map(([cell]) => cell);
  const legal = cells.every((cell) => board[cell] === null) && new Set(cells).size === cells.length;
  const weighted = declared.every(([, weight]) => weight > 0 && weight < Infinity);
  if (declared.length > 0 && legal && weighted) return declared;
  throw new SameseedError(
    "bad_policy",
    `on ${boardKey(board)} the policy declares ${JSON.stringify(declared)} for ${seat}`,
    { hint: "declare each empty cell at most once, with a weight above 0, and at least one" },
  );
}

/** Any empty cell, each as likely. */
export const uniformPolicy: DeclaredPolicy = (board) => evenly(emptyCells(board));

/** Wins where it can, else any empty cell. */
export const winningPolicy: DeclaredPolicy = (board, seat) =>
  evenly(firstNonEmpty(completingCells(board, seat), emptyCells(board)));

/** Wins where it can, else blocks, else any empty cell; where several cells do, each as likely. */
export const blockingPolicy: DeclaredPolicy = (board, seat) =>
  evenly(
    firstNonEmpty(completingCells(board, seat), completingCells(board, otherSeat(seat)), emptyCells(board)),
  );

/** Wins, else blocks, else takes centre, corner or edge: always the first such cell, so that it never varies. */
export const centrePolicy: DeclaredPolicy = (board, seat) => {
  const preferred = [4, 0, 2, 6, 8, 1, 3, 5, 7].filter((cell) => board[cell] === null);
  const cells = firstNonEmpty(
    completingCells(board, seat),
    completingCells(board, otherSeat(seat)),
    preferred,
  );
  return evenly(cells.slice(0, 1));
};

/** A policy that takes any of the moves that are best against perfect play, each as likely. */
export function optimalPolicy(): DeclaredPolicy {
  const optimal = optimalMoves();
  return (board) => evenly(optimal(board));
}

/** A function that says which cells keep the value of perfect play; it remembers the boards it has searched. */
export function optimalMoves(): (board: Board) => readonly number[] {
  const known = new Map<string, number>();
  const valueForMover = (board: Board): number => {
    const standing = standingOf(board);
    if (standing === "draw") return 0;
    // The mover did not make the last move, so a finished line is the other's.
    if (standing !== "open") return -1;
    const key = boardKey(board);
    const value = known.get(key) ?? Math.max(...emptyCells(board).map((cell) => afterMove(board, cell)));
    known.set(key, value);
    return value;
  };
  const afterMove = (board: Board, cell: number): number =>
    -valueForMover(withMark(board, cell, seatToMove(board)));
  return (board) => {
    const best = valueForMover(board);
    return emptyCells(board).filter((cell) => afterMove(board, cell) === best);
  };
}

function evenly(cells: readonly number[]): readonly WeightedCell[] {
  return cells.map((cell) => [cell, 1] as const);
}

function firstNonEmpty(...choices: readonly (readonly number[])[]): readonly number[] {
  return choices.find((cells) => cells.length > 0) ?? [];
}
