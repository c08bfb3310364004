/** A seat of tic-tac-toe; X moves first. */
export type Seat = "X" | "O";

/** Nine cells, row by row, each empty (null) or taken. */
export type Board = readonly (Seat | null)[];

/** How a game stands. */
export type Standing = Seat | "draw" | "open";

/** The eight lines, as cells. */
export const lines: readonly (readonly [number, number, number])[] = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
];

/** The board before the first move. */
export const emptyBoard: Board = [null, null, null, null, null, null, null, null, null];

/** Who wins on the board, or whether it is a draw or still open. */
export function standingOf(board: Board): Standing {
  for (const [a, b, c] of lines) {
    const seat = board[a];
    if (seat !== null && seat !== undefined && seat === board[b] && seat === board[c]) return seat;
  }
  return board.includes(null) ? "open" : "draw";
}

/** Who is to move, by the number of marks. */
export function seatToMove(board: Board): Seat {
  return board.filter((cell) => cell !== null).length % 2 === 0 ? "X" : "O";
}

/** The other seat. */
export function otherSeat(seat: Seat): Seat {
  return seat === "X" ? "O" : "X";
}

/** The empty cells, in ascending order. */
export function emptyCells(board: Board): number[] {
  return board.flatMap((cell, index) => (cell === null ? [index] : []));
}

/** The board after `seat` takes `cell`. */
export function withMark(board: Board, cell: number, seat: Seat): Board {
  return board.with(cell, seat);
}

/** The empty cells that complete a line of `seat`, in ascending order. */
export function completingCells(board: Board, seat: Seat): number[] {
  return emptyCells(board).filter((cell) => standingOf(withMark(board, cell, seat)) === seat);
}

/** The board as nine letters of `X`, `O` and `.`: one text per board. */
export function boardKey(board: Board): string {
  return board.map((cell) => cell ?? ".").join("");
}
