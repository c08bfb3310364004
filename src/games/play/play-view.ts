import type { JsonValue } from "../../model/json.ts";
import { boardKey, otherSeat, type Board, type Seat, standingOf } from "../tictactoe-board.ts";
import type { Forfeit, GameResult } from "../play-games.ts";

/** What a person sees of a game: enough to show it and to choose the next move. */
export interface PlayView {
  /** The person's seat. */
  readonly seat: string;
  /** The number of the move that is due, from 1; of a finished game, moves made. */
  readonly step: number;
  /** What the person sees: the game's own observation. */
  readonly observation: JsonValue;
  /** The legal moves; null if the game does not say. Empty if it is over. */
  readonly legal: readonly JsonValue[] | null;
  /** The tic-tac-toe board; undefined for another game. */
  readonly board?: Board;
  /** How many cells of a built-in game's board stand in a row; undefined for another game. */
  readonly columns?: number;
  /** The cell the other side took last; undefined if it is not known. */
  readonly answer?: number;
  /** Set when the game is over. */
  readonly end?: PlayEnd;
}

/** How a game with a person ended. */
export interface PlayEnd {
  /**
   * `finished` by the rules, `forfeit` by a fault of a policy, `resigned` or `left` by the person, `failed` by a failure of
   * the host or because the sandboxes had been open for too long.
   */
  readonly how: "finished" | "forfeit" | "resigned" | "left" | "failed";
  /** Who won; null if nobody did. */
  readonly winner: "you" | "policy" | "draw" | null;
  readonly forfeit?: Forfeit;
  /** Why it failed. */
  readonly trouble?: string;
  /** The recorded game; undefined if there is nothing to record. */
  readonly result?: GameResult;
}

/** The tic-tac-toe board of an observation; undefined if it is another game's. */
export function boardOf(observation: JsonValue): Board | undefined {
  const board = fieldOf(observation, "board");
  if (!Array.isArray(board) || board.length !== 9) return undefined;
  const cells = board as readonly JsonValue[];
  return cells.every((cell) => cell === null || cell === "X" || cell === "O") ? cells : undefined;
}

/**
 * The legal moves of an observation: the empty cells of a board, or the moves that an action mask allows; null if it has
 * neither.
 */
export function legalMoves(observation: JsonValue): readonly JsonValue[] | null {
  const board = boardOf(observation);
  if (board !== undefined) {
    if (standingOf(board) !== "open") return [];
    return board.flatMap((mark, cell) => (mark === null ? [cell] : []));
  }
  const mask = fieldOf(observation, "action_mask");
  if (!Array.isArray(mask)) return null;
  return (mask as readonly JsonValue[]).flatMap((allowed, action) =>
    allowed === 1 || allowed === true ? [action] : [],
  );
}

/** The one cell that the other side took between two boards; undefined if there is not just one. */
export function cellTaken(before: Board, after: Board, own: Seat): number | undefined {
  const taken = after.flatMap((mark, cell) =>
    mark === otherSeat(own) && before[cell] === null ? [cell] : [],
  );
  return taken.length === 1 && boardKey(before) !== boardKey(after) ? taken[0] : undefined;
}

/**
 * Who won, from the first seat's score.
 * @param index the person's place among the seats
 */
export function winnerOf(score: number | null, index: number): "you" | "policy" | "draw" | null {
  if (score === null) return null;
  const own = index === 0 ? score : -score;
  if (own === 0) return "draw";
  return own > 0 ? "you" : "policy";
}

function fieldOf(value: JsonValue, name: string): JsonValue | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: JsonValue })[name]
    : undefined;
}
