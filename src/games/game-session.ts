import { SameseedError, toError } from "../base/error.ts";
import type { JsonValue } from "../model/json.ts";
import { gameSeed } from "../model/seed.ts";
import { cborToJson } from "../model/cbor/to-json.ts";
import type { Question } from "../rollout/live-options.ts";
import { LiveRollout } from "../rollout/live-rollout.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import type { RecordedSoFar } from "../rollout/recorded-so-far.ts";
import { openHost } from "../rollout/rollout-host.ts";
import { scoreGame, type GameKey, type GameResult } from "./game-result.ts";
import { resolveGame, type GameSpec } from "./game-spec.ts";

/** How a game with people in it is opened. */
export interface OpenGameOptions {
  /** The seats that {@link GameSession.answer} plays; what the spec says of them is ignored. */
  readonly humans: readonly string[];
  /** Their first moves, in the order of play: a game that goes on from there. @default [] */
  readonly answers?: readonly JsonValue[];
  readonly signal?: AbortSignal;
}

/** What a person is asked. */
export interface AskedMove extends Pick<Question, "seat" | "step" | "legal"> {
  /** What the seat sees, as JSON for people. */
  readonly observation: JsonValue;
}

/** What a game waits for. */
export type GameTurn =
  | ({ readonly kind: "ask" } & AskedMove)
  | { readonly kind: "end"; readonly result: GameResult };

/**
 * Opens a game that waits for people's moves, for each as long as the game's wall time; its sandboxes stay until it is over
 * or closed.
 * @throws `bad_argument`, `bad_policy`, `unknown_environment`, `image_missing`, `wall_unavailable`
 */
export async function openGame(spec: GameSpec, key: GameKey, options: OpenGameOptions): Promise<GameSession> {
  const resolved = resolveGame(spec);
  const { template, limits, functions = {} } = resolved;
  if (Object.keys(functions).length > 0)
    throw new SameseedError("bad_policy", "a person plays against a policy that has a sandbox of its own", {
      hint: "give a Python file, its text as { source }, or a built-in policy's name",
    });
  const { humans } = options;
  const stranger = humans.find((name) => !template.seats.some(({ seat }) => seat === name));
  if (stranger !== undefined)
    throw new SameseedError("bad_argument", `${spec.game} has no seat named ${stranger}`, {
      hint: `its seats are ${template.seats.map(({ seat }) => seat).join(", ")}`,
    });
  const { backend, receipt } = await openHost(resolved);
  const seats = template.seats.map((own) =>
    humans.includes(own.seat) ? { seat: own.seat, policy: { kind: "caller" as const } } : own,
  );
  const game = { ...template, seats, seed: gameSeed(key.seed, key.game) };
  return new GameSession(key, options.answers ?? [], (onQuestion) => {
    const { signal } = options;
    const plan = planRollout(game, limits, receipt);
    const live = new LiveRollout(plan, { receipt, limits, idleMs: limits.wallMs, signal, onQuestion });
    return { live, played: live.run(backend).then((rollout) => scoreGame(key, rollout)) };
  });
}

/** A game that is being played by people; made by {@link openGame}. */
export class GameSession implements AsyncDisposable {
  readonly key: GameKey;
  readonly #live: LiveRollout;
  readonly #played: Promise<GameResult>;
  readonly #ahead: JsonValue[];
  #asked: AskedMove | undefined;
  #wake: () => void = () => {};

  constructor(
    key: GameKey,
    answers: readonly JsonValue[],
    start: (onQuestion: (question: Question) => void) => {
      readonly live: LiveRollout;
      readonly played: Promise<GameResult>;
    },
  ) {
    this.key = key;
    this.#ahead = [...answers];
    const { live, played } = start((question) => this.#take(question));
    this.#live = live;
    this.#played = played;
    // Whoever waits is told by `next`; nobody may be waiting.
    played.catch(() => {});
  }

  /**
   * Waits until a person is to move, or the game is over. May be called again before the answer.
   * @throws `sandbox_failed`, `aborted`, `unknown_environment`
   */
  async next(): Promise<GameTurn> {
    if (this.#asked === undefined) {
      const asked = new Promise<void>((resolve) => (this.#wake = resolve));
      const result = await Promise.race([asked, this.#played]);
      if (result !== undefined) return { kind: "end", result };
    }
    return this.#asked === undefined
      ? { kind: "end", result: await this.#played }
      : { kind: "ask", ...this.#asked };
  }

  /**
   * Makes the move that is waited for. One that is not legal forfeits the game. Where the game has ended meanwhile, by a
   * limit, it is made nowhere.
   * @throws `bad_argument` where no seat is waiting for a move
   */
  answer(action: JsonValue): void {
    if (this.#asked === undefined) throw new SameseedError("bad_argument", "no seat is waiting for a move");
    if (this.#live.isAsking) this.#live.answer(action);
    this.#asked = undefined;
  }

  /** What is played so far. */
  recorded(): RecordedSoFar {
    return this.#live.recorded();
  }

  /** Leaves the table: the game is over, truncated, as soon as a person would be to move. */
  resign(): void {
    this.#asked = undefined;
    this.#live.leave();
  }

  /** Ends the game's sandboxes, whether it is over or not. */
  async close(): Promise<void> {
    this.#live.kill();
    await this.#played.catch((error: unknown) => toError(error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take({ seat, step, legal, record }: Question): void {
    const ahead = this.#ahead.shift();
    if (ahead !== undefined) {
      this.#live.answer(ahead);
      return;
    }
    this.#asked = { seat, step, legal, observation: cborToJson(record.observation) };
    this.#wake();
  }
}
