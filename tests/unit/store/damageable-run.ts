import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleExpected, sampleManifest, sampleRollout } from "./sample-rollout.ts";
import { temporaryFolder } from "./store-fixture.ts";

/** How many rollouts {@link damageableRun} has: seeds from 0; two more are missing. */
export const seeds = 8;

/** A run of eight rollouts, left as a SIGKILL leaves it (no seal, no catalogue), or closed. */
export async function damageableRun(end: "killed" | "closed"): Promise<{ folder: string; segment: string }> {
  const folder = temporaryFolder();
  const first = await RunWriter.create(folder, sampleManifest(seeds + 2));
  for (const seed of [0, 1, 2]) await first.append(sampleRollout(seed));
  await first.close();
  const writer = await RunWriter.resume(folder, sampleExpected(seeds + 2), { syncEveryMs: 3_600_000 });
  for (let seed = 3; seed < seeds; seed++) await writer.append(sampleRollout(seed));
  const segment = join(folder, "segments", "000001.seg");
  const killed = readFileSync(segment);
  await writer.close();
  if (end === "killed") {
    writeFileSync(segment, killed);
    rmSync(join(folder, "catalogue.sqlite"));
  }
  return { folder, segment };
}

/** The numbers from `from` up to, not including, `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
