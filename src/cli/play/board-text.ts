import { lines, type Board, type Seat } from "../../games/tictactoe-board.ts";
import type { CellValue } from "../../games/play/cell-values.ts";
import type { Painter } from "../render/style.ts";

const rule = "  ───┼───┼───";

/**
 * A tic-tac-toe board. Empty cells show the number that takes them.
 * @param own the seat of the person who looks at it
 */
export function drawBoard(board: Board, own: Seat, paint: Painter): string[] {
  const won = winningCells(board);
  const cell = (index: number): string => {
    const mark = board[index] ?? null;
    if (mark === null) return ` ${paint("dim", String(index))} `;
    const painted = paint(mark === own ? "good" : "bad", mark);
    return won.includes(index) ? `${paint("strong", "[")}${painted}${paint("strong", "]")}` : ` ${painted} `;
  };
  const row = (first: number): string => `  ${[0, 1, 2].map((column) => cell(first + column)).join("│")}`;
  return [row(0), rule, row(3), rule, row(6)].map((line) => line.trimEnd());
}

/** The cells of the lines that are complete; none where there is none. */
export function winningCells(board: Board): number[] {
  const complete = lines.filter(
    ([a, b, c]) => board[a] !== null && board[a] === board[b] && board[a] === board[c],
  );
  return [...new Set(complete.flat())];
}

/** What each legal cell leads to, as one line: `wins in 3: 4 · draws: 0 2 · loses in 4: 1`. */
export function describeValues(values: readonly CellValue[]): string {
  const groups = new Map<string, number[]>();
  const ordered = [...values].sort(
    (a, b) => b.value - a.value || a.value * (a.moves - b.moves) || a.cell - b.cell,
  );
  for (const { cell, value, moves } of ordered) {
    const name = value === 0 ? "draws" : `${value > 0 ? "wins" : "loses"} in ${moves}`;
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return [...groups].map(([name, cells]) => `${name}: ${cells.join(" ")}`).join(" · ");
}
