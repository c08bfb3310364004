import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { resolveImage } from "../../image/image-store.ts";
import type { ScoreItem, ScoreResult } from "../../model/score.ts";
import { engineOf, type FleetMade } from "../../rollout/rollout-fleet.ts";
import { withTakeBacks } from "../../store/take-back.ts";
import { checkedItems, scoreCompletions, type ScoreConfig } from "../score-completions.ts";
import { scoreElsewhere } from "../score-elsewhere.ts";
import { ScoreWriter } from "./score-folder.ts";

/** How scores are recorded. */
export interface RecordScoresConfig extends Omit<ScoreConfig, "items"> {
  /** Each has an id of its own; without one, it is its place in the list. */
  readonly items: readonly ScoreItem[];
  /** A new folder, or one to continue in. */
  readonly dir: string;
  /** Go on with what is recorded; results without a score are tried again. @default false */
  readonly resume?: boolean;
  /** Told of each result that was recorded before. */
  readonly onRecorded?: (result: ScoreResult) => void;
  readonly onResult?: (result: ScoreResult) => void;
}

const configNames: NamesOf<RecordScoresConfig> = {
  items: true,
  dir: true,
  resume: true,
  concurrency: true,
  signal: true,
  fleet: true,
  onRecorded: true,
  onResult: true,
};

/**
 * Scores completions and records each result when it is there, as `sameseed score --out` does. What was recorded survives
 * whatever ends the process.
 * @returns the results in the order of the items
 * @throws as `scoreCompletions`; `run_exists`, `run_differs`, `run_locked`, `run_damaged`, `io_failed`
 * @experimental
 */
export async function recordScores(config: RecordScoresConfig): Promise<ScoreResult[]> {
  refuseUnknownOptions(config, configNames, "recordScores");
  const { items: given, fleet } = config;
  const items = withIds(given);
  if (fleet === undefined) return await recordInto(items, config);
  // Of what a call tells, nothing is told twice where it begins anew.
  const told = new Set<string>();
  const onceEach = (tell: RecordScoresConfig["onResult"]) => (result: ScoreResult) => {
    if (!told.has(result.id)) tell?.(result);
    told.add(result.id);
  };
  const [onResult, onRecorded] = [onceEach(config.onResult), onceEach(config.onRecorded)];
  return await withTakeBacks(config.dir, async (before) => {
    const resume = config.resume === true || before !== undefined;
    return await recordInto(items, { ...config, resume, onResult, onRecorded });
  });
}

async function recordInto(items: readonly ScoreItem[], config: RecordScoresConfig): Promise<ScoreResult[]> {
  const { dir, resume = false, onRecorded, onResult, fleet } = config;
  const results = new Map<string, ScoreResult>();
  using writer = ScoreWriter.open(dir, items, { resume, images: imagesOf(items) });
  for (const [id, result] of writer.recorded) {
    if (!result.trustworthy) continue;
    results.set(id, result);
    onRecorded?.(result);
  }
  let made: FleetMade | undefined;
  const onDone = (own: FleetMade): void => void (made = own);
  for await (const result of scoresOf(items, (id) => !results.has(id), config, onDone)) {
    writer.add(result);
    results.set(result.id, result);
    onResult?.(result);
  }
  if (fleet !== undefined && !(await engineOf(fleet).certifyScores(dir, made))) {
    // Stopped before its certificate was written: every score is in the store, and is looked at there.
    for await (const _ of scoresOf(items, () => true, config, onDone));
    if (made !== undefined) await engineOf(fleet).certifyScores(dir, made);
  }
  return items.map(({ id }) => results.get(id!)!);
}

/** The scores of some items: a fleet is told of all of them, so that what an interrupted call has left is known again. */
async function* scoresOf(
  items: readonly ScoreItem[],
  isMissing: (id: string) => boolean,
  { fleet, concurrency, signal }: RecordScoresConfig,
  onDone: (made: FleetMade) => void,
): AsyncGenerator<ScoreResult, void, undefined> {
  if (fleet === undefined) {
    const own = {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(signal === undefined ? {} : { signal }),
    };
    yield* scoreCompletions({ ...own, items: items.filter(({ id }) => isMissing(id!)) });
    return;
  }
  const wanted = items.flatMap(({ id }, at) => (isMissing(id!) ? [at] : []));
  const all = [...checkedItems(items)].map(({ item }) => item);
  for await (const { result } of scoreElsewhere(all, { signal, wanted, fleet, onDone })) yield result;
}

/** Items by whose ids their results are found again. */
function withIds(items: readonly ScoreItem[]): ScoreItem[] {
  const seen = new Set<string>();
  return items.map((item, at) => {
    const id = item.id ?? String(at);
    if (seen.has(id))
      throw new SameseedError("bad_argument", `two items have the id ${id}`, {
        hint: "give each item an id of its own; without one, it is the item's place in the list",
      });
    seen.add(id);
    return { ...item, id };
  });
}

/** The digests of the images that tasks name, where they are there. */
export function imagesOf(items: readonly ScoreItem[]): Record<string, string> {
  const names = new Set(items.map(({ task }) => task.image ?? defaultImageName));
  const found: [string, string][] = [];
  for (const name of [...names].sort()) {
    try {
      found.push([name, `sha256:${resolveImage(name).manifest.digest}`]);
    } catch {
      // The scores of its tasks say that it is missing.
      continue;
    }
  }
  return Object.fromEntries(found);
}
