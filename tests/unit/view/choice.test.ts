import { describe, expect, it } from "vitest";

import type { RunSpec } from "../../../src/model/rollout.ts";
import { Choice, type Chosen } from "../../../src/view/choice.ts";

const ofSeeds: Pick<RunSpec, "branch"> = {};
const ofBranches = { branch: {} } as unknown as Pick<RunSpec, "branch">;

describe("a choice of rollouts", () => {
  it.for<readonly [chosen: Chosen, seeds: readonly number[], branches: readonly number[]]>([
    [{}, [1, 2, 3], [1, 2, 3]],
    [{ seeds: [2] }, [2], []],
    [{ branches: [3] }, [], [3]],
    [{ seeds: [1, 2], branches: [3] }, [1, 2], [3]],
  ])("%j means rollouts of seeds %j and branches %j", ([chosen, seeds, branches]) => {
    const choice = new Choice(chosen);
    expect([1, 2, 3].filter((key) => choice.has(ofSeeds, key))).toEqual(seeds);
    expect([1, 2, 3].filter((key) => choice.has(ofBranches, key))).toEqual(branches);
    expect(() => choice.checkMet()).not.toThrow();
  });

  it("says what was named and is not there, and does not take a seed for a branch", () => {
    const seed = new Choice({ seeds: [4] });
    expect(seed.has(ofBranches, 4)).toBe(false);
    expect(() => seed.checkMet()).toThrow(/rollout of seed 4/);
    const branch = new Choice({ seeds: [1], branches: [4] });
    branch.has(ofSeeds, 1);
    branch.has(ofSeeds, 4);
    expect(() => branch.checkMet()).toThrow(/branch 4/);
  });
});
