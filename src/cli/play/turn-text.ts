import type { PlayEnd, PlayView } from "../../games/play/play-view.ts";
import { cellValues } from "../../games/play/cell-values.ts";
import type { Forfeit } from "../../games/play-games.ts";
import { faultMessage } from "../render/fault-message.ts";
import { clip, type Painter } from "../render/style.ts";
import { describeValues } from "./board-text.ts";
import { playWords, shownMoves } from "./move-line.ts";
import { drawPosition } from "./position-text.ts";

/** What the texts of a game need to know of it. */
export interface Table {
  /** As given: `tictactoe`, `pettingzoo:…`. */
  readonly game: string;
  /** The policy's name. */
  readonly against: string;
  readonly seed: number;
  /** Whether to say at every turn what each legal move leads to. */
  readonly hint: boolean;
  readonly paint: Painter;
}

/** The first lines of a game. */
export function openingText({ game, against, seed, paint }: Table, seat: string): string[] {
  const first = seat === "X" || seat === "1" ? "you move first" : `${against} moves first`;
  return [
    `${paint("strong", game)} · you are ${paint("good", seat)} against ${against}; ${first} · seed ${seed}`,
    paint("dim", "type a move, or help"),
  ];
}

/** The lines before a person's move: what the other side did, and where the game stands. */
export function turnText(table: Table, view: PlayView): string[] {
  const answer = view.answer === undefined ? [] : [`${table.against} plays ${view.answer}`];
  return [
    ...answer,
    "",
    ...drawPosition(view, table.paint),
    "",
    ...movesText(view),
    ...hintText(table, view),
  ];
}

/** What each legal move leads to; says so where that is not known. */
export function valuesText({ board }: PlayView): string {
  return board === undefined
    ? "this game has no hints"
    : `with perfect play: ${describeValues(cellValues(board))}`;
}

/** The lines at the end of a game. */
export function endText(table: Table, view: PlayView, end: PlayEnd): string[] {
  const answer = view.answer === undefined ? [] : [`${table.against} plays ${view.answer}`];
  return [...answer, "", ...drawPosition(view, table.paint), "", verdictText(table, end)];
}

/** Every word a person can type. */
export function helpText({ legal }: PlayView): string[] {
  const words = playWords.map(({ word, others, does }) => [[word, ...others].join(", "), does] as const);
  const width = Math.max(...words.map(([names]) => names.length));
  return [
    legal === null ? "a move is a JSON value" : `a move: ${shownMoves(legal)}`,
    ...words.map(([names, does]) => `${names.padEnd(width)}  ${does}`),
  ];
}

function movesText({ board, legal }: PlayView): string[] {
  // On a board that shows them, a list of the empty cells says nothing new.
  if (board !== undefined) return [];
  return [legal === null ? "legal moves: this game does not list them" : `legal moves: ${shownMoves(legal)}`];
}

function hintText(table: Table, view: PlayView): string[] {
  return table.hint ? [table.paint("dim", valuesText(view))] : [];
}

function verdictText({ against, paint }: Table, { how, winner, forfeit, trouble, result }: PlayEnd): string {
  if (how === "resigned") return `you resign: ${paint("bad", `${against} wins`)}`;
  if (how === "left") return paint("warn", "the game ends without a winner");
  if (how === "failed") return paint("warn", `the game could not be finished: ${clip(trouble ?? "", 300)}`);
  if (forfeit !== undefined) {
    const what = forfeitText(forfeit, result?.rollout?.summary.error?.type ?? "");
    return winner === "you"
      ? `${paint("good", "you win")}: ${against} forfeits by ${what}`
      : `${paint("bad", `${against} wins`)}: you forfeit by ${what}`;
  }
  if (winner === "draw") return paint("warn", "a draw");
  return winner === "you" ? paint("good", "you win") : paint("bad", `${against} wins`);
}

function forfeitText({ fault, message, step }: Forfeit, type: string): string {
  const when = step === undefined || step === 0 ? "before its first move" : `at move ${step}`;
  const why = clip(faultMessage({ fault, type, message }), 200);
  return why === "" ? `${fault} ${when}` : `${fault} ${when}: ${why}`;
}
