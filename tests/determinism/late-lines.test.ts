/* Where an environment computes more before the step that differs than a trace holds, its line is found all the same. */
import { afterAll, expect, test } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { makeRunner } from "../../src/verify/audit/audit-environment.ts";
import { compareRollouts } from "../../src/verify/audit/compare-rollouts.ts";
import { locateCause, Tracer } from "../../src/verify/audit/locate-cause.ts";
import { fixture } from "./fixtures.ts";

afterAll(closeSandboxes);

test("a line is found behind more lines than a trace holds, and it is said from where on was traced", async () => {
  const options = resolveOptions({
    envName: fixture("laborious.py:Laborious"),
    policy: { actions: [0, 0, 0, 0, 0, 0] },
  });
  const runner = makeRunner(options, {});
  try {
    const spec = { ...options.template, seed: 1 };
    const change = { perturb: { variables: { TZ: "ABCDEFG-3" } } };
    const { divergence } = compareRollouts(await runner.run({}, spec), await runner.run(change, spec));
    expect(divergence).toMatchObject({ step: 4, field: "observation" });
    const inputs = { runner, image: resolveImage("gymnasium"), spec };
    const suspect = { factor: "time-zone", change, divergence: divergence! };
    const tracer = new Tracer(runner);
    expect((await tracer.trace({}, { ...spec, maxSteps: 4 }))[0]?.isWhole).toBe(false);
    expect(await locateCause(inputs, suspect, tracer)).toMatchObject({
      file: "laborious.py",
      source: "self.zones.append(time.tzname[0])",
      since: 0,
    });
  } finally {
    await runner.close();
  }
}, 120_000);
