import {
  type Board,
  boardKey,
  emptyBoard,
  emptyCells,
  seatToMove,
  type Standing,
  standingOf,
  withMark,
} from "../../games/tictactoe-board.ts";

/** A position that play can reach. */
export interface ReachableState {
  readonly board: Board;
  readonly standing: Standing;
}

/** All finished games by how they ended. */
export interface GameCensus {
  readonly total: number;
  readonly byResult: Readonly<Record<Exclude<Standing, "open">, number>>;
  /** Games by their number of moves. */
  readonly byLength: Readonly<Record<number, number>>;
}

/** Every position that play can reach from the empty board, each once, finished ones included. */
export function reachableStates(): readonly ReachableState[] {
  const found = new Map<string, ReachableState>();
  const visit = (board: Board): void => {
    const key = boardKey(board);
    if (found.has(key)) return;
    const standing = standingOf(board);
    found.set(key, { board, standing });
    if (standing !== "open") return;
    const seat = seatToMove(board);
    for (const cell of emptyCells(board)) visit(withMark(board, cell, seat));
  };
  visit(emptyBoard);
  return [...found.values()];
}

/** Counts every sequence of legal moves that ends a game. */
export function countGames(): GameCensus {
  const byResult = { X: 0, O: 0, draw: 0 };
  const byLength: Record<number, number> = {};
  const play = (board: Board, moves: number): void => {
    const standing = standingOf(board);
    if (standing !== "open") {
      byResult[standing]++;
      byLength[moves] = (byLength[moves] ?? 0) + 1;
      return;
    }
    const seat = seatToMove(board);
    for (const cell of emptyCells(board)) play(withMark(board, cell, seat), moves + 1);
  };
  play(emptyBoard, 0);
  return { total: byResult.X + byResult.O + byResult.draw, byResult, byLength };
}
