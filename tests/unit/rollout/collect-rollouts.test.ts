import { afterAll, expect, test } from "vitest";

import { collectRollouts } from "../../../src/rollout/collect-rollouts.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

const batch = { envName: "CartPole-v1", maxSteps: 3, concurrency: 2 };

afterAll(async () => await closeSandboxes());

test("results stand at the places of their seeds, also of seeds that occur twice", async () => {
  const seeds = [9, 3, 9, 1, 3, -0];
  const results = await collectRollouts({ ...batch, seeds }).results();
  expect(results.map(({ seed }) => seed)).toEqual([9, 3, 9, 1, 3, 0]);
  expect(results[0]?.digest).toBe(results[2]?.digest);
  expect(results[1]?.digest).not.toBe(results[0]?.digest);
});

test("a batch is run once", async () => {
  const refusal = expect.objectContaining({ code: "bad_argument", hint: expect.stringContaining("again") });
  let ran = 0;
  const seeds = (function* (): Generator<number> {
    for (const seed of [1, 2]) {
      ran++;
      yield seed;
    }
  })();
  const rollouts = collectRollouts({ ...batch, seeds });
  for await (const { seed } of rollouts) expect([1, 2]).toContain(seed);
  expect(() => rollouts[Symbol.asyncIterator]()).toThrow(refusal);
  await expect(rollouts.results()).rejects.toThrow(refusal);
  expect(ran).toBe(2);

  const other = collectRollouts({ ...batch, seeds: [1] });
  expect(await other.results()).toHaveLength(1);
  await expect(other.results()).rejects.toThrow(refusal);
});
