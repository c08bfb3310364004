import { availableParallelism } from "node:os";

import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { workThrough } from "../base/work-through.ts";
import type { ScoreItem, ScoreResult } from "../model/score.ts";
import type { RolloutFleet } from "../rollout/rollout-fleet.ts";
import { refuseAborted } from "./judge-place.ts";
import { Lanes } from "./lanes.ts";
import { type Placed, scoreElsewhere } from "./score-elsewhere.ts";
import { Scorer, type ScorerOptions } from "./scorer.ts";
import { checkItem, checkTask } from "./task-schema.ts";

/** What {@link scoreCompletions} takes. */
export interface ScoreConfig {
  readonly items: Iterable<ScoreItem>;
  /** Tests at the same time. @default one more than the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Other machines that score them; {@link concurrency} is then theirs to choose. @default this one */
  readonly fleet?: RolloutFleet;
}

const configNames: NamesOf<ScoreConfig> = { items: true, concurrency: true, signal: true, fleet: true };

/** The scores of one call: iterate over them as they are there, or wait for all of them in the order of the items. */
export interface ScoreBatch extends AsyncIterable<ScoreResult> {
  /**
   * Waits for all and returns them in the order of the items.
   * @throws as iterating does; `bad_argument` where the batch was run already
   */
  results(): Promise<ScoreResult[]>;
}

/**
 * Scores completions: every test of every completion in a fresh sandbox, what it answers compared outside of it.
 *
 * Nothing that a solution does makes its own score better than its answers are, and nothing that happens to the host makes it
 * worse: a failure of the host or of the task is `score: null`, never 0. Equal completions of one task are run once.
 *
 * @example
 * const task = { id: "add", kind: "call" as const, function: "add", tests: [{ args: [1, 2], expected: 3 }] };
 * const completion = "```python\ndef add(a, b):\n    return a + b\n```";
 * const [result] = await scoreCompletions({ items: [{ completion, task }] }).results();
 * console.log(result.score, result.verdict);
 *
 * @throws `bad_argument` for an option, an item or a task that is not of its form; while iterating, `aborted` and what stands
 * in the way of any sandbox, such as `image_missing` for the default image
 * @experimental
 */
export function scoreCompletions(config: ScoreConfig): ScoreBatch {
  refuseUnknownOptions(config, configNames, "scoreCompletions");
  const { concurrency = availableParallelism() + 1, signal, fleet } = config;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1024)
    throw new SameseedError(
      "bad_argument",
      `concurrency must be a whole number from 1 to 1024, not ${concurrency}`,
    );
  let isRun = false;
  const begin = (): AsyncGenerator<Placed, void, undefined> => {
    if (isRun)
      throw new SameseedError("bad_argument", "this batch has already run", {
        hint: "keep the results of the first run, or call scoreCompletions again",
      });
    isRun = true;
    if (fleet === undefined) return scoreAll(config.items, { concurrency, signal });
    const items = [...checkedItems(config.items)].map(({ item }) => item);
    return scoreElsewhere(items, { wanted: items.map((_, at) => at), fleet, signal });
  };
  return {
    [Symbol.asyncIterator]: () => withoutPlaces(begin()),
    results: async () => {
      const ordered: ScoreResult[] = [];
      for await (const { at, result } of begin()) ordered[at] = result;
      return ordered;
    },
  };
}

/** How {@link scoreAll} runs. */
export interface ScoringOptions {
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  /** Whether equal completions are run once. @default true */
  readonly memoise?: boolean;
  /** Where tests run at the same time. @default some of this call's own */
  readonly lanes?: Lanes;
  readonly imageOf?: ScorerOptions["imageOf"];
}

async function* withoutPlaces(
  placed: AsyncGenerator<Placed, void, undefined>,
): AsyncGenerator<ScoreResult, void, undefined> {
  for await (const { result } of placed) yield result;
}

/**
 * Scores items and yields their results as they are there.
 * @throws as {@link scoreCompletions}
 */
export async function* scoreAll(
  items: Iterable<ScoreItem>,
  { concurrency, signal, memoise = true, lanes = new Lanes(concurrency), imageOf }: ScoringOptions,
): AsyncGenerator<Placed, void, undefined> {
  const stop = new AbortController();
  const scorer = new Scorer({
    lanes,
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    memoise,
    ...(imageOf === undefined ? {} : { imageOf }),
  });
  yield* workThrough(checkedItems(items), {
    concurrency,
    stop,
    work: async ({ at, item }, push: (result: Placed) => Promise<void>) => {
      refuseAborted(signal);
      await push({ at, result: await scorer.score(item, item.id ?? String(at)) });
    },
  });
}

/** Items as they are asked for, each looked at. @throws `bad_argument` */
export function* checkedItems(
  items: Iterable<ScoreItem>,
): Generator<{ at: number; item: ScoreItem }, void, undefined> {
  let at = 0;
  // A group of completions shares its task: it is looked at once.
  const known = new Map<unknown, ScoreItem["task"]>();
  for (const given of items) {
    const item = checkItem(given, `item ${given.id ?? at}`);
    let task = known.get(given.task);
    if (task === undefined)
      known.set(given.task, (task = checkTask(given.task, `the task of item ${given.id ?? at}`)));
    yield { at: at++, item: { ...item, task } };
  }
}
