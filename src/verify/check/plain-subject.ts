import type { ResolvedImage } from "../../image/image-store.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import { askPlainProcess, type PlainAnswer, type PlainRequest } from "./plain-process.ts";

/** What the rows ask of. */
export interface PlainSubject {
  readonly image: ResolvedImage;
  readonly options: ResolvedOptions;
  readonly seeds: readonly number[];
  readonly maxSteps: number;
  /** How long the longest of the recorded rollouts ran, in milliseconds. */
  readonly longestMs: number;
  readonly signal?: AbortSignal;
}

/** A plain process that cannot play what a rollout could: what is missing there is the wall's, not the environment's. */
const sealedOnly = "it plays in rollouts; the host's world of a sandbox lacks something that it needs";
const metLimit =
  "it was ended at a limit: this says nothing of the environment; --wall-ms, --cpu-ms, --memory-mb and --output-bytes give more";

/** What a row says beside the reason why a plain process gave no answer. */
export function whyNot({ isLimit }: PlainAnswer): string {
  return isLimit ? metLimit : sealedOnly;
}

/** Asks a plain process. */
export async function ask(
  { image, options, seeds, maxSteps, longestMs, signal }: PlainSubject,
  request: Pick<PlainRequest, "work" | "leaveOut" | "native" | "seeded">,
): Promise<PlainAnswer> {
  return await askPlainProcess(image, options, {
    ...request,
    seeds,
    maxSteps,
    longestMs,
    ...(signal === undefined ? {} : { signal }),
  });
}
