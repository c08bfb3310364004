import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import type { NdArray } from "../../../src/model/cbor/ndarray.ts";
import type { TypedValue } from "../../../src/model/cbor/typed-value.ts";
import { runRollout } from "../../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../../src/rollout/open-rollout.ts";
import { openRollouts } from "../../../src/rollout/open-rollouts.ts";
import type { VectorEpisode } from "../../../src/rollout/vector-step.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-vector-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

/** An episode of so many steps as its seed says, which fails or is refused where it is asked to. */
const file = join(folder, "counted.py");
writeFileSync(
  file,
  [
    "class Env:",
    "    def reset(self, seed=None):",
    "        self.seed, self.k = seed, 0",
    "        return [seed, 0], {'seed': seed}",
    "    def step(self, action):",
    "        self.k += 1",
    "        if action == 'raise': raise ValueError('as it was told')",
    "        return [self.seed, self.k], 1.0 * action, self.k == self.seed % 10, False, {'k': self.k}",
    "",
  ].join("\n"),
);
const counted = { envName: `${file}:Env` } as const;

function seen(observations: readonly TypedValue[]): unknown {
  return observations.map((each) => each);
}

describe("rollouts that are stepped together", () => {
  it("follow Gymnasium's NEXT_STEP: an end, then a beginning whose action nobody looks at", async () => {
    await using vector = await openRollouts({
      ...counted,
      count: 3,
      seeds: [12, 3, 29, 44, 55, 66, 77],
    });
    expect(seen(vector.observations)).toEqual([
      [12, 0],
      [3, 0],
      [29, 0],
    ]);
    expect(vector.seeds).toEqual([12, 3, 29]);
    expect(await vector.step([1, 2, 3])).toMatchObject({
      observations: [
        [12, 1],
        [3, 1],
        [29, 1],
      ],
      rewards: Float64Array.of(1, 2, 3),
      terminated: [false, false, false],
      finalObs: [undefined, undefined, undefined],
    });
    expect(await vector.step([1, 1, 1])).toMatchObject({
      observations: [
        [12, 2],
        [3, 2],
        [29, 2],
      ],
      terminated: [true, false, false],
      truncated: [false, false, false],
      finalObs: [[12, 2], undefined, undefined],
      finalInfo: [{ k: 2 }, undefined, undefined],
      faults: [undefined, undefined, undefined],
    });
    // The first one begins seed 44, which is next; what it is told to do is not done.
    expect(await vector.step(["raise", 1, 1])).toMatchObject({
      observations: [
        [44, 0],
        [3, 3],
        [29, 3],
      ],
      rewards: Float64Array.of(0, 1, 1),
      terminated: [false, true, false],
      infos: [{ seed: 44 }, { k: 3 }, { k: 3 }],
    });
    expect(await vector.step([1, 1, 1])).toMatchObject({
      observations: [
        [44, 1],
        [55, 0],
        [29, 4],
      ],
    });
  });

  it("tell each episode, its seed and its record", async () => {
    const episodes: VectorEpisode[] = [];
    await using vector = await openRollouts({
      ...counted,
      count: 3,
      seeds: [12, 3, 29, 44, 55, 66, 77],
      onEpisode: (episode) => episodes.push(episode),
    });
    for (let step = 1; step <= 4; step++) await vector.step([1, 1, 1]);
    expect(vector.schedule).toEqual([
      { environment: 0, episode: 0, seed: 12 },
      { environment: 1, episode: 1, seed: 3 },
      { environment: 2, episode: 2, seed: 29 },
      { environment: 0, episode: 3, seed: 44 },
      { environment: 1, episode: 4, seed: 55 },
    ]);
    expect(
      episodes.map(({ environment, episode, result }) => [environment, episode, result.seed, result.outcome]),
    ).toEqual([
      [0, 0, 12, "terminated"],
      [1, 1, 3, "terminated"],
    ]);
    const open = await vector.close();
    expect(open.map(({ seed, outcome, steps }) => [seed, outcome, steps])).toEqual([
      [44, "truncated", 1],
      [55, "truncated", 0],
      [29, "truncated", 4],
    ]);
    await expect(vector.step([1, 1, 1])).rejects.toMatchObject({ code: "rollout_over" });
    expect(await vector.close()).toEqual([]);
  });

  it("records what each would record alone", async () => {
    const episodes: VectorEpisode[] = [];
    await using vector = await openRollouts({
      envName: "CartPole-v1",
      count: 4,
      seeds: 100,
      onEpisode: (episode) => episodes.push(episode),
    });
    expect(vector.actionSpace).toEqual({ type: "Discrete", n: 2, start: 0, dtype: "int64" });
    expect(vector.observationSpace).toMatchObject({ type: "Box" });
    expect(vector.legal).toEqual([null, null, null, null]);
    let observations = vector.observations;
    while (episodes.length < 8) {
      const actions = observations.map((each) => Number(((each as NdArray).item(2) as number) > 0));
      ({ observations } = await vector.step(actions));
    }
    const open = await vector.close();
    for (const result of [...episodes.map((episode) => episode.result), ...open]) {
      const alone = await runRollout({
        envName: "CartPole-v1",
        seed: result.seed,
        policy: ({ observation, step }) =>
          step > result.steps ? 9 : Number(((observation as NdArray).item(2) as number) > 0),
        maxSteps: Math.max(1, result.steps),
      });
      // One that was closed has no other records than one that ran so far.
      if (result.steps > 0 && result.outcome === "terminated")
        expect(alone).toMatchObject({ contentDigest: result.contentDigest, steps: result.steps });
    }
    expect(new Set(vector.schedule.map(({ seed }) => seed)).size).toBe(vector.schedule.length);
    expect(vector.schedule.map(({ seed }) => seed)).toEqual(
      vector.schedule.map(({ episode }) => 100 + episode),
    );
  });

  it("goes on where one of them fails", async () => {
    await using vector = await openRollouts({ ...counted, count: 2, seeds: [9, 8, 7] });
    const step = await vector.step(["raise", 1]);
    expect(step).toMatchObject({
      observations: [
        [9, 0],
        [8, 1],
      ],
      terminated: [false, false],
      truncated: [true, false],
      faults: [{ outcome: "env_error", error: { type: "ValueError" } }, undefined],
    });
    expect(await vector.step([1, 1])).toMatchObject({
      observations: [
        [7, 0],
        [8, 2],
      ],
    });
  });

  it("leaves an episode over where it is asked to, until it is reset", async () => {
    await using vector = await openRollouts({ ...counted, count: 2, seeds: [1, 5, 2, 3], autoreset: false });
    expect(await vector.step([1, 1])).toMatchObject({ terminated: [true, false] });
    await expect(vector.step([1, 1])).rejects.toMatchObject({ code: "rollout_over", hint: "call reset()" });
    await vector.reset();
    expect(seen(vector.observations)).toEqual([
      [2, 0],
      [5, 1],
    ]);
    await vector.reset([1]);
    expect(vector.seeds).toEqual([2, 3]);
    await expect(vector.reset([0])).rejects.toMatchObject({ code: "rollout_over" });
    await expect(vector.reset([2])).rejects.toMatchObject({ code: "bad_argument" });
  });

  it("says where seeds end, repeat or are too few", async () => {
    await expect(openRollouts({ ...counted, count: 2, seeds: [1] })).rejects.toMatchObject({
      code: "bad_argument",
    });
    await expect(openRollouts({ ...counted, count: 2, seeds: [1, 1] })).rejects.toMatchObject({
      code: "bad_argument",
      message: "seed 1 is given to two episodes",
    });
    await expect(openRollouts({ ...counted, count: 2, seeds: new Set([1, -1]) })).rejects.toMatchObject({
      code: "bad_argument",
    });
    for (const count of [0, 257, 1.5])
      await expect(openRollouts({ ...counted, count, seeds: 1 })).rejects.toMatchObject({
        code: "bad_argument",
      });
    await using twins = await openRollouts({ ...counted, count: 2, seeds: [1, 1], repeatSeeds: true });
    expect(twins.seeds).toEqual([1, 1]);
    await twins.step([1, 1]);
    await expect(twins.step([1, 1])).rejects.toMatchObject({ code: "rollout_over", hint: "give more seeds" });
  });

  it("does nothing at a step that it refuses", async () => {
    await using vector = await openRollouts({ ...counted, count: 2, seeds: 4 });
    await expect(vector.step([1])).rejects.toMatchObject({ code: "bad_argument" });
    await expect(vector.step([1, undefined as never])).rejects.toMatchObject({ code: "bad_argument" });
    const [first, second] = await Promise.allSettled([vector.step([1, 1]), vector.step([1, 1])]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
    expect(seen(vector.observations)).toEqual([
      [4, 1],
      [5, 1],
    ]);
  });

  it("ends with its caller's signal", async () => {
    const controller = new AbortController();
    await using vector = await openRollouts({ ...counted, count: 2, seeds: 4, signal: controller.signal });
    controller.abort();
    await expect(vector.step([1, 1])).rejects.toMatchObject({ code: "aborted" });
    await using other = await openRollout({ ...counted, seed: 4 });
    expect(await other.step(1)).toMatchObject({ reward: 1 });
  });

  it("takes up a rollout whose start waited for longer than it may", async () => {
    await using vector = await openRollouts({ ...counted, count: 1, seeds: [3, 4], idleMs: 400 });
    for (let step = 0; step < 3; step++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await vector.step([1]);
    }
    expect(await vector.step([1])).toMatchObject({ observations: [[4, 0]] });
  });
});
