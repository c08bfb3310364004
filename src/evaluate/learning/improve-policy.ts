import { type Digest, sha256Of } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { gameRulesOf } from "../../games/game-rules.ts";
import { resolveImage } from "../../image/image-store.ts";
import type { SprtOptions } from "../../stats/sprt.ts";
import type { Player } from "../league/play-pairs.ts";
import { type ContestResult, holdContest } from "./contest.ts";
import { qPolicyCode, qPolicyDigest } from "./q-policy-code.ts";
import type { QTable } from "./q-table.ts";
import {
  pieceEpisodes,
  Training,
  trainingNames,
  type TrainingOptions,
  type TrainingProgress,
} from "./training.ts";
import { checkSaved, type SavedImprovement } from "./training-checkpoint.ts";

/*
 * Alternates learning and evaluation. After each round of episodes the current table is the candidate. It plays the
 * champion, pair by pair, until a sequential test decides whether it is better. A better candidate becomes the
 * champion; the first champion is the built-in random policy. Learning always continues from the current table,
 * promoted or not.
 *
 * After self-play the two play each other, with a random first move each, because otherwise they would repeat the same
 * game. After learning against a policy, both play that policy unchanged.
 */

/** How to learn and when to promote. */
export interface ImproveOptions extends TrainingOptions {
  /** Episodes between two evaluations, a multiple of 1000. @default a tenth of all, at least 1000 */
  readonly evaluateEvery?: number;
  /** Stops after this many rounds in a row without a promotion. @default 3 */
  readonly patience?: number;
  /** The test: from which normalised Elo on a candidate is no better, and better. @default 0 and 50, errors of 5 % */
  readonly sprt?: Partial<SprtOptions>;
  /** The most pairs of one evaluation. @default 200 */
  readonly maxPairs?: number;
  /** Games at the same time. */
  readonly concurrency?: number;
  /** The state to continue from. */
  readonly from?: SavedImprovement;
  /** Called with each new checkpoint. */
  readonly onSave?: (saved: SavedImprovement) => void;
  readonly onRound?: (round: ImprovementRound) => void;
  /** Called while an evaluation runs. */
  readonly onPairs?: (progress: TrainingProgress & { readonly pairs: number }) => void;
}

const improveNames: NamesOf<ImproveOptions> = {
  ...trainingNames,
  evaluateEvery: true,
  patience: true,
  sprt: { elo0: true, elo1: true, alpha: true, beta: true },
  maxPairs: true,
  concurrency: true,
  from: true,
  onSave: true,
  onRound: true,
  onPairs: true,
};

/** One round: learning, then an evaluation. */
export interface ImprovementRound extends ContestResult {
  /** From 1 on. */
  readonly round: number;
  /** Number of episodes. */
  readonly episodes: number;
  /** The digest of the candidate's source. */
  readonly candidate: Digest;
  /** What it played against: a digest, or `random`. */
  readonly champion: string;
  readonly promoted: boolean;
}

/** The result of a training with evaluations. */
export interface Improvement {
  /** The last table that was promoted; undefined where none was. */
  readonly champion: QTable | undefined;
  /** The table as learning left it. */
  readonly last: QTable;
  readonly rounds: readonly ImprovementRound[];
  /** Whether all episodes were played, or training stopped after too many rounds without a promotion. */
  readonly stopped: "episodes" | "patience";
}

/** {@link ImproveOptions} with every default put in: what a saved state must have been made with. */
export interface ImproveRules {
  readonly evaluateEvery: number;
  readonly patience: number;
  readonly elo0: number;
  readonly elo1: number;
  /** The error rates: promoting a candidate that is not better, and rejecting a better one. */
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly maxPairs: number;
}

/** @throws SameseedError `bad_argument` */
export function improveRules(options: ImproveOptions, plannedEpisodes: number): ImproveRules {
  const { sprt = {}, patience = 3, maxPairs = 200 } = options;
  const tenth = Math.max(1, Math.ceil(plannedEpisodes / 10 / pieceEpisodes)) * pieceEpisodes;
  const evaluateEvery = options.evaluateEvery ?? tenth;
  const whole = { evaluateEvery, patience, maxPairs };
  for (const [name, value] of Object.entries(whole))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new SameseedError("bad_argument", `${name} must be a whole number of at least 1, not ${value}`);
  if (evaluateEvery % pieceEpisodes !== 0)
    throw new SameseedError("bad_argument", `evaluateEvery must be a multiple of ${pieceEpisodes}`, {
      hint: `training runs in pieces of ${pieceEpisodes} episodes`,
    });
  const { elo0 = 0, elo1 = 50, alpha = 0.05, beta = 0.05 } = sprt;
  return { ...whole, elo0, elo1, falsePositives: alpha, falseNegatives: beta };
}

/**
 * Alternates learning and evaluation of tic-tac-toe, and keeps the best table. Equal options give equal tables and
 * verdicts, at any concurrency and after any interruption.
 *
 * @example
 * const { champion } = await improvePolicy({ episodes: 30_000, seed: 7 });
 * if (champion) await writeFile("learned.py", qPolicyCode(champion));
 *
 * @throws as `trainPolicy` and `playGames`; `run_differs` where `from` is of another training
 *
 * @experimental
 */
export async function improvePolicy(options: ImproveOptions = {}): Promise<Improvement> {
  refuseUnknownOptions(options, improveNames, "improvePolicy");
  return await new Course(options).run();
}

class Course {
  readonly #options: ImproveOptions;
  readonly #training: Training;
  readonly #rules: ImproveRules;
  readonly #image: string;
  readonly #rounds: ImprovementRound[] = [];
  #champion: Buffer | undefined;

  constructor(options: ImproveOptions) {
    this.#options = options;
    this.#training = new Training({
      ...options,
      onProgress: (progress) => {
        this.#save();
        options.onProgress?.(progress);
      },
    });
    this.#rules = improveRules(options, this.#training.settings.plannedEpisodes);
    this.#image = resolveImage(options.image ?? defaultImageName).manifest.digest;
    if (options.from !== undefined) this.#restore(options.from);
  }

  async run(): Promise<Improvement> {
    const { plannedEpisodes } = this.#training.settings;
    while (!this.#finished() && !this.#outOfPatience()) {
      const goal = (this.#rounds.length + 1) * this.#rules.evaluateEvery;
      await this.#training.advance(Math.min(goal, plannedEpisodes));
      const round = await this.#evaluate();
      this.#rounds.push(round);
      if (round.promoted) this.#champion = this.#training.state;
      this.#save();
      this.#options.onRound?.(round);
    }
    return {
      champion: this.#championTable(),
      last: this.#training.table(),
      rounds: this.#rounds,
      stopped: this.#finished() ? "episodes" : "patience",
    };
  }

  #finished(): boolean {
    return this.#rounds.at(-1)?.episodes === this.#training.settings.plannedEpisodes;
  }

  #outOfPatience(): boolean {
    const { patience } = this.#rules;
    const latest = this.#rounds.slice(-patience);
    return latest.length === patience && latest.every(({ promoted }) => !promoted);
  }

  async #evaluate(): Promise<ImprovementRound> {
    const { concurrency, signal, onPairs } = this.#options;
    const { settings, episodes } = this.#training;
    const champion = this.#championTable();
    const candidate = this.#training.table();
    const { elo0, elo1, falsePositives: alpha, falseNegatives: beta, maxPairs } = this.#rules;
    const round = this.#rounds.length + 1;
    const judge = this.#judge();
    const player = (table: QTable, name: string): Player => ({
      source: qPolicyCode(table, { randomMoves: judge === undefined ? 1 : 0 }),
      name,
    });
    const result = await holdContest(
      {
        candidate: player(candidate, "candidate.py"),
        champion: champion === undefined ? "random" : player(champion, "champion.py"),
        judge,
      },
      {
        game: { game: "tictactoe", ...gameRulesOf(this.#options) },
        seed: contestSeed(settings.seed, round),
      },
      { elo0, elo1, alpha, beta, maxPairs },
      {
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(signal === undefined ? {} : { signal }),
        onPairs: (pairs) => onPairs?.({ episodes, planned: settings.plannedEpisodes, pairs }),
      },
    );
    return {
      round,
      episodes,
      candidate: qPolicyDigest(qPolicyCode(candidate)),
      champion: champion === undefined ? "random" : qPolicyDigest(qPolicyCode(champion)),
      promoted: result.verdict === "better",
      ...result,
    };
  }

  /** Whom both play; undefined after self-play. */
  #judge(): Player | undefined {
    const { opponent } = this.#training;
    if (opponent.kind === "self") return undefined;
    return opponent.kind === "builtin" ? opponent.name : { source: opponent.source, name: opponent.name };
  }

  #championTable(): QTable | undefined {
    return this.#champion === undefined ? undefined : this.#training.tableOf(this.#champion);
  }

  #restore(saved: SavedImprovement): void {
    checkSaved(saved, {
      settings: this.#training.settings,
      rules: this.#rules,
      image: this.#image,
      world: this.#options.world ?? "sealed",
    });
    if (saved.table !== null) this.#training.restore(Buffer.from(saved.table, "base64"));
    if (saved.champion !== null) this.#champion = Buffer.from(saved.champion, "base64");
    this.#championTable();
    this.#rounds.push(...saved.rounds);
  }

  #save(): void {
    this.#options.onSave?.({
      settings: this.#training.settings,
      rules: this.#rules,
      image: this.#image,
      world: this.#options.world ?? "sealed",
      table: this.#training.state?.toString("base64") ?? null,
      champion: this.#champion?.toString("base64") ?? null,
      rounds: [...this.#rounds],
    });
  }
}

/** Every round has games of its own: a champion must not be one of the seed's luck. */
function contestSeed(seed: number, round: number): number {
  const digest = sha256Of(["sameseed/contest/1\0", `${seed}\0${round}`]);
  return Number(digest.readBigUInt64BE() >> 11n);
}
