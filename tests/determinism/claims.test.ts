/* What a receipt, an audit and a fault say about an environment whose observations do not show it. */
import { expect, test } from "vitest";

import type { JsonObject } from "../../src/model/json.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { chainOf } from "../../src/trajectory/trajectory-chain.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { auditEnvironment, makeRunner } from "../../src/verify/audit/audit-environment.ts";
import { compareRollouts, compareTwins } from "../../src/verify/audit/compare-rollouts.ts";
import { tellLayouts, type RecordedSuspect } from "../../src/verify/audit/layouts.ts";
import { locateCause, Tracer } from "../../src/verify/audit/locate-cause.ts";
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
  const wide = await play("Wide");
  expect(wide.receipt).toMatchObject({ tier: "T1", world: { notHeld: ["numeric-libraries"] } });
  const another = await play("Wide", { envArgs: { name: "_sqlite3" } });
  expect(another.receipt.world.notHeld).not.toContain("numeric-libraries");
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
  for (const world of ["sealed", "host"] as const) {
    const { causes } = await auditEnvironment({ envName: `${fixture("claims.py")}:Sampling`, world });
    expect(causes.map((cause) => [cause.factor, cause.toldBy, cause.path, cause.location?.source])).toEqual([
      [
        "entropy",
        world === "host" ? "sealed" : undefined,
        "info.action",
        "return observation, self.describe(action=self.action_space.sample())",
      ],
    ]);
  }
});

test.for([
  ["clock", "clock", "sealed"],
  ["both", "baseline", undefined],
  ["real", "baseline", undefined],
] as const)(
  "an audit of the host's world names a factor only where it alone shows in the sealed world (%s)",
  async ([kind, factor, toldBy]) => {
    const report = await auditEnvironment({
      envName: `${fixture("claims.py")}:Chancy`,
      envArgs: { kind },
      world: "host",
    });
    expect(report.verdict).toBe("broken");
    expect(report.causes.map((cause) => [cause.factor, cause.toldBy, cause.path])).toEqual([
      [factor, toldBy, "info.shown"],
    ]);
  },
);

test("the line behind an order of objects is found in whichever layout of memory they were found in another order", async () => {
  const options = resolveOptions({ envName: `${fixture("claims.py")}:Paired` });
  const runner = makeRunner(options, {});
  const inputs = { runner, image: resolveImage(options.image), spec: { ...options.template, seed: 1 } };
  const divergence = {
    step: 0,
    field: "info",
    path: "info.parts[0]",
    expected: 0,
    actual: 1,
    expectedType: "int",
    actualType: "int",
    differing: ["info"],
    agreeing: [],
  } as const;
  try {
    const lines = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const change = { perturb: { heap: at + 1 } };
        const found = await locateCause(
          inputs,
          { factor: "addresses", change, divergence },
          new Tracer(runner),
        );
        return typeof found === "string" ? found : found.source;
      }),
    );
    // Under the tracer about half of these layouts leave the two as they are.
    expect(lines).toEqual(Array(8).fill('return observation, {"parts": [part.number for part in parts]}'));
  } finally {
    await runner.close();
  }
}, 120_000);

test("a world that only moved objects is told from one that the environment depends on", async () => {
  const { template, limits, ...more } = resolveOptions({ envName: `${fixture("claims.py")}:Dated` });
  const runner = makeRunner({ template, limits, ...more }, {});
  const spec = { ...template, seed: 1 };
  try {
    const baseline = await runner.run({}, spec);
    // Which layouts have the two objects in which order is the image's matter: tried one after another until one does.
    const suspect = async (factor: string, path: string, perturb: JsonObject): Promise<RecordedSuspect> => {
      for (let heap = 0; heap < 400; heap += 1) {
        const change = { perturb: { ...perturb, heap } };
        const rollout = await runner.run(change, spec);
        const { divergence } = compareRollouts(baseline, rollout);
        if (divergence?.path === path) return { factor, change, divergence, rollout };
      }
      throw new Error(`no layout of 400 shows ${path}`);
    };
    // A layout in which the two objects lie in the other order, as another locale may bring it about.
    const locale = await suspect("locale", "info.parts[0]", {});
    // The zone alone, in a layout that leaves the objects in their order: another variable moves them as well.
    const zone = await suspect("time-zone", "info.zone", { variables: { TZ: "AUD-3" } });
    expect(zone.divergence.step).toBe(1);
    const found = await tellLayouts(runner, spec, baseline, { suspects: [locale, zone], worlds: [] });
    expect(found.suspects.map(({ factor, divergence: { path } }) => [factor, path])).toEqual([
      ["addresses", "info.parts[0]"],
      ["locale", "info.parts[0]"],
      ["time-zone", "info.zone"],
    ]);
  } finally {
    await runner.close();
  }
}, 120_000);
