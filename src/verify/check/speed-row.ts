import { availableParallelism } from "node:os";
import * as z from "zod";

import { recordRollouts } from "../../rollout/record-rollouts.ts";
import type { SpeedRow } from "./check-report.ts";
import { askPlainProcess } from "./plain-process.ts";
import type { PlainSubject } from "./plain-subject.ts";

const speedSchema = z.object({ steps: z.int(), seconds: z.number().positive() });

/** How often each seed is run. */
const rounds = 3;
/** What has taken so long, in milliseconds, is not done again. */
const longMs = 10_000;

/**
 * Measures rollouts against episodes in one process of plain Gymnasium, one after the other on this machine.
 * @throws as `collectRollouts`
 */
export async function measureSpeed({
  image,
  options,
  seeds,
  maxSteps,
  longestMs,
  signal,
}: PlainSubject): Promise<SpeedRow> {
  const own = signal === undefined ? {} : { signal };
  const { lines, problem } = await askPlainProcess(image, options, {
    work: "speed",
    seeds,
    maxSteps,
    longestMs,
    ...own,
  });
  const plain = lines.map((line) => speedSchema.safeParse(line)).find(({ success }) => success)?.data;
  const times: number[] = [];
  let steps = 0;
  const began = performance.now();
  for (let round = 0; round === 0 || (round < rounds && performance.now() - began < longMs); round++) {
    for await (const { summary } of recordRollouts(options, seeds, {
      concurrency: 2 * availableParallelism(),
      ...own,
    })) {
      times.push(summary.timings.totalMs);
      steps += summary.steps;
    }
  }
  const stepsPerSecond = Math.round(steps / ((performance.now() - began) / 1000));
  const plainStepsPerSecond = plain === undefined ? null : Math.round(plain.steps / plain.seconds);
  const rolloutMs = median(times);
  const measured = `${stepsPerSecond} steps/s in sandboxes`;
  return {
    verdict: plain === undefined ? "warn" : "pass",
    summary:
      plainStepsPerSecond === null
        ? `${measured}; plain Gymnasium could not be measured: ${problem ?? "no answer"}`
        : `${measured}, ${plainStepsPerSecond} in one process of plain Gymnasium; a rollout takes ${rolloutMs} ms`,
    notes: [],
    plainStepsPerSecond,
    stepsPerSecond,
    ratio:
      plainStepsPerSecond === null || plainStepsPerSecond === 0
        ? null
        : round(stepsPerSecond / plainStepsPerSecond),
    rolloutMs,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.floor(sorted.length / 2)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
