/* What a recorded run is run again with: the limits of each rollout's own receipt, and whichever backend is asked for. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import type { Limits } from "../../src/model/limits.ts";
import type { SandboxBackend } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { RunReader } from "../../src/store/run-reader.ts";
import { replayRollout } from "../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const environment = join(folder, "room.py");

/** Observes whether 16 MiB fit into `/tmp`, which is for a limit to say. */
const source = `import gymnasium as gym
import numpy as np


class Room(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(0, 1, (1,), np.float64)

    def room(self):
        try:
            with open("/tmp/room", "wb") as file:
                file.write(bytes(16 << 20))
        except OSError:
            return np.array([0.0])
        return np.array([1.0])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.room(), {}

    def step(self, action):
        return self.room(), 1.0, True, False, {}
`;

beforeAll(() => writeFileSync(environment, source));

describe("a run that was resumed with other limits", () => {
  const dir = join(folder, "resumed");
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
  const record = async (most: number, limits: Partial<Limits>): Promise<void> => {
    const stop = new AbortController();
    let done = 0;
    const recording = recordRun({
      envName: `${environment}:Room`,
      seeds,
      dir,
      resume: true,
      limits,
      concurrency: 1,
      signal: stop.signal,
      onRollout: () => {
        if (++done === most) stop.abort();
      },
    });
    await recording.catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  };

  beforeAll(async () => {
    await record(1, { diskMb: 8 });
    await record(seeds.length, { diskMb: 32 });
  });

  it("verifies, each rollout under its own", async () => {
    using reader = await RunReader.open(dir);
    expect(reader.manifest.limits.diskMb).toBe(8);
    // How many the first process recorded before it stopped is its own affair.
    const used = [...reader.rows()].map(({ receipt }) => receipt.limits.diskMb);
    expect(used).toHaveLength(seeds.length);
    expect(new Set(used)).toEqual(new Set([8, 32]));
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: seeds.length, diverged: [] });
  });

  it.for([1, 12])("replays seed %i", async (seed) => {
    expect(await replayRollout(dir, seed)).toMatchObject({ equal: true });
  });
});

describe("a backend that the caller holds", () => {
  const image = resolveImage("gymnasium");
  const sealed = new ZygoteBackend(image, { world: "sealed" });
  const dir = join(folder, "recorded");
  let started = 0;
  const counting: SandboxBackend = {
    name: "zygote",
    receipt: () => sealed.receipt(),
    close: () => sealed.close(),
    start: (plan) => {
      started++;
      return sealed.start(plan);
    },
  };

  beforeAll(async () => {
    await recordRun({ envName: "CartPole-v1", seeds: [1, 2], dir });
  });
  afterAll(() => sealed.close());

  it("verifies and replays a run", async () => {
    expect(await verifyRun(dir, { backend: counting })).toMatchObject({
      verified: true,
      image: { digest: image.manifest.digest },
      imageDifferences: [],
    });
    expect(started).toBe(2);
    expect(await replayRollout(dir, 2, { backend: counting })).toMatchObject({ equal: true });
    expect(started).toBe(3);
  });

  it("of another world is refused", async () => {
    const host = new ZygoteBackend(image, { world: "host" });
    try {
      await expect(verifyRun(dir, { backend: host })).rejects.toMatchObject({ code: "bad_argument" });
      await expect(replayRollout(dir, 1, { backend: host })).rejects.toMatchObject({ code: "bad_argument" });
    } finally {
      await host.close();
    }
  });
});
