/* What a server that may run answers to its page. */
import type { JsonValue } from "../model/json.ts";

/** What `POST /api/do/branch` answers: the new run of branches. */
export interface BranchedDocument {
  readonly id: string;
  readonly branches: number;
}

/** What `POST /api/do/render` answers. */
export interface RenderedDocument {
  readonly pictures: number;
}

/** What `POST /api/do/stdio` answers. */
export interface CapturedDocument {
  readonly programs: number;
}

/** What `POST /api/do/picture` answers: the position of a game as its environment draws it; nothing where it draws none. */
export interface PositionDocument {
  readonly text?: string;
  /** In base64, with its sides in pixels. */
  readonly png?: string;
  readonly width?: number;
  readonly height?: number;
}

/** What `POST /api/do/play`, `move`, `back`, `resign` and `leave` answer: a game against a policy. */
export interface GameDocument {
  readonly play: string;
  readonly game: string;
  /** The person's seat. */
  readonly seat: string;
  /** The number of the move that is due, from 1; of a finished game, moves made. */
  readonly step: number;
  readonly seed: number;
  /** How many moves the person has made. */
  readonly moves: number;
  readonly observation: JsonValue;
  /** Null where the game does not say; empty where it is over. */
  readonly legal: readonly JsonValue[] | null;
  /** How many cells of a built-in game's board stand in a row. */
  readonly columns?: number;
  /** The cell that the policy took last. */
  readonly answer?: number;
  readonly end?: {
    readonly how: "finished" | "forfeit" | "resigned" | "left" | "failed";
    readonly winner: "you" | "policy" | "draw" | null;
    readonly trouble?: string;
    readonly forfeit?: string;
    /** The seed of the recorded game. */
    readonly key?: number;
  };
  /** The recording, where the game is over. */
  readonly saved?: string;
}
