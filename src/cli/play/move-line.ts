import { startOfText } from "../../base/cut-text.ts";
import type { JsonValue } from "../../model/json.ts";

/** What a person can ask for besides a move. */
export type PlayWord = "back" | "swap" | "resign" | "hint" | "help" | "board";

/** A line that a person typed, understood or not. */
export type PlayLine =
  | { readonly kind: "empty" }
  | { readonly kind: "move"; readonly action: JsonValue }
  | { readonly kind: "word"; readonly word: PlayWord }
  | { readonly kind: "refused"; readonly reason: string };

/** Each word, what may stand for it, and what it does. */
export const playWords: readonly {
  readonly word: PlayWord;
  readonly others: readonly string[];
  readonly does: string;
}[] = [
  { word: "hint", others: ["h"], does: "show what each legal move leads to under perfect play" },
  { word: "back", others: ["b", "undo", "u"], does: "take back your last move and the reply to it" },
  { word: "swap", others: ["s"], does: "start again in the other seat" },
  { word: "resign", others: ["r", "quit", "q"], does: "give the game up" },
  { word: "board", others: ["p"], does: "show the board again" },
  { word: "help", others: ["?"], does: "show this list" },
];

const mostLegalShown = 20;

/**
 * Reads one line: a legal move as it is shown, or a word. Upper and lower case, and blanks around, make no difference.
 * @param legal the legal moves; null where they are not known, and any JSON value is one
 */
export function readPlayLine(line: string, legal: readonly JsonValue[] | null): PlayLine {
  const text = line.trim();
  if (text === "") return { kind: "empty" };
  const word = wordOf(text.toLowerCase());
  if (word !== undefined) return { kind: "word", word };
  const action = valueOf(text);
  if (action === undefined)
    return { kind: "refused", reason: `${quoted(text)} is neither a move nor a word; \`help\` lists them` };
  if (legal === null) return { kind: "move", action };
  const known = legal.some((each) => JSON.stringify(each) === JSON.stringify(action));
  if (known) return { kind: "move", action };
  return { kind: "refused", reason: `${quoted(text)} is not legal here; legal: ${shownMoves(legal)}` };
}

/** A list of moves for a person, cut where it gets long. */
export function shownMoves(moves: readonly JsonValue[]): string {
  const shown = moves.slice(0, mostLegalShown).map((move) => JSON.stringify(move));
  return moves.length > shown.length ? `${shown.join(" ")} … (${moves.length} in all)` : shown.join(" ");
}

function wordOf(text: string): PlayWord | undefined {
  return playWords.find(({ word, others }) => word === text || others.includes(text))?.word;
}

/** A move as a JSON value; plain digits may have zeros or a sign in front. */
function valueOf(text: string): JsonValue | undefined {
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text) + 0;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= 30 ? text : `${startOfText(text, 29)}…`);
}
