/*
 * One group of sandboxes stays open for the whole game. Taking back a move opens a fresh group and replays the earlier
 * moves; the policy gives the same answers because its seed is the same. Only the final line of play is saved, as an
 * ordinary rollout.
 */
import { randomInt } from "node:crypto";

import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import type { JsonValue } from "../../model/json.ts";
import { checkSeed, gameSeed } from "../../model/seed.ts";
import { Trajectory } from "../../trajectory/trajectory.ts";
import { type GameRules, gameRuleNames, gameRulesOf } from "../game-rules.ts";
import { builtinGame } from "../builtin-games.ts";
import { openGame, type GameSession } from "../game-session.ts";
import type { GameResult, GameSpec, SeatPolicyInput } from "../play-games.ts";
import { playedOf, type PositionPicture, renderPosition } from "./render-position.ts";
import { boardOf, cellTaken, legalMoves, winnerOf, type PlayEnd, type PlayView } from "./play-view.ts";

/** Options of a game against a policy. The default wall time of its sandboxes is 300 s. */
export interface PlayAgainstOptions extends GameRules {
  /** `tictactoe`, `connect_four`, or a two-player PettingZoo classic game, such as `pettingzoo:chess_v6`. @default "tictactoe" */
  readonly game?: string;
  /** The person's seat: X moves first. @default "X" */
  readonly as?: "X" | "O";
  /** The seed of the game and its policy. @default a random one */
  readonly seed?: number;
  /** Ends the game. */
  readonly signal?: AbortSignal;
}

const playNames: NamesOf<PlayAgainstOptions> = {
  ...gameRuleNames,
  game: true,
  as: true,
  seed: true,
  signal: true,
};

/** How long the sandboxes of a game stay open, in milliseconds. */
export const playWallMs = 300_000;

/**
 * Starts a game of a person against a policy and waits until it is the person's turn.
 *
 * @example
 * await using game = await playAgainst("greedy", { as: "X", seed: 7 });
 * await game.move(4);
 * console.log(game.view.board, game.view.legal, game.view.end);
 *
 * @param policy a built-in policy's name, a Python file, or its text as `{ source }`
 * @throws `bad_argument`, `bad_policy`, `unknown_environment`, `image_missing`, `wall_unavailable`, `aborted`. What the
 * policy does wrong is the game's end, not an error.
 *
 * @experimental
 */
export async function playAgainst(
  policy: SeatPolicyInput,
  options: PlayAgainstOptions = {},
): Promise<PersonalGame> {
  const game = new PersonalGame(policy, options);
  await game.restart();
  return game;
}

/**
 * A game of a person against a policy, created by {@link playAgainst}.
 *
 * @experimental
 */
export class PersonalGame implements AsyncDisposable {
  /** The batch seed the game was opened with. */
  readonly seed: number;
  readonly #policy: SeatPolicyInput;
  readonly #options: PlayAgainstOptions;
  #as: "X" | "O";
  #session: GameSession | undefined;
  #moves: JsonValue[] = [];
  #view: PlayView | undefined;
  readonly #columns: number | undefined;
  #openedAt = 0;

  /** @param policy as for {@link playAgainst}, which also opens the game */
  constructor(policy: SeatPolicyInput, options: PlayAgainstOptions) {
    refuseUnknownOptions(options, playNames, "playAgainst");
    this.#policy = policy;
    this.#options = options;
    this.#as = options.as ?? "X";
    this.#columns = builtinGame(options.game ?? "tictactoe")?.columns;
    this.seed = checkSeed(options.seed ?? randomInt(2 ** 31));
  }

  /** The state of the game. */
  get view(): PlayView {
    if (this.#view === undefined) throw new SameseedError("internal", "the game was never opened");
    return this.#view;
  }

  /** The person's moves so far. */
  get moves(): readonly JsonValue[] {
    return this.#moves;
  }

  /** The game as it can be played again without the person: their moves are a list. */
  get spec(): GameSpec {
    return this.#spec({ actions: [...this.#moves] });
  }

  /**
   * Makes a move and waits for the answer to it.
   * @throws `bad_argument` where the move is not legal or the game is over; `aborted`
   */
  async move(action: JsonValue): Promise<PlayView> {
    this.#checkOpen();
    const { legal } = this.view;
    if (legal !== null && !legal.some((each) => JSON.stringify(each) === JSON.stringify(action)))
      throw new SameseedError("bad_argument", `${JSON.stringify(action)} is not a legal move here`);
    this.#moves.push(action);
    this.#session?.answer(action);
    return await this.#listen();
  }

  /**
   * Takes the person's last move back, and everything after it. Also a finished game can be gone back in.
   * @throws `bad_argument` where there is no move to take back
   */
  async takeBack(): Promise<PlayView> {
    if (this.#moves.length === 0)
      throw new SameseedError("bad_argument", "you have made no move that could be taken back");
    this.#moves.pop();
    return await this.restart();
  }

  /** Starts the game again in the other seat, under the same seed. */
  async swapSeats(): Promise<PlayView> {
    this.#as = this.#as === "X" ? "O" : "X";
    this.#moves = [];
    return await this.restart();
  }

  /**
   * Gives the game up: the policy has won.
   * @throws `bad_argument` where it is over
   */
  async resign(): Promise<PlayView> {
    return await this.#giveUp("resigned");
  }

  /** Ends the game without a winner. @throws `bad_argument` if it is over */
  async leave(): Promise<PlayView> {
    return await this.#giveUp("left");
  }

  /**
   * Draws the position as its environment does: the moves so far are played again in a sandbox of their own. Undefined where
   * it draws none.
   */
  async render(): Promise<PositionPicture | undefined> {
    const rollout = this.view.end?.result?.rollout;
    const played = rollout === undefined ? this.#session?.recorded() : playedOf(rollout.trajectory);
    if (played === undefined) return undefined;
    const game = { spec: this.#spec({ actions: [] }), seed: gameSeed(this.seed, 0) };
    return await renderPosition(game, played, this.#options.signal);
  }

  /** Opens fresh sandboxes and plays the person's moves so far again. */
  async restart(): Promise<PlayView> {
    await this.#session?.close();
    const { signal } = this.#options;
    this.#openedAt = performance.now();
    this.#session = await openGame(
      this.#spec({ actions: [] }),
      { seed: this.seed, game: 0 },
      {
        humans: [this.#seat],
        answers: [...this.#moves],
        ...(signal === undefined ? {} : { signal }),
      },
    );
    this.#view = undefined;
    return await this.#listen();
  }

  /** Ends the sandboxes; the view stays. May be called repeatedly. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #index(): number {
    return this.#as === "X" ? 0 : 1;
  }

  /** The seat's name in the game: PettingZoo's are numbered. */
  get #seat(): string {
    const own = builtinGame(this.#options.game ?? "tictactoe")?.seats[this.#index];
    return own ?? String(this.#index + 1);
  }

  #spec(person: SeatPolicyInput): GameSpec {
    const { game = "tictactoe", limits } = this.#options;
    return {
      ...gameRulesOf(this.#options),
      game,
      seats: this.#index === 0 ? [person, this.#policy] : [this.#policy, person],
      limits: { wallMs: playWallMs, ...limits },
    };
  }

  async #listen(): Promise<PlayView> {
    const before = this.#view?.board;
    const event = await this.#session!.next();
    if (this.#options.signal?.aborted === true)
      throw new SameseedError("aborted", "the game was interrupted");
    if (event.kind === "ask") {
      this.#view = this.#viewOf(event, before);
    } else {
      await this.close();
      this.#view = this.#ended(this.#endOf(event.result), event.result);
    }
    return this.#view;
  }

  #viewOf({ observation, step, legal }: Asked, before: PlayView["board"]): PlayView {
    const board = boardOf(observation);
    const known = before ?? (board === undefined ? undefined : board.map(() => null));
    const seat = this.#seat;
    const isBoard = board !== undefined && known !== undefined && (seat === "X" || seat === "O");
    const answer = isBoard ? cellTaken(known, board, seat) : undefined;
    return {
      seat,
      step,
      observation,
      legal: legal ?? legalMoves(observation),
      ...(board === undefined ? {} : { board }),
      ...(this.#columns === undefined ? {} : { columns: this.#columns }),
      ...(answer === undefined ? {} : { answer }),
    };
  }

  #ended(end: PlayEnd, result: GameResult | undefined): PlayView {
    const before = this.#view;
    const bytes = result?.rollout?.trajectory;
    const steps = bytes === undefined ? [] : [...new Trajectory(bytes).steps()];
    const observation = steps.at(-1)?.observation ?? before?.observation ?? null;
    const step = result?.moves ?? before?.step ?? 0;
    return { ...this.#viewOf({ observation, step, legal: [] }, before?.board), end };
  }

  #endOf(result: GameResult): PlayEnd {
    const { forfeit, infra, score } = result;
    const mostMs = this.spec.limits?.wallMs ?? playWallMs;
    // Whose sandbox the time ran out in first says nothing about who was to move.
    const isTimeUp = performance.now() - this.#openedAt >= mostMs;
    if (isTimeUp && (infra !== undefined || forfeit?.fault === "wall_limit")) {
      const trouble = `the game took longer than its sandboxes may: limits.wallMs is ${mostMs}`;
      return { how: "failed", winner: null, trouble, result };
    }
    if (infra !== undefined) return { how: "failed", winner: null, trouble: infra, result };
    const winner = winnerOf(score, this.#index);
    if (forfeit !== undefined) return { how: "forfeit", winner, forfeit, result };
    return { how: "finished", winner, result };
  }

  async #giveUp(how: "resigned" | "left"): Promise<PlayView> {
    this.#checkOpen();
    this.#session!.resign();
    const event = await this.#session!.next();
    this.#checkSignal();
    await this.close();
    const result = event.kind === "end" ? event.result : undefined;
    const winner = how === "resigned" ? "policy" : null;
    this.#view = this.#ended({ how, winner, ...(result === undefined ? {} : { result }) }, result);
    return this.#view;
  }

  #checkSignal(): void {
    if (this.#options.signal?.aborted === true)
      throw new SameseedError("aborted", "the game was interrupted");
  }

  #checkOpen(): void {
    if (this.view.end !== undefined) throw new SameseedError("bad_argument", "the game is over");
  }
}

/** What a view is made from. */
interface Asked {
  readonly observation: JsonValue;
  readonly step: number;
  readonly legal?: readonly JsonValue[] | null;
}
