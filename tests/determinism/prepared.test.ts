/*
 * A prepared rollout is copied from a process that has made its environment. Its record is that of a rollout that starts as
 * usual, for every environment; where that is not sure, it starts as usual and says why.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { imagesFolder } from "../../src/base/home.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { collectRollouts } from "../../src/rollout/collect-rollouts.ts";
import { openRollouts } from "../../src/rollout/open-rollouts.ts";
import type { VectorEpisode } from "../../src/rollout/vector-step.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import type { BatchConfig } from "../../src/rollout/rollout-config.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { fixture, listEnvironments, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const seeds = [0, 7, 2 ** 40];

type Bytes = readonly [string, string, string];

async function both(
  config: Omit<BatchConfig, "seeds">,
): Promise<{ usual: Bytes[]; prepared: Bytes[]; start: RolloutSummary["receipt"]["start"] }> {
  const play = async (start: "usual" | "prepared") =>
    await collectRollouts({ maxSteps: 30, ...config, seeds, start }).results();
  const bytes = (each: { digest: string; contentDigest: string; outcome: string }): Bytes => [
    each.digest,
    each.contentDigest,
    each.outcome,
  ];
  const [usual, prepared] = [await play("usual"), await play("prepared")];
  expect(usual.map(({ receipt }) => receipt.start)).toEqual(seeds.map(() => undefined));
  const { start } = prepared[0]!.receipt;
  expect(prepared.map(({ receipt }) => receipt.start)).toEqual(seeds.map(() => start));
  return { usual: usual.map(bytes), prepared: prepared.map(bytes), start };
}

const listed = await listEnvironments();
const own = listed.filter(({ id, newest }) => id === newest).map(({ id }) => id);

describe("the same bytes", () => {
  it.for([...own, "sameseed/PythonSession-v0"])("%s", async (envName) => {
    const { usual, prepared, start } = await both({ envName });
    expect(start).toEqual({ prepared: true });
    expect(prepared).toEqual(usual);
  });

  const others: readonly (readonly [image: string, envName: string])[] = [
    ["box2d", "LunarLander-v3"],
    ["box2d", "BipedalWalker-v3"],
    ["box2d", "CarRacing-v3"],
    ["minigrid", "minigrid:MiniGrid-Empty-5x5-v0"],
    ["minigrid", "minigrid:MiniGrid-DoorKey-5x5-v0"],
    ["mujoco", "InvertedPendulum-v5"],
    ["mujoco", "Humanoid-v5"],
  ];
  it.for(others)("%s: %s, prepared or not", async ([image, envName], context) => {
    if (!existsSync(join(imagesFolder(), "names", `${image}.json`))) context.skip();
    const { usual, prepared, start } = await both({ envName, image });
    expect(start).toBeDefined();
    expect(prepared).toEqual(usual);
  });

  it("a constructor that asks for what follows from the image alone", async () => {
    const { usual, prepared, start } = await both({ envName: `${fixture("constructors.py")}:Plain` });
    expect(start).toEqual({ prepared: true });
    expect(prepared).toEqual(usual);
    expect(new Set(usual.map(([digest]) => digest)).size).toBe(seeds.length);
  });

  it("with a list of actions, and with a function that answers", async () => {
    for (const policy of [{ actions: [0, 1, 1, 0] }, ({ step }: { step: number }) => step % 2]) {
      const { usual, prepared, start } = await both({ envName: "CartPole-v1", policy });
      expect(start).toEqual({ prepared: true });
      expect(prepared).toEqual(usual);
    }
  });

  it("rollouts that are stepped together, episode after episode", async () => {
    const play = async (start: "usual" | "prepared") => {
      const ended: VectorEpisode[] = [];
      const config = { envName: "CartPole-v1", count: 3, seeds: 5, maxSteps: 6, start };
      await using vector = await openRollouts({ ...config, onEpisode: (own) => ended.push(own) });
      for (let step = 0; step < 20; step++) await vector.step([step % 2, 1, 0]);
      const last = await vector.close();
      expect(ended.length).toBeGreaterThan(5);
      const results = [...ended.map(({ result }) => result), ...last];
      expect(new Set(results.map(({ receipt }) => receipt.start?.prepared))).toEqual(
        new Set([start === "prepared" ? true : undefined]),
      );
      return results.map(({ seed, digest, contentDigest }) => ({ seed, digest, contentDigest }));
    };
    expect(await play("prepared")).toEqual(await play("usual"));
  });

  it("verify runs a prepared run as usual and finds it equal", async () => {
    const many = Array.from({ length: 12 }, (_, seed) => seed);
    const { dir } = await recordRun({
      envName: "CartPole-v1",
      seeds: many,
      start: "prepared",
      dir: join(folder, "prepared"),
    });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: many.length });
  });
});

describe("as usual, with the reason", () => {
  it("more environments than can be copied at a time", async () => {
    await using vector = await openRollouts({
      envName: "CartPole-v1",
      count: 41,
      seeds: 0,
      start: "prepared",
    });
    const [{ receipt }] = (await vector.close()) as [RolloutResult];
    expect(receipt.start).toEqual({
      prepared: false,
      reason: "49 are open at a time, and 48 copies are the most",
    });
  });

  const refused: readonly (readonly [name: string, reason: RegExp])[] = [
    ["Entropy", /asks the world for entropy/],
    ["Unseeded", /asks the world for entropy/],
    ["Draws", /draws from a generator of the whole process/],
    ["DrawsNumpy", /draws from a generator of the whole process/],
    ["Child", /asks the world for .*process/],
    ["Thread", /thread/],
    ["Stranger", /is no file in \/tmp/],
    ["Raises", /making it raises RuntimeError/],
    ["Hangs", /longer than 1500 ms/],
    ["Lies", /has ended|ended while it was made|not let it be looked at|could not be started/],
    ["Clock", /other bytes/],
    ["Boasts", /other bytes/],
    ["Address", /other bytes/],
  ];
  it.for(refused)("%s", async ([name, reason]) => {
    const { usual, prepared, start } = await both({
      envName: `${fixture("constructors.py")}:${name}`,
      maxSteps: 3,
      ...(name === "Hangs" ? { limits: { wallMs: 1500 } } : {}),
    });
    expect(start).toEqual({ prepared: false, reason: expect.stringMatching(reason) });
    expect(prepared).toEqual(usual);
  });

  it("a policy with a sandbox of its own, the host's world, cold starts", async () => {
    const source = "def act(observation, rng, info):\n    return 0\n";
    const config = { envName: "CartPole-v1", seeds: [1], start: "prepared" } as const;
    const reasons: string[] = [];
    for (const more of [
      { policy: { source, name: "policy.py" } },
      { world: "host" },
      { backend: "cold" },
    ] as const) {
      const [rollout] = await collectRollouts({ ...config, ...more }).results();
      const { start } = rollout!.receipt;
      reasons.push(start === undefined || start.prepared ? "" : start.reason);
    }
    expect(reasons).toEqual([
      "the policy of seat agent has a sandbox of its own, and copies have no links",
      "the host's world does not tell what making it asks for",
      "the cold backend copies no sandboxes",
    ]);
  });
});
