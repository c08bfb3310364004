/*
 * An audit names what is wrong: for every planted environment the factor, the first step that differs and the line. And
 * it finds nothing wrong with what has no fault.
 */
import { afterAll, describe, expect, it } from "vitest";

import type { RecordedRollout } from "../../src/model/rollout.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { auditEnvironment, auditRollouts, makeRunner } from "../../src/verify/audit/audit-environment.ts";
import { compareRollouts, compareTwins } from "../../src/verify/audit/compare-rollouts.ts";
import type { AuditReport } from "../../src/verify/audit/audit-report.ts";
import { factors } from "../../src/verify/audit/factors.ts";
import type { WorldRunner } from "../../src/verify/audit/world-runner.ts";
import { fixture } from "./fixtures.ts";
import {
  cleanEnvironments,
  plantedActions,
  plantedBugs,
  plantedEnvironment,
  plantedLine,
} from "./planted/planted-bugs.ts";

const policy = { actions: plantedActions };
let runner: WorldRunner | undefined;

/** All audits share the zygotes of their worlds. */
async function auditPlanted(name: string): Promise<AuditReport> {
  const options = resolveOptions({ envName: plantedEnvironment(name), policy });
  runner ??= makeRunner(options, {});
  return await auditRollouts({ env: name, options, seeds: [42] }, { runner });
}

afterAll(async () => {
  await runner?.close();
  await closeSandboxes();
});

/** Threads that spin need the machine to themselves: beside other tests they are starved for minutes. */
const spinning = plantedBugs.filter(({ factor }) => factor === "blas-threads");
const asked = process.env["SAMESEED_SPINNING_TESTS"] === "1" ? spinning : [];

describe("an audit", () => {
  it.each([...plantedBugs.filter((bug) => !spinning.includes(bug)), ...asked])(
    "names $factor at step $step of $name, and its line",
    async ({ name, factor, step, refused }) => {
      const { verdict, causes, world } = await auditPlanted(name);
      expect(world).toBe("sealed");
      expect(verdict).toBe(refused === undefined ? "sensitive" : "broken");
      const found = causes.map((cause) => `${cause.factor} step ${cause.step} line ${cause.location?.line}`);
      expect(found).toEqual([`${factor} step ${step} line ${plantedLine(name)}`]);
      expect(causes[0]?.location?.file).toBe(`${name}.py`);
      expect(causes[0]?.location?.source).toContain("# planted");
      expect(JSON.stringify(causes[0]?.expected)).not.toBe(JSON.stringify(causes[0]?.actual));
    },
  );

  it.each(cleanEnvironments)(
    "finds nothing wrong with $name, which is $verdict",
    async ({ name, verdict }) => {
      const report = await auditPlanted(name);
      expect({ verdict: report.verdict, causes: report.causes }).toEqual({ verdict, causes: [] });
      expect(Object.keys(report.ledger).length > 0).toBe(verdict === "virtualised");
    },
  );

  it("takes four rollouts and two zygotes where nothing is wrong", async () => {
    const report = await auditEnvironment({ envName: "CartPole-v1" });
    expect(report).toMatchObject({ verdict: "pure", causes: [], cost: { rollouts: 4, zygotes: 2 } });
    const named = new Set(report.worlds.map(({ factor }) => factor));
    expect(factors.filter(({ id }) => !named.has(id))).toEqual([]);
  });

  it("says that a clock or entropy makes an environment broken in the host's world", async () => {
    const report = await auditEnvironment({
      envName: plantedEnvironment("os_urandom"),
      policy,
      world: "host",
    });
    expect(report).toMatchObject({ verdict: "broken", world: "host" });
    expect(report.causes[0]).toMatchObject({
      factor: "entropy",
      toldBy: "sealed",
      step: 4,
      location: { line: plantedLine("os_urandom") },
    });
  });

  it("does not call pure what it cannot count", async () => {
    const report = await auditEnvironment({ envName: "CartPole-v1", world: "host" });
    expect(report).toMatchObject({ verdict: "virtualised", causes: [], ledger: {} });
    expect(report.worlds).toContainEqual({ factor: "clock", equal: null, how: "not tried" });
  });

  it("names two factors that show only together", async () => {
    const envName = fixture("only_together.py:OnlyTogether");
    const { verdict, causes, worlds } = await auditEnvironment({ envName, policy });
    expect(verdict).toBe("sensitive");
    expect(causes).toMatchObject([{ factor: "pid+time-zone", step: 3, expected: 3, actual: -1 }]);
    expect(causes[0]?.location?.source).toContain("os.getpid() > 1000");
    expect(worlds.filter(({ equal }) => equal === false).map(({ factor }) => factor)).toEqual([
      "everything",
      "pid+time-zone",
    ]);
  });

  it("gives a changed home what the unchanged one has: it can be written to", async () => {
    const report = await auditEnvironment({ envName: fixture("homes.py:MakesAFolder"), policy });
    expect(report).toMatchObject({ verdict: "virtualised", causes: [] });
  });

  it("says what a changed world broke off with, and tries for other seeds first what it found for one", async () => {
    const envName = fixture("homes.py:WantsItsUser");
    const one = await auditEnvironment({ envName, policy, seeds: [0] });
    const three = await auditEnvironment({ envName, policy, seeds: [0, 1, 2] });
    for (const { verdict, causes } of [one, three]) {
      expect(verdict).toBe("sensitive");
      expect(causes).toMatchObject([
        {
          factor: "names",
          step: 3,
          path: "error",
          expected: "a complete episode",
          actual: "LookupError: nobody of that name plays here",
          actualType: "env_error",
        },
      ]);
      expect(causes[0]?.location?.source).toContain("# the name");
    }
    expect(three.worlds).toEqual(one.worlds);
    // A seed alone takes a rollout for each factor; each further one, what it shares and those layouts of memory.
    const further = (three.cost.rollouts - one.cost.rollouts) / 2;
    expect(further).toBeLessThan(one.cost.rollouts / 2);
  });

  it("calls nothing another play that a limit only ended earlier, whichever of the two it was", async () => {
    const rolloutWith = async (cpuMs: number): Promise<RecordedRollout> => {
      const envName = fixture("laborious.py:Burns");
      const options = resolveOptions({ envName, policy, limits: { cpuMs } });
      const limited = makeRunner(options, {});
      try {
        return await limited.run({}, { ...options.template, seed: 1 });
      } finally {
        await limited.close();
      }
    };
    const [whole, ended] = [await rolloutWith(60_000), await rolloutWith(400)];
    expect([whole, ended].map(({ summary }) => summary.outcome)).toEqual(["terminated", "cpu_limit"]);
    for (const compare of [compareRollouts, compareTwins]) {
      expect(compare(whole, ended)).toEqual({ cutOff: ended.summary.steps });
      expect(compare(ended, whole)).toEqual({ cutOff: ended.summary.steps });
    }
  });

  it("finds what only some layouts of memory change", async () => {
    const envName = fixture("only_together.py:Lucky");
    const { verdict, causes } = await auditEnvironment({ envName, policy });
    expect(verdict).toBe("sensitive");
    expect(causes).toMatchObject([{ factor: "addresses", step: 3, expected: 3, actual: -1 }]);
    expect(causes[0]?.location?.source).toContain("# the order of the set");
  });

  it("looks at the policy's lines where the action differs first", async () => {
    const source = "import time\n\n\ndef act(observation, rng):\n    return int(time.time()) % 2\n";
    const { verdict, causes } = await auditEnvironment({ envName: "CartPole-v1", policy: { source } });
    expect(verdict).toBe("sensitive");
    expect(causes).toMatchObject([
      { factor: "clock", field: "action", location: { file: "policy.py", line: 5 } },
    ]);
  });

  it("does not wait where an environment sleeps", async () => {
    const report = await auditEnvironment({ envName: fixture("only_together.py:Patient"), policy });
    expect(report).toMatchObject({ verdict: "virtualised", ledger: { sleep: 5 } });
  });

  it("refuses what cannot be audited", async () => {
    await expect(auditEnvironment({ envName: "NoSuchEnv-v0" })).rejects.toMatchObject({
      code: "unknown_environment",
    });
    await expect(auditEnvironment({ envName: "CartPole-v1", seeds: [] })).rejects.toMatchObject({
      code: "bad_argument",
    });
  });
});
