import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { resolveImage } from "../../image/image-store.ts";
import type { ScoreItem, ScoreResult } from "../../model/score.ts";
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
  const { items: given, dir, resume = false, onRecorded, onResult, ...rest } = config;
  const items = withIds(given);
  using writer = ScoreWriter.open(dir, items, { resume, images: imagesOf(items) });
  const results = new Map<string, ScoreResult>();
  for (const [id, result] of writer.recorded) {
    if (!result.trustworthy) continue;
    results.set(id, result);
    onRecorded?.(result);
  }
  for await (const result of scoresOf(items, (id) => !results.has(id), rest)) {
    writer.add(result);
    results.set(result.id, result);
    onResult?.(result);
  }
  return items.map(({ id }) => results.get(id!)!);
}

/** The scores of some items: a fleet is told of all of them, so that what an interrupted call has left is known again. */
async function* scoresOf(
  items: readonly ScoreItem[],
  isMissing: (id: string) => boolean,
  { fleet, ...rest }: Omit<ScoreConfig, "items">,
): AsyncGenerator<ScoreResult, void, undefined> {
  if (fleet === undefined) {
    yield* scoreCompletions({ ...rest, items: items.filter(({ id }) => isMissing(id!)) });
    return;
  }
  const wanted = items.flatMap(({ id }, at) => (isMissing(id!) ? [at] : []));
  const all = [...checkedItems(items)].map(({ item }) => item);
  for await (const { result } of scoreElsewhere(all, { ...rest, wanted, fleet })) yield result;
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
