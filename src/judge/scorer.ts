import { startOfText } from "../base/cut-text.ts";
import { isSameseedError, SameseedError } from "../base/error.ts";
import { defaultImageName } from "../image/default-image.ts";
import type { Limits } from "../model/limits.ts";
import {
  defaultScoreLimits,
  type ScoreItem,
  type ScoreResult,
  type ScoreTask,
  type ScoreVerdict,
} from "../model/score.ts";
import { openHost, type RolloutHost } from "../rollout/rollout-host.ts";
import { extractCode, pythonFences } from "./extract-code.ts";
import type { Lanes } from "./lanes.ts";
import { prepareTask } from "./prepare-task.ts";
import { itemKey, scoreDigest, taskDigest } from "./score-digest.ts";
import { type SharedScore, scoreSolution } from "./score-item.ts";
import { misnamedFile } from "./task-schema.ts";
import type { PreparedTask, Solution } from "./test-run.ts";
import { tooLargeSolution } from "./test-sizes.ts";
import { BadTask } from "./kinds/ask-judge.ts";

const solutionFolder = "/tmp/solution";
const defaultEntry = "solution.py";

/** Codes of errors that are the task's fault: an image that is not there, say. */
const taskFaults: readonly string[] = [
  "image_missing",
  "image_damaged",
  "image_outdated",
  "world_unavailable",
  "bad_argument",
];

/** How a {@link Scorer} scores. */
export interface ScorerOptions {
  /** What runs at the same time. */
  readonly lanes: Lanes;
  readonly signal: AbortSignal;
  /** Whether equal completions are run once. */
  readonly memoise: boolean;
  /** Which image a task means that names one. @default the one of that name */
  readonly imageOf?: (name: string) => string;
}

/** Scores items; keeps what tasks are prepared to, and the scores of equal completions. */
export class Scorer {
  readonly #lanes: Lanes;
  readonly #signal: AbortSignal;
  readonly #memoise: boolean;
  readonly #prepared = new Map<string, Promise<PreparedTask>>();
  readonly #scores = new Map<string, Promise<SharedScore>>();
  readonly #digests = new WeakMap<ScoreTask, string>();
  readonly #imageOf: (name: string) => string;

  constructor({ lanes, signal, memoise, imageOf = (name) => name }: ScorerOptions) {
    this.#memoise = memoise;
    this.#lanes = lanes;
    this.#signal = signal;
    this.#imageOf = imageOf;
  }

  /**
   * Scores one item.
   * @throws `aborted`, and what stands in the way of every sandbox
   */
  async score(item: ScoreItem, id: string): Promise<ScoreResult> {
    const calledAt = performance.now();
    const { task } = item;
    let host: RolloutHost;
    try {
      host = await openHost({
        image: this.#imageOf(task.image ?? defaultImageName),
        backend: "zygote",
        world: task.world ?? "sealed",
      });
    } catch (error) {
      return { id, memoised: false, ...asTaskFault(task, error) };
    }
    const digest = this.#digestOf(task);
    const limits = limitsOf(item);
    const key = itemKey(digest, item, limits, host.receipt.image.digest);
    const known = this.#memoise ? this.#scores.get(key) : undefined;
    const score = known ?? this.#fresh(item, { host, key, digest, limits, calledAt });
    if (known === undefined) {
      this.#scores.set(key, score);
      score.then(
        ({ trustworthy }) => trustworthy || this.#scores.delete(key),
        () => this.#scores.delete(key),
      );
    }
    return { id, memoised: known !== undefined, ...(await score) };
  }

  async #fresh(item: ScoreItem, known: Known): Promise<SharedScore> {
    const { task } = item;
    const { host, key, digest, limits, calledAt } = known;
    const solution = solutionOf(item);
    const place = { host, signal: this.#signal };
    let prepared: PreparedTask;
    try {
      prepared = await this.#prepare(
        `${digest} ${host.receipt.image.digest} ${JSON.stringify(limits)}`,
        async () => await prepareTask(task, limits, place),
      );
    } catch (error) {
      if (error instanceof BadTask) return withoutTests(task, "grader_error", error.message, key);
      return asTaskFault(task, error);
    }
    if (solution === undefined) {
      const total = prepared.tests.length;
      return { ...withoutTests(task, "no_code", undefined, key), total, assurance: prepared.assurance };
    }
    const message = refusedFiles(item, solution);
    if (message !== undefined) {
      const total = prepared.tests.length;
      return { ...withoutTests(task, "compile_error", message, key), total, assurance: prepared.assurance };
    }
    const gold = task.gold === undefined ? undefined : filesOf(task, { [entryOf(task)]: task.gold });
    return await scoreSolution({ task, prepared, solution, key, limits, gold, calledAt }, place, this.#lanes);
  }

  async #prepare(key: string, prepare: () => Promise<PreparedTask>): Promise<PreparedTask> {
    let prepared = this.#prepared.get(key);
    if (prepared === undefined) {
      prepared = prepare();
      this.#prepared.set(key, prepared);
      prepared.catch(() => this.#prepared.delete(key));
    }
    return await prepared;
  }

  #digestOf(task: ScoreTask): string {
    let digest = this.#digests.get(task);
    if (digest === undefined) this.#digests.set(task, (digest = taskDigest(task)));
    return digest;
  }
}

/** Why a solution's files are not run; undefined where they are. */
function refusedFiles(item: ScoreItem, { files }: Solution): string | undefined {
  const misnamed = misnamedFile(item);
  if (misnamed !== undefined)
    return `a file of the solution has a name that is no path below its folder: ${JSON.stringify(startOfText(misnamed, 200))}`;
  return tooLargeSolution(files);
}

interface Known {
  readonly host: RolloutHost;
  readonly key: string;
  readonly digest: string;
  readonly limits: Limits;
  readonly calledAt: number;
}

function limitsOf({ task, limits }: ScoreItem): Limits {
  const given = [...Object.entries(task.limits ?? {}), ...Object.entries(limits ?? {})];
  return { ...defaultScoreLimits, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}

/** The name of a task's main file. */
export function entryOf(task: ScoreTask): string {
  if (task.kind === "stdio" && task.language !== undefined) return task.language.file;
  return task.entry ?? defaultEntry;
}

/** The files that an item's solution consists of; undefined where its completion holds no code. */
function solutionOf({ task, completion, files }: ScoreItem): Solution | undefined {
  if (files !== undefined) return entryOf(task) in files ? filesOf(task, files) : undefined;
  const fences = task.kind === "stdio" && task.language !== undefined ? task.language.fences : pythonFences;
  const code = extractCode(completion ?? "", {
    extract: task.extract ?? "fenced",
    fences,
    prefix: task.prefix ?? "",
    preamble: task.preamble ?? "",
  });
  return code === undefined ? undefined : filesOf(task, { [entryOf(task)]: code });
}

function filesOf(task: ScoreTask, files: Readonly<Record<string, string>>): Solution {
  const listed = Object.entries(files).map(([name, text]) => ({
    path: `${solutionFolder}/${name}`,
    data: Buffer.from(text),
  }));
  return { files: listed, entry: entryOf(task) };
}

/** A score of which no test was run. */
export function withoutTests(
  task: ScoreTask,
  verdict: ScoreVerdict,
  message: string | undefined,
  key: string,
): SharedScore {
  const score = verdict === "no_code" || verdict === "compile_error" ? 0 : null;
  return {
    task: task.id,
    score,
    verdict,
    trustworthy: score !== null,
    retryable: verdict === "infra_error",
    passed: 0,
    total: 0,
    tests: [],
    assurance: "full",
    flags: [],
    ...(message === undefined ? {} : { message }),
    digest: scoreDigest(key, { verdict, score, tests: [] }, []),
    timings: { queueMs: 0, scoreMs: 0, runs: 0 },
  };
}

/** An error that only this task's items meet is their verdict; any other is thrown. */
export function asTaskFault(task: ScoreTask, error: unknown): SharedScore {
  if (!isSameseedError(error)) throw error;
  const isDefault = task.image === undefined && error.code === "image_missing";
  if (taskFaults.includes(error.code) && !isDefault) {
    const hint = error.hint === undefined ? "" : `; ${error.hint}`;
    return withoutTests(task, "grader_error", `${error.message}${hint}`, taskDigest(task));
  }
  if (error.code !== "aborted" && error.kind.retryable)
    return withoutTests(task, "infra_error", `the host failed: ${error.message}`, taskDigest(task));
  throw error instanceof SameseedError ? error : new SameseedError("internal", String(error));
}
