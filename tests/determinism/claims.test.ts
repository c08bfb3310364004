/* What a receipt, an audit and a fault say about an environment whose observations do not show it. */
import { expect, test } from "vitest";

import type { RecordedRollout } from "../../src/model/rollout.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { chainOf } from "../../src/trajectory/trajectory-chain.ts";
import { auditEnvironment } from "../../src/verify/audit/audit-environment.ts";
import { compareRollouts, compareTwins } from "../../src/verify/audit/compare-rollouts.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

temporaryFolder();

const play = async (
  name: string,
  options: Partial<Parameters<typeof runRollout>[0]> = {},
): ReturnType<typeof runRollout> =>
  await runRollout({ envName: `${fixture("claims.py")}:${name}`, seed: 1, ...options });

test("a library that picks its code by the processor costs tier T2, and is named", async () => {
  const plain = await play("Plain");
  const choosing = await play("Choosing");
  expect(plain.receipt.world.notHeld).not.toContain("numeric-libraries");
  expect(choosing.receipt).toMatchObject({ tier: "T1", world: { notHeld: ["numeric-libraries"] } });
  const host = await play("Choosing", { world: "host" });
  expect(host.receipt.world.notHeld).not.toContain("numeric-libraries");
});

test("an audit holds two runs of one world against each other with their ledgers, as verify does", async () => {
  const recorded = async (reads: number): Promise<RecordedRollout> => {
    const { trajectory, ...summary } = await play("Reading", { envArgs: { reads } });
    return { summary, trajectory: trajectory.bytes } as unknown as RecordedRollout;
  };
  const [once, twice] = [await recorded(1), await recorded(2)];
  expect(chainOf(once.trajectory).records.length).toBe(chainOf(twice.trajectory).records.length);
  expect(compareRollouts(once, twice), "of two worlds").toEqual({});
  expect(compareTwins(once, twice)).toMatchObject({
    divergence: { step: 1, field: "ledger", path: "ledger.clock", expected: 1, actual: 2 },
  });
  expect(compareTwins(once, await recorded(1))).toEqual({});
});

test.runIf(process.arch === "x64")(
  "the system's page about processors is the image's, in both worlds",
  async () => {
    for (const world of ["sealed", "host"] as const) {
      const { trajectory } = await play("Processor", { world });
      const [reset] = [...trajectory.steps()];
      expect(reset?.info).toEqual({ names: ["x86-64-v3"], proc: ["cpuinfo"] });
    }
  },
);

test("what ends for want of memory says what to raise", async () => {
  const { outcome, error } = await play("Exhausted");
  expect(outcome).toBe("env_error");
  expect(error?.message).toContain("std::bad_alloc (it could not get more memory: raise --memory-mb");
});

test("an audit finds one draw of five values, in both worlds, and its line, not one that the reset made good", async () => {
  for (const [world, factor] of [
    ["sealed", "entropy"],
    ["host", "baseline"],
  ] as const) {
    const { causes } = await auditEnvironment({ envName: `${fixture("claims.py")}:Sampling`, world });
    expect(causes.map((cause) => [cause.factor, cause.path, cause.location?.source])).toEqual([
      [factor, "info.action", "return observation, self.describe(action=self.action_space.sample())"],
    ]);
  }
});
