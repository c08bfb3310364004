import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { refuseUnknownOptions } from "../../base/known-options.ts";
import type { DeclaredPolicy } from "../exact/declared-policy.ts";
import { emptyCells, standingOf } from "../../games/tictactoe-board.ts";
import { boardOfKey, formOf } from "./board-forms.ts";
import { trainingSettingsSchema, type TrainingSettings } from "./training-settings.ts";

/** The learned values of a board's cells, row by row; null if a cell is taken. */
export type QRow = readonly (number | null)[];

/** What was learned of tic-tac-toe: values from the view of whose turn it is, and how they came about. */
export interface QTable {
  readonly game: "tictactoe";
  readonly settings: TrainingSettings;
  /** Episodes that were played. */
  readonly episodes: number;
  /** By form: nine of `X`, `O` and `.`, the first in the order of texts of the boards that turning and mirroring make. */
  readonly rows: ReadonlyMap<string, QRow>;
}

const rowSchema: z.ZodType<(number | null)[]> = z.array(z.number().nullable()).length(9);

/**
 * Refuses what is not a table: a row that is no form of an open board, a value where the board is taken or none where it is
 * empty, a number of episodes that is not whole.
 * @throws SameseedError `bad_argument`
 */
export function checkQTable(table: QTable): QTable {
  const settings = trainingSettingsSchema.safeParse(table.settings);
  if (!settings.success)
    throw badTable(`settings: ${settings.error.issues[0]?.message ?? "of another form"}`);
  if (!Number.isSafeInteger(table.episodes) || table.episodes < 0) throw badTable("its number of episodes");
  for (const [key, row] of table.rows) {
    const board = boardOfKey(key);
    if (board === undefined || formOf(board).key !== key || standingOf(board) !== "open")
      throw badTable(`the row ${JSON.stringify(key)}`);
    const valued = rowSchema.safeParse(row).success;
    if (!valued || row.some((value, cell) => (value === null) !== (board[cell] !== null)))
      throw badTable(`the values of ${key}`);
  }
  return table;
}

/**
 * A table as a policy whose games can be enumerated: always the best cell; among equals the lowest cell of the form; the
 * lowest empty cell on a board whose form has no row.
 * @param options `randomMoves` is how many of its own first moves are drawn instead, each empty cell as likely
 *
 * @experimental
 */
export function qTablePolicy(
  table: Pick<QTable, "rows">,
  options: { readonly randomMoves?: number } = {},
): DeclaredPolicy {
  refuseUnknownOptions(options, { randomMoves: true }, "qTablePolicy");
  const { randomMoves = 0 } = options;
  return (board, seat) => {
    const empty = emptyCells(board);
    const played = board.filter((mark) => mark === seat).length;
    if (played < randomMoves) return empty.map((cell) => [cell, 1] as const);
    const { key, origin } = formOf(board);
    const row = table.rows.get(key);
    if (row === undefined) return [[empty[0] ?? 0, 1]];
    const best = Math.max(...row.filter((value) => value !== null));
    return [[origin[row.indexOf(best)] ?? 0, 1]];
  };
}

function badTable(what: string): SameseedError {
  return new SameseedError("bad_argument", `this is not a tic-tac-toe table: ${what}`, {
    hint: "take tables from `trainPolicy` or `parseQPolicy`",
  });
}
