import {
  type Board,
  boardKey,
  emptyCells,
  otherSeat,
  seatToMove,
  standingOf,
  withMark,
} from "../tictactoe-board.ts";

/** What a cell is worth to whoever is to move, when both play perfectly from then on. */
export interface CellValue {
  readonly cell: number;
  /** 1 wins, 0 draws, -1 loses. */
  readonly value: 1 | 0 | -1;
  /** Moves until the game is over, this one included: wins as soon as they can be had, losses as late. */
  readonly moves: number;
}

type Worth = Omit<CellValue, "cell">;

/** The worth of every legal cell by minimax, in ascending order of the cells; none where the game is over. */
export function cellValues(board: Board): CellValue[] {
  const known = new Map<string, Worth>();
  return standingOf(board) === "open" ? valuesOn(board, known) : [];
}

/** Whether one cell is better than another for the one who moves. */
export function isBetter(a: Worth, b: Worth): boolean {
  if (a.value !== b.value) return a.value > b.value;
  return a.value > 0 ? a.moves < b.moves : a.moves > b.moves;
}

function valuesOn(board: Board, known: Map<string, Worth>): CellValue[] {
  const mover = seatToMove(board);
  return emptyCells(board).map((cell) => ({ cell, ...worthAfter(withMark(board, cell, mover), known) }));
}

/** What a board is worth to the one who just moved. */
function worthAfter(board: Board, known: Map<string, Worth>): Worth {
  const standing = standingOf(board);
  if (standing === otherSeat(seatToMove(board))) return { value: 1, moves: 1 };
  if (standing !== "open") return { value: 0, moves: 1 };
  const key = boardKey(board);
  const before = known.get(key);
  if (before !== undefined) return before;
  const reply = valuesOn(board, known).reduce((best, each) => (isBetter(each, best) ? each : best));
  const worth: Worth = { value: negated(reply.value), moves: reply.moves + 1 };
  known.set(key, worth);
  return worth;
}

function negated(value: Worth["value"]): Worth["value"] {
  if (value === 0) return 0;
  return value === 1 ? -1 : 1;
}
