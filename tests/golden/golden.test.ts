/*
 * The trajectories in `trajectories/` were recorded once; every version gives them again, to the byte. A difference is a
 * change of what Sameseed, Gymnasium or numpy computes. `node scripts/record-golden.ts` records new ones.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import {
  firstDifference,
  formatGolden,
  goldenSpecs,
  playGolden,
  readGolden,
  type GoldenTrajectory,
} from "./golden-trajectories.ts";

afterAll(closeSandboxes);

describe("a golden trajectory", () => {
  it("is kept for every spec and for nothing else, of at least twelve environments", () => {
    const kept = readdirSync(join(import.meta.dirname, "trajectories")).sort();
    expect(kept).toEqual(goldenSpecs.map(({ name }) => `${name}.json`).sort());
    expect(new Set(goldenSpecs.map(({ envName }) => envName)).size).toBeGreaterThanOrEqual(12);
  });

  it.for(goldenSpecs.map((spec) => [spec.name, spec] as const))("is given again: %s", async ([, spec]) => {
    const golden = readGolden(spec.name);
    expect(golden, `${spec.name} is not recorded yet`).toBeDefined();
    expect(golden!.steps.length).toBeLessThanOrEqual(61);
    const now = await playGolden(spec);
    expect(firstDifference(golden!, now)).toBeUndefined();
    expect(now).toEqual(golden);
    if (spec.branch !== undefined) expect(await playGolden(spec, "replay")).toEqual(golden);
  });
});

describe("a difference", () => {
  const golden = readGolden("cart-pole")!;
  const changed = (change: (copy: { -readonly [K in keyof GoldenTrajectory]: GoldenTrajectory[K] }) => void): string => {
    const copy = structuredClone(golden);
    change(copy);
    return firstDifference(golden, copy) ?? "none";
  };

  it("is named by its step and field, and otherwise by its fact", () => {
    expect(changed(() => {})).toBe("none");
    expect(changed((copy) => (copy.steps = copy.steps.with(3, { ...copy.steps[3]!, info: { a: 1 } })))).toBe(
      'step 3, info: {} became {"a":1}',
    );
    expect(changed((copy) => (copy.steps = copy.steps.slice(0, 5)))).toContain("step 5 is missing");
    expect(changed((copy) => (copy.steps = [...copy.steps, copy.steps[1]!]))).toContain("steps in place of");
    expect(changed((copy) => (copy.contentDigest = "sha256:0"))).toContain("though all steps look the same");
  });

  it("cannot come from the file's form", () => {
    expect(JSON.parse(formatGolden(golden))).toEqual(golden);
  });
});
