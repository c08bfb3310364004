import type { JsonValue } from "../../model/json.ts";
import type { PlayView } from "../../games/play/play-view.ts";
import { clip, type Painter } from "../render/style.ts";
import { drawBoard } from "./board-text.ts";

const mostColumns = 400;

/** What a person sees of a game: a tic-tac-toe board, another board of marks or planes, or the observation as it is. */
export function drawPosition({ board, columns, seat, observation }: PlayView, paint: Painter): string[] {
  if (board !== undefined && (seat === "X" || seat === "O")) return drawBoard(board, seat, paint);
  const seen = observationOf(observation);
  const marks = columns === undefined ? undefined : drawMarks(seen, columns, seat, paint);
  if (marks !== undefined) return marks;
  return drawPlanes(seen, paint) ?? [`  ${clip(JSON.stringify(seen), mostColumns)}`];
}

/**
 * A board that is a list of cells, each null or the mark of a seat, with the columns' numbers below. Undefined if it is
 * anything else.
 */
export function drawMarks(
  seen: JsonValue,
  columns: number,
  own: string,
  paint: Painter,
): string[] | undefined {
  if (typeof seen !== "object" || seen === null || isList(seen)) return undefined;
  const { board } = seen;
  if (board === undefined || !isList(board) || board.length === 0 || board.length % columns !== 0)
    return undefined;
  if (!board.every((mark) => mark === null || typeof mark === "string")) return undefined;
  const cells = board.map((mark) =>
    mark === null ? paint("dim", ".") : paint(mark === own ? "good" : "bad", mark),
  );
  const rows = Array.from({ length: board.length / columns }, (_, row) =>
    cells.slice(row * columns, (row + 1) * columns).join(" "),
  );
  const numbers = Array.from({ length: columns }, (_, column) => String(column % 10)).join(" ");
  return [...rows, paint("dim", numbers)].map((row) => `  ${row}`);
}

/**
 * Rows of squares with two planes, as PettingZoo's board games show them: the first plane has the looker's own pieces, the
 * second the other's. Undefined if it is anything else.
 */
export function drawPlanes(seen: JsonValue, paint: Painter): string[] | undefined {
  if (!isList(seen) || seen.length === 0) return undefined;
  const rows = seen.map((row) => {
    if (!isList(row) || row.length === 0) return undefined;
    const marks = row.map((square) => markOf(square, paint));
    return marks.includes(undefined) ? undefined : `  ${marks.join(" ")}`;
  });
  return rows.includes(undefined) ? undefined : (rows as string[]);
}

function markOf(square: JsonValue, paint: Painter): string | undefined {
  if (!isList(square) || square.length !== 2) return undefined;
  const [own, other] = square.map(Number);
  if (own === 0 && other === 0) return paint("dim", ".");
  if (own === 1 && other === 0) return paint("good", "x");
  return own === 0 && other === 1 ? paint("bad", "o") : undefined;
}

/** The part that is looked at, where it comes together with an action mask. */
function observationOf(observation: JsonValue): JsonValue {
  if (typeof observation !== "object" || observation === null || isList(observation)) return observation;
  return observation["observation"] ?? observation;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
