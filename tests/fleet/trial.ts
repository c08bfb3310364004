import { rmSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";

import { packageVersion } from "../../src/base/package-version.ts";
import { seedsOf } from "../../src/fleet/chunk.ts";
import { addOpinion, commitChunk } from "../../src/fleet/commit.ts";
import { rolloutChunks } from "../../src/fleet/drive/batch-kind.ts";
import { FleetBatch } from "../../src/fleet/drive/fleet-batch.ts";
import type { ChunkWork } from "../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../src/fleet/queue/local-dispatcher.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";
import { recordRollouts } from "../../src/rollout/record-rollouts.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { FolderObjects } from "../../src/store/objects/folder-objects.ts";
import { packOf } from "./pack-of.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-batch-"));

/** The spec, the seeds and the rollouts of every trial; they are recorded once. */
export const spec: string = "5".repeat(64);
export const seeds: readonly number[] = Array.from({ length: 40 }, (_, at) => at);
export const recorded: Map<number, RecordedRollout> = new Map();

export async function recordAgain(): Promise<void> {
  const options = resolveOptions({ envName: "CartPole-v1", maxSteps: 2 });
  for await (const rollout of recordRollouts(options, seeds, {})) recorded.set(rollout.summary.seed, rollout);
}

/** Records what trials hand over, and removes what they leave. */
export function useTrials(): void {
  beforeAll(recordAgain);
  afterAll(async () => {
    await closeSandboxes();
    rmSync(folder, { recursive: true, force: true });
  });
}

let places = 0;

export type Change = (rollout: RecordedRollout) => RecordedRollout;

/** One batch at a queue of its own. */
export class Trial {
  readonly store: FolderObjects = new FolderObjects(join(folder, String(++places)));
  readonly dispatcher: LocalDispatcher;
  readonly notes: string[] = [];
  /** The seeds of each chunk that was begun, in order. */
  readonly begun: number[][] = [];

  constructor(dispatcher: LocalDispatcher = new LocalDispatcher()) {
    this.dispatcher = dispatcher;
  }

  /** A host that does what is asked of it. @param before what it does first @param change what it makes of each rollout */
  serve(
    host: string,
    before: ChunkWork = async () => ({ root: "", host }),
    lanes = 1,
    change: Change = (rollout) => rollout,
  ): void {
    const note = { id: `${host}-1`, host, hostClass: "c", lanes, slots: 1, store: "" };
    this.dispatcher.serve({
      note: { ...note, version: packageVersion() },
      images: () => [],
      work: async (chunk, signal) => {
        const own = [...seedsOf(chunk.seeds)];
        this.begun.push(own);
        await before(chunk, signal);
        const { bytes, root, pack } = packOf(
          spec,
          own.map((seed) => change(recorded.get(seed)!)),
        );
        await this.store.put(pack.key, bytes);
        const common = {
          format: 1,
          spec,
          seeds: chunk.seeds,
          root,
          host,
          worker: `${host}-1`,
          pack,
        } as const;
        if (chunk.purpose === "audit") await addOpinion(this.store, { ...common, why: "audit" });
        else await commitChunk(this.store, { ...common, numbers: "c", wallMs: own.length, at: "" });
        return { root, host };
      },
    });
  }

  async run(
    id = "b",
    wanted: readonly number[] = seeds,
    {
      isHonest = true,
      ...more
    }: {
      readonly weight?: number;
      readonly storedOnly?: boolean;
      readonly share?: number;
      readonly isHonest?: boolean;
    } = {},
    onSeed: (seed: number) => Promise<void> = async () => {},
  ): Promise<number[]> {
    const found: number[] = [];
    const batch = new FleetBatch(
      {
        id,
        title: "",
        spec,
        hostClass: "c",
        store: this.store,
        dispatcher: this.dispatcher,
        weight: 1,
        priority: 0,
        share: 0,
        onView: () => {},
        supplyImage: async () => {},
        onNote: (line) => this.notes.push(line),
        ...more,
      },
      rolloutChunks,
      wanted,
    );
    for await (const { summary, trajectory } of batch.run(new AbortController().signal)) {
      if (isHonest) expect(Buffer.from(trajectory).equals(recorded.get(summary.seed)!.trajectory)).toBe(true);
      found.push(summary.seed);
      await onSeed(summary.seed);
    }
    return found;
  }
}

/** Numbers from the smallest on. */
export function sorted(list: readonly number[]): number[] {
  return list.toSorted((a, b) => a - b);
}
