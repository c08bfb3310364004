import { defaultImageName } from "../../image/default-image.ts";
import { resolveImage } from "../../image/image-store.ts";
import type { ScoreItem, ScoreResult } from "../../model/score.ts";
import { scoreCompletions, type ScoreConfig } from "../score-completions.ts";
import { ScoreWriter } from "./score-folder.ts";

/** How scores are recorded. */
export interface RecordScoresConfig extends Omit<ScoreConfig, "items"> {
  /** Each has an id of its own. */
  readonly items: readonly ScoreItem[];
  /** A new folder, or one to go on with. */
  readonly dir: string;
  /** Go on with what is recorded; results without a score are tried again. @default false */
  readonly resume?: boolean;
  /** Told of each result that was recorded before. */
  readonly onRecorded?: (result: ScoreResult) => void;
  readonly onResult?: (result: ScoreResult) => void;
}

/**
 * Scores completions and records each result when it is there. What was recorded survives whatever ends the process.
 * @returns the results in the order of the items
 * @throws as `scoreCompletions`; `run_exists`, `run_differs`, `run_locked`, `run_damaged`, `io_failed`
 */
export async function recordScores(config: RecordScoresConfig): Promise<ScoreResult[]> {
  const { items, dir, resume = false, onRecorded, onResult, ...rest } = config;
  using writer = ScoreWriter.open(dir, items, { resume, images: imagesOf(items) });
  const results = new Map<string, ScoreResult>();
  for (const [id, result] of writer.recorded) {
    if (!result.trustworthy) continue;
    results.set(id, result);
    onRecorded?.(result);
  }
  const missing = items.filter(({ id }) => !results.has(id!));
  for await (const result of scoreCompletions({ ...rest, items: missing })) {
    writer.add(result);
    results.set(result.id, result);
    onResult?.(result);
  }
  return items.map(({ id }) => results.get(id!)!);
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
