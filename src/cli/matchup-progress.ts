import { SameseedError } from "../base/error.ts";
import type { MatchGame } from "../evaluate/matchup/match-game.ts";
import type { Cli } from "./cli.ts";
import { resumeCommand } from "./parse/shell-words.ts";
import { shownPath } from "./record-with-progress.ts";
import { asSameseedError } from "./render/error-text.ts";
import { count } from "./render/numbers.ts";
import { Progress } from "./render/progress.ts";

/** Says on standard error how far a matchup is, and keeps its games. */
export class MatchupProgress {
  readonly #games = new Map<string, MatchGame>();
  readonly #cli: Cli;
  readonly #dir: string | undefined;
  readonly #startedAt = performance.now();
  readonly #progress: Progress;
  #score = 0;
  #scored = 0;
  #forfeits = 0;
  #infra = 0;

  /** @param dir where games are recorded, if anywhere */
  constructor(cli: Cli, total: number, dir: string | undefined) {
    this.#cli = cli;
    this.#dir = dir;
    this.#progress = new Progress(cli.status, {
      verb: "playing",
      total,
      details: () => [
        ...(this.#scored === 0 ? [] : [`mean return ${(this.#score / this.#scored).toFixed(2)}`]),
        count(this.#forfeits, "forfeit"),
        ...(this.#infra === 0 ? [] : [`infra ${this.#infra}`]),
      ],
    });
  }

  /** Each game once, as it was told last. */
  get games(): readonly MatchGame[] {
    return [...this.#games.values()];
  }

  /** Since this was made. */
  get wallMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** One game more, or one again that a fleet has taken back. */
  readonly add = (game: MatchGame): void => {
    const key = `${game.seed} ${game.game} ${game.swapped}`;
    const before = this.#games.get(key);
    this.#games.set(key, game);
    this.#count(game, 1);
    if (before === undefined) this.#progress.advance();
    else this.#count(before, -1);
  };

  #count({ score, forfeit }: MatchGame, by: 1 | -1): void {
    if (score === null) this.#infra += by;
    else {
      this.#score += by * score;
      this.#scored += by;
    }
    if (forfeit !== undefined) this.#forfeits += by;
  }

  /** Runs the work, and where it is cut short says what is kept and how to go on. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw this.#withWayOn(asSameseedError(thrown));
    } finally {
      this.#progress.stop();
    }
  }

  #withWayOn(error: SameseedError): SameseedError {
    const kept = this.#dir === undefined ? 0 : this.#scored;
    if (error.kind.exitCode === 2) return error;
    if (kept === 0)
      return error.code === "aborted"
        ? new SameseedError("aborted", "interrupted; nothing is recorded")
        : error;
    const dir = shownPath(this.#dir ?? "");
    const goOn = resumeCommand(this.#cli.args, dir);
    const what = error.code === "aborted" ? "interrupted" : error.message.replace(/\.$/, "");
    return new SameseedError(error.code, `${what}; ${count(kept, "game")} recorded in ${dir}`, {
      hint: error.code === "aborted" ? goOn : `${error.hint ?? ""} then continue with \`${goOn}\``.trim(),
      context: { ...error.context, dir: this.#dir, recorded: kept, resume: goOn },
      cause: error,
    });
  }
}
