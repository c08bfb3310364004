import { type Board, boardKey } from "../../games/tictactoe-board.ts";

/*
 * Turning and mirroring make up to eight boards of one. They are worth the same, so a table keeps one of them: the first
 * in the order of texts.
 */

/** A board as the table keeps it. */
export interface BoardForm {
  /** Nine of `X`, `O` and `.`. */
  readonly key: string;
  /** For each cell of the form, the cell of the board it was taken from. */
  readonly origin: readonly number[];
}

/** For each way to turn and mirror, which cell of the board each cell of the result is taken from; in ascending order. */
export const turns: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8],
  [0, 3, 6, 1, 4, 7, 2, 5, 8],
  [2, 1, 0, 5, 4, 3, 8, 7, 6],
  [2, 5, 8, 1, 4, 7, 0, 3, 6],
  [6, 3, 0, 7, 4, 1, 8, 5, 2],
  [6, 7, 8, 3, 4, 5, 0, 1, 2],
  [8, 5, 2, 7, 4, 1, 6, 3, 0],
  [8, 7, 6, 5, 4, 3, 2, 1, 0],
];

/** The form of a board; where several ways lead to it, the first of {@link turns}. */
export function formOf(board: Board): BoardForm {
  const cells = boardKey(board);
  const forms = turns.map((origin) => ({ key: origin.map((cell) => cells[cell] ?? "").join(""), origin }));
  return forms.reduce((first, form) => (form.key < first.key ? form : first));
}

/** A board from its nine letters; undefined where they are not one. */
export function boardOfKey(key: string): Board | undefined {
  if (!/^[XO.]{9}$/.test(key)) return undefined;
  return Array.from(key, (mark) => (mark === "X" || mark === "O" ? mark : null));
}
