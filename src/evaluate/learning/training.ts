import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { completeLimits, limitNames, type Limits, limitsSchema } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { sharedBackend, type BackendKind } from "../../sandbox/sandbox-host.ts";
import { learnPiece } from "./learning-job.ts";
import { type LearnedRows, readLearned } from "./learning-result.ts";
import { opponentName, type OpponentInput, resolveOpponent, type Opponent } from "./opponent.ts";
import { checkQTable, type QTable } from "./q-table.ts";
import { settleTraining, type TrainingChoices, type TrainingSettings } from "./training-settings.ts";

/** What to learn, from whom, and where. */
export interface TrainingOptions extends TrainingChoices {
  /**
   * Whom to learn from: `self` (both seats learn), a built-in policy, or a Python file or source, which then sits in
   * sandboxes of its own. @default "self"
   */
  readonly against?: OpponentInput;
  /** @default the default image */
  readonly image?: string;
  /** @default "zygote" */
  readonly backend?: BackendKind;
  /** The world that episodes, and the games of an evaluation, see. @default "sealed" */
  readonly world?: WorldMode;
  /** Limits of each sandbox, also in evaluations. A training sandbox runs {@link pieceEpisodes} episodes. */
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  /** Called after each piece. */
  readonly onProgress?: (progress: TrainingProgress) => void;
}

const schedule = { from: true, to: true } as const;

/** Every name of {@link TrainingOptions}. */
export const trainingNames: NamesOf<TrainingOptions> = {
  seed: true,
  episodes: true,
  alpha: schedule,
  epsilon: schedule,
  gamma: true,
  initial: true,
  against: true,
  image: true,
  backend: true,
  world: true,
  limits: limitNames,
  signal: true,
  onProgress: true,
};

/** The progress of a training. */
export interface TrainingProgress {
  readonly episodes: number;
  readonly planned: number;
}

/**
 * Episodes that one set of sandboxes plays. An opponent that is source lives as long, and what it remembers with it; the
 * table does not otherwise depend on it.
 */
export const pieceEpisodes = 1000;

/**
 * Learns tic-tac-toe by Q-learning, all episodes in sandboxes. Equal options give equal tables, value for value.
 *
 * @example
 * const table = await trainPolicy({ episodes: 30_000, seed: 7 });
 * await writeFile("learned.py", qPolicyCode(table));
 *
 * @throws SameseedError `bad_argument` for numbers out of range, `bad_policy` where the opponent cannot be read or fails,
 * `aborted`, and the errors of a host failure
 *
 * @experimental
 */
export async function trainPolicy(options: TrainingOptions = {}): Promise<QTable> {
  refuseUnknownOptions(options, trainingNames, "trainPolicy");
  const training = new Training(options);
  await training.advance(training.settings.plannedEpisodes);
  return training.table();
}

/**
 * Alias of {@link trainPolicy}.
 *
 * @experimental
 */
export const trainTttPolicy: typeof trainPolicy = trainPolicy;

/** A training that goes on piece by piece, and can be saved and taken up again. */
export class Training {
  readonly settings: TrainingSettings;
  /** Whom it learns from. */
  readonly opponent: Opponent;
  readonly #options: TrainingOptions;
  readonly #limits: Limits;
  #learned: LearnedRows | undefined;

  /** @throws SameseedError `bad_argument`, `bad_policy` */
  constructor(options: TrainingOptions) {
    this.#options = options;
    this.opponent = resolveOpponent(options.against ?? "self");
    this.settings = settleTraining(options, opponentName(this.opponent));
    this.#limits = limitsOf(options.limits ?? {});
  }

  /** Episodes so far. */
  get episodes(): number {
    return this.#learned?.episodes ?? 0;
  }

  /** What {@link restore} takes; undefined before the first piece. */
  get state(): Buffer | undefined {
    return this.#learned?.bytes;
  }

  /**
   * Goes on from what an equal training had learned.
   * @throws SameseedError `run_damaged` for bytes that are no state of one
   */
  restore(state: Buffer): void {
    this.#learned = this.#read(state);
  }

  /**
   * The table that a state of this training, earlier or now, holds.
   * @throws SameseedError `run_damaged` for bytes that are no state of one
   */
  tableOf(state: Buffer): QTable {
    return this.#tableOf(this.#read(state));
  }

  /**
   * Plays until so many episodes have been played in all; a piece ends there or at a multiple of {@link pieceEpisodes}.
   * @throws SameseedError as {@link trainPolicy}
   */
  async advance(episodes: number): Promise<void> {
    const {
      image = defaultImageName,
      backend = "zygote",
      world = "sealed",
      signal,
      onProgress,
    } = this.#options;
    const host = sharedBackend(image, backend, world);
    const goal = Math.min(episodes, this.settings.plannedEpisodes);
    while (this.episodes < goal) {
      const first = this.episodes;
      const last = Math.min(goal, first - (first % pieceEpisodes) + pieceEpisodes);
      const piece = { settings: this.settings, opponent: this.opponent, first, last, table: this.state };
      this.#learned = await learnPiece(host, piece, this.#limits, signal);
      onProgress?.({ episodes: this.episodes, planned: this.settings.plannedEpisodes });
    }
  }

  /** What was learned so far. */
  table(): QTable {
    return this.#tableOf(this.#learned ?? { episodes: 0, rows: new Map() });
  }

  #tableOf({ episodes, rows }: Pick<LearnedRows, "episodes" | "rows">): QTable {
    return { game: "tictactoe", settings: this.settings, episodes, rows };
  }

  #read(state: Buffer): LearnedRows {
    try {
      const learned = readLearned(state);
      if (!("outcome" in learned) && learned.episodes <= this.settings.plannedEpisodes) {
        checkQTable(this.#tableOf(learned));
        return learned;
      }
    } catch (error) {
      throw damaged(error);
    }
    throw damaged(undefined);
  }
}

function damaged(cause: unknown): SameseedError {
  return new SameseedError("run_damaged", "the checkpoint cannot be read as a state of this training", {
    hint: "remove the checkpoint and start again without --resume",
    cause,
  });
}

function limitsOf(given: Partial<Limits>): Limits {
  const parsed = limitsSchema.safeParse(given);
  if (parsed.success) return completeLimits(parsed.data);
  const issue = parsed.error.issues[0];
  throw new SameseedError(
    "bad_argument",
    `limits.${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not limits"}`,
  );
}
