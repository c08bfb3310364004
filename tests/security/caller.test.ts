/*
 * A rollout that asks its caller is not charged for the caller's time. An environment shares the referee's process and can
 * say anything in its place, so what it gains by that is tried here.
 */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { RolloutConfig } from "../../src/rollout/rollout-config.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

function pretending(name: string): RolloutConfig {
  return {
    envName: `${join(import.meta.dirname, "fixtures", "asking.py")}:${name}`,
    seed: 1,
    world: "host",
    limits: { wallMs: 700 },
    // The first question is the referee's own; whatever comes behind it is answered only when the rollout is over.
    policy: async ({ step, signal }) => {
      if (step > 1) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return 0;
    },
  };
}

describe("an environment that pretends to wait", () => {
  it("works on its own time", async () => {
    expect(await runRollout(pretending("Works"))).toMatchObject({
      outcome: "wall_limit",
      error: { by: "environment", kind: "limit" },
    });
  });

  it("is ended where it says something and hangs", async () => {
    expect(await runRollout(pretending("Hangs"))).toMatchObject({
      outcome: "wall_limit",
      error: { by: "environment", kind: "limit" },
    });
  });

  it.each(["Again", "Ahead", "Stranger", "Nonsense", "Talks"])("breaks the protocol: %s", async (name) => {
    expect(await runRollout(pretending(name))).toMatchObject({
      outcome: "protocol_error",
      error: { by: "environment", kind: "protocol" },
    });
  });
});
