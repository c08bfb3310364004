import { digestOf } from "../base/digest.ts";
import { defaultImageName } from "../image/default-image.ts";
import { resolveImage } from "../image/image-store.ts";
import { importWhereNamed } from "../image/import-image.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { ScoreItem, ScoreResult, ScoreTask } from "../model/score.ts";
import { engineOf, type FleetMade, malformedAnswer, type RolloutFleet } from "../rollout/rollout-fleet.ts";
import { canonicalJson, taskDigest } from "./score-digest.ts";
import type { SharedScore } from "./score-item.ts";
import { scoreSchema } from "./score-schema.ts";
import { asTaskFault, withoutTests } from "./scorer.ts";

/** A result and the place of its item. */
export interface Placed {
  readonly at: number;
  readonly result: ScoreResult;
}

/**
 * Scores items on the machines of a fleet, and yields their results as they are there. What was scored of the same items before, also
 * by a call that was interrupted, is taken from its store; equal completions of one task are run once.
 * @param items all of them, each looked at
 * @throws `image_missing`, `aborted`, `queue_timeout`, `io_failed`
 */
export async function* scoreElsewhere(
  items: readonly ScoreItem[],
  {
    wanted,
    fleet,
    signal,
    onDone,
  }: {
    /** Places of those that are to be scored. */
    readonly wanted: readonly number[];
    readonly fleet: RolloutFleet;
    readonly signal?: AbortSignal | undefined;
    /** Told when everything was handed on, unless nothing was asked of the fleet. */
    readonly onDone?: (made: FleetMade) => void;
  },
): AsyncGenerator<Placed, void, undefined> {
  // Of all of them: the work has the same name, and its answers are found again, however many are wanted still.
  const { images, faults } = await imagesOfTasks(
    items.map(({ task }) => task),
    signal,
  );
  // What has no image needs no sandbox: it is said here.
  for (const at of wanted) {
    const { id, task } = items[at]!;
    const fault = faults.get(imageOf(task));
    if (fault !== undefined)
      yield { at, result: { id: id ?? String(at), memoised: false, ...asTaskFault(task, fault) } };
  }
  const possible = wanted.filter((at) => !faults.has(imageOf(items[at]!.task)));
  const keys = new KeyOfItem();
  const equal = Map.groupBy(possible, (at) => keys.of(items[at]!));
  const first = new Map([...equal.values()].map((places) => [places[0]!, places]));
  const answers = engineOf(fleet).answers({
    kind: "scores",
    title: `${items.length} completions`,
    items: items.map(({ task, ...own }, at) => ({
      own: plain({ ...own, id: own.id ?? String(at) }),
      shared: task as unknown as JsonValue,
    })),
    wanted: [...first.keys()],
    images,
    isAnswer: (answer, at) => isScore(answer, items[at]!.task),
    signal,
    ...(onDone === undefined ? {} : { onDone }),
  });
  for await (const { at, ...came } of answers) {
    const { task } = items[at]!;
    const score =
      "lost" in came
        ? withoutTests(task, "infra_error", `the host failed: ${came.lost}`, taskDigest(task))
        : checked(came.answer, task);
    for (const place of first.get(at) ?? []) {
      const result = { ...score, id: items[place]!.id ?? String(place), memoised: place !== at };
      yield { at: place, result };
    }
  }
}

function imageOf({ image = defaultImageName }: ScoreTask): string {
  return image;
}

/** Which image each name is here, and what is wrong with those that are not. */
async function imagesOfTasks(
  tasks: readonly ScoreTask[],
  signal: AbortSignal | undefined,
): Promise<{ readonly images: Record<string, string>; readonly faults: ReadonlyMap<string, unknown> }> {
  const images: Record<string, string> = {};
  const faults = new Map<string, unknown>();
  for (const task of new Set(tasks)) {
    const name = imageOf(task);
    if (images[name] !== undefined || faults.has(name)) continue;
    try {
      await importWhereNamed(name, signal);
      images[name] = resolveImage(name).manifest.digest;
    } catch (error) {
      faults.set(name, error);
    }
  }
  return { images, faults };
}

/** Names what is scored: two items of one name have the same score. */
class KeyOfItem {
  readonly #tasks = new WeakMap<ScoreTask, string>();

  of({ task, completion, files, limits }: ScoreItem): string {
    let digest = this.#tasks.get(task);
    if (digest === undefined) this.#tasks.set(task, (digest = taskDigest(task)));
    return digestOf(canonicalJson([digest, completion ?? null, files ?? null, limits ?? null]));
  }
}

function isScore(answer: JsonValue, task: ScoreTask): boolean {
  const { data } = scoreSchema.safeParse(answer);
  // What is to be tried again is no score that a host gives.
  return data?.task === task.id && !data.retryable && data.trustworthy === (data.score !== null);
}

function checked(answer: JsonValue, task: ScoreTask): SharedScore {
  if (!isScore(answer, task)) throw malformedAnswer("scores");
  const { id: _, memoised: __, ...score } = answer as unknown as ScoreResult;
  return score;
}

function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
