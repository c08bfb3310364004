import * as z from "zod";

import { isSameseedError, SameseedError, toError } from "../../base/error.ts";
import { resolveImage } from "../../image/image-store.ts";
import type { JsonValue } from "../../model/json.ts";
import { scoreAll } from "../../judge/score-completions.ts";
import type { ScoreItem } from "../../model/score.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import { auditRollouts } from "../../verify/audit/audit-environment.ts";
import { WorldRunner } from "../../verify/audit/world-runner.ts";
import { type Answer, answerFrame, leafOfAnswer } from "../answer.ts";
import { type Chunk, seedsOf } from "../chunk.ts";
import { checkSpec, optionsOf } from "../fleet-spec.ts";
import { readItems, type WorkItem, type WorkSpec } from "../work-spec.ts";
import type { Done } from "./pack-done.ts";
import type { ChunkPlace } from "./run-chunk.ts";

/**
 * Does the items of a chunk and yields what comes of each.
 * @throws an error that is `retryable` where the host failed one: another host may do it
 */
export async function* doWork(
  place: ChunkPlace,
  spec: WorkSpec,
  chunk: Chunk,
  signal: AbortSignal,
): AsyncGenerator<Done, void, undefined> {
  const numbers = [...seedsOf(chunk.seeds)];
  const items = await readItems(place.store, spec, numbers);
  const answers = spec.kind === "scores" ? scores(place, spec, items, signal) : audits(place, items, signal);
  for await (const own of answers)
    yield { seed: own.at, frame: answerFrame(own), leaf: leafOfAnswer(spec.kind, chunk.spec, own) };
}

async function* scores(
  { slots, tests }: ChunkPlace,
  { images }: WorkSpec,
  items: readonly WorkItem[],
  signal: AbortSignal,
): AsyncGenerator<Answer, void, undefined> {
  const given = items.map(
    ({ own, shared }) => ({ ...(own as object), task: shared }) as unknown as ScoreItem,
  );
  const imageOf = (name: string): string => images[name] ?? name;
  const how = { concurrency: slots, lanes: tests, memoise: false, signal, imageOf };
  for await (const { at, result } of scoreAll(given, how)) {
    // What a host failed is no score: it is tried again, elsewhere first, and never recorded.
    if (result.retryable)
      throw new SameseedError("sandbox_failed", result.message ?? "a completion could not be scored");
    yield { at: items[at]!.at, answer: result as unknown as JsonValue };
  }
}

/** What says something about the host alone, so that another one is tried. */
const ofHosts: ReadonlySet<string> = new Set([
  "disk_full",
  "image_damaged",
  "io_failed",
  "tool_missing",
  "wall_unavailable",
  "world_unavailable",
]);

const auditSchema = z.strictObject({
  env: z.string(),
  seeds: z.array(z.int().min(0)),
  isAlone: z.boolean(),
  spec: z.unknown(),
});

async function* audits(
  place: ChunkPlace,
  items: readonly WorkItem[],
  signal: AbortSignal,
): AsyncGenerator<Answer, void, undefined> {
  for (const { at, own } of items) {
    const { env, seeds, isAlone, spec } = auditSchema.parse(own);
    const options = optionsOf(checkSpec(spec, env));
    const runner = makeRunner(place, options, signal);
    try {
      const report = await auditRollouts({ env, options, seeds }, { signal, runner, isAlone });
      yield { at, answer: { report } as unknown as JsonValue };
    } catch (error) {
      // Of one environment among many that is its row; a host that fails is left for another.
      if (isAlone || !isSameseedError(error) || error.kind.retryable) throw error;
      const { message } = toError(error);
      if (ofHosts.has(error.code)) throw new SameseedError("sandbox_failed", message);
      yield { at, answer: error.code === "unknown_environment" ? { skipped: message } : { failed: message } };
    } finally {
      await runner.close();
    }
  }
}

function makeRunner(
  { gate }: ChunkPlace,
  { image, world, limits }: ResolvedOptions,
  signal: AbortSignal,
): WorldRunner {
  return new WorldRunner({ image: resolveImage(image), world, limits, signal, turns: gate });
}
