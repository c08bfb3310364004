import fc from "fast-check";

import { formOf } from "../../../../src/evaluate/learning/board-forms.ts";
import type { QRow, QTable } from "../../../../src/evaluate/learning/q-table.ts";
import { settleTraining } from "../../../../src/evaluate/learning/training-settings.ts";
import { reachableStates } from "../../../../src/evaluate/exact/enumerate-tictactoe.ts";

/** The forms of all open boards, in ascending order. */
export const openForms: readonly string[] = [
  ...new Set(
    reachableStates()
      .filter(({ standing }) => standing === "open")
      .map(({ board }) => formOf(board).key),
  ),
].sort();

/** Doubles of every size, zeros of both signs among them. */
const values: fc.Arbitrary<number> = fc.double({ noNaN: true, noDefaultInfinity: true });

/** A table with some of the rows, made of any values. */
export const anyTable: fc.Arbitrary<QTable> = fc
  .record({
    forms: fc.subarray([...openForms], { maxLength: 20 }),
    cells: fc.array(values, { minLength: 9, maxLength: 9 }),
    episodes: fc.nat(),
    seed: fc.nat(),
    against: fc.constantFrom("self", "random", 'a "quoted" näme.py sha256:00'),
  })
  .map(({ forms, cells, episodes, seed, against }) => ({
    game: "tictactoe",
    settings: settleTraining({ seed, alpha: 0.1, gamma: 0.9 }, against),
    episodes,
    rows: new Map(forms.map((form, at) => [form, rowOf(form, [...cells.slice(at % 9), ...cells])])),
  }));

/** A row of a form with these values in its empty cells. */
export function rowOf(form: string, cells: readonly number[]): QRow {
  return Array.from(form, (mark, at) => (mark === "." ? (cells[at] ?? 0) : null));
}
