import { afterAll, expect, it, vi } from "vitest";

import { evaluateMatchup } from "../../../../src/evaluate/matchup/evaluate-matchup.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import type { TakenBack } from "../../../../src/store/take-back.ts";

/** A fleet that takes the first games back. */
vi.mock("../../../../src/store/take-back.ts", () => ({
  withTakeBacks: async <T>(_dir: unknown, work: (before?: TakenBack) => Promise<T>): Promise<T> => {
    await work(undefined);
    return await work({});
  },
}));

afterAll(closeSandboxes);

function* once(): Generator<number> {
  yield 1;
  yield 2;
}

it("has its seeds again where a fleet takes games back, whatever gave them", async () => {
  const { bySeed } = await evaluateMatchup({
    policyX: "greedy",
    policyO: "random",
    nGames: 2,
    seeds: once(),
  });
  expect(bySeed.map(({ seed }) => seed)).toEqual([1, 2]);
});
