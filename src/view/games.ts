/*
 * Games that a page plays against a policy. Each is an open game of `sameseed play`; when it is over, its final line of play is
 * saved as an ordinary run.
 */
import { randomBytes } from "node:crypto";
import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { seedSchema } from "../model/seed.ts";
import { builtinGame } from "../games/builtin-games.ts";
import { playAgainst, type PersonalGame } from "../games/play/play-against.ts";
import { saveGame } from "../games/play/save-game.ts";
import type { GameDocument, PositionDocument } from "./asked-documents.ts";
import { parsed } from "./parsed.ts";

/** What can be asked of a game. */
export const gameRequests = ["play", "move", "back", "resign", "leave"] as const;
export type GameRequest = (typeof gameRequests)[number];

/** A game that is over has the folder it was saved in. */
export type PlayedGame = Omit<GameDocument, "saved"> & { readonly saved?: string };

const playSchema = z.strictObject({
  game: z.string().max(200),
  as: z.enum(["X", "O"]),
  // Names of built-in policies, never of files: a page reads no file of the host's.
  policy: z.union([z.string().regex(/^\w{1,40}$/), z.strictObject({ source: z.string().max(512 * 1024) })]),
  seed: seedSchema.optional(),
});
const gameSchema = z.strictObject({ play: z.string() });
const moveSchema = z.strictObject({ play: z.string(), action: z.json() });

/** How many games may be open: each holds sandboxes. */
const openMost = 4;

interface OpenGame {
  readonly name: string;
  readonly game: PersonalGame;
}

/** The games that are open. */
export class Games implements AsyncDisposable {
  readonly #open = new Map<string, OpenGame>();
  readonly #signal: AbortSignal;
  readonly #folder: (name: string) => string;

  /** @param folder makes the name of a new folder for a game that is over */
  constructor(signal: AbortSignal, folder: (name: string) => string) {
    this.#signal = signal;
    this.#folder = folder;
  }

  /** @throws SameseedError `bad_argument`, `not_found` and what playing throws */
  async act(request: GameRequest, body: unknown): Promise<PlayedGame> {
    if (request === "play") return await this.#start(body);
    const { play } = request === "move" ? parsed(moveSchema, body) : parsed(gameSchema, body);
    const open = this.#find(play);
    const { game } = open;
    if (request === "move") await game.move(parsed(moveSchema, body).action);
    else if (request === "back") await game.takeBack();
    else if (request === "resign") await game.resign();
    else {
      // One that was over was told, and saved, before.
      const wasOver = game.view.end !== undefined;
      this.#open.delete(play);
      await game.close();
      return await this.#told(play, open, !wasOver);
    }
    return await this.#told(play, open);
  }

  /** The position of a game that is open. @throws `bad_argument`, `not_found` and what playing throws */
  async picture(body: unknown): Promise<PositionDocument> {
    const { game } = this.#find(parsed(gameSchema, body).play);
    const drawn = await game.render();
    if (drawn === undefined) return {};
    const { kind, width, height } = drawn;
    const bytes = Buffer.from(drawn.body);
    return kind === "text" ? { text: bytes.toString() } : { png: bytes.toString("base64"), width, height };
  }

  #find(play: string): OpenGame {
    const open = this.#open.get(play);
    if (open !== undefined) return open;
    throw new SameseedError("not_found", "that game is not open any more", { hint: "begin another" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { game } of this.#open.values()) await game.close();
    this.#open.clear();
  }

  async #start(body: unknown): Promise<PlayedGame> {
    const { game: name, as, policy, seed } = parsed(playSchema, body);
    const [oldest] = this.#open;
    if (this.#open.size >= openMost && oldest !== undefined) {
      this.#open.delete(oldest[0]);
      await oldest[1].game.close();
    }
    const signal = this.#signal;
    const game = await playAgainst(policy, {
      game: name,
      as,
      ...(seed === undefined ? {} : { seed }),
      signal,
    });
    const play = randomBytes(12).toString("base64url");
    const open = { name, game };
    this.#open.set(play, open);
    return await this.#told(play, open);
  }

  /** @param keeps whether a game that is over is saved */
  async #told(play: string, { name, game }: OpenGame, keeps = true): Promise<PlayedGame> {
    const { seat, step, observation, legal, answer, end } = game.view;
    const rollout = end?.result?.rollout;
    const isKept = keeps && end !== undefined && end.how !== "failed" && rollout !== undefined;
    const saved = isKept
      ? await saveGame(game.spec, rollout, this.#folder(`play-${safeName(name)}`))
      : undefined;
    const columns = builtinGame(name)?.columns;
    return {
      play,
      game: name,
      seat,
      step,
      seed: game.seed,
      moves: game.moves.length,
      observation,
      legal,
      ...(columns === undefined ? {} : { columns }),
      ...(answer === undefined ? {} : { answer }),
      ...(end === undefined
        ? {}
        : {
            end: {
              how: end.how,
              winner: end.winner,
              ...(end.trouble === undefined ? {} : { trouble: end.trouble }),
              ...(end.forfeit === undefined ? {} : { forfeit: end.forfeit.fault }),
              ...(end.result === undefined ? {} : { key: end.result.gameSeed }),
            },
          }),
      ...(saved === undefined ? {} : { saved }),
    };
  }
}

function safeName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, "-");
}
