/* What a row says of rewards that are no numbers, whether a rollout came to its end or a limit ended it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { runRollout } from "../../../src/rollout/collect-rollouts.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-rewards-"));
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

const file = join(folder, "rewards.py");
writeFileSync(
  file,
  `
import os
import gymnasium
import numpy as np
from gymnasium import spaces

class Rewards(gymnasium.Env):
    observation_space = action_space = spaces.Discrete(2)
    def __init__(self, kind, ends=True):
        self.kind, self.ends = kind, ends
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.k = 0
        return 0, {}
    def step(self, action):
        self.k += 1
        if self.k == 4 and not self.ends:
            os._exit(3)
        return 0, self.reward(), self.k == 4, False, {}
    def reward(self):
        k = self.k
        return {
            "fixed": [1.0, 2.0], "grows": [1.0] * k, "changes": 5.0 if k < 3 else [1.0, 2.0],
            "text": ["a"], "large": np.ones(5000), "agents": {"a": 1.0} if k < 3 else {"b": 2},
        }[self.kind]
`,
);

const of = async (kind: string, ends: boolean) =>
  await runRollout({ envName: `${file}:Rewards`, envArgs: { kind, ends }, seed: 1 });

test.for<[string, unknown, unknown, RegExp | undefined]>([
  ["fixed", [4, 8], [3, 6], undefined],
  ["agents", { a: 2, b: 4 }, { a: 2, b: 2 }, undefined],
  ["grows", null, null, /^totalReward is null: the reward of step 2 is of another shape/],
  ["changes", null, null, /^totalReward is null: the reward of step 3 is of another kind/],
  ["text", null, null, /^totalReward is null: the reward of step 1 holds a value of type str/],
  ["large", null, null, /^totalReward is null: the reward of step 1 has more than 4096 numbers/],
])("rewards that are %s", async ([kind, whole, cut, reason]) => {
  const ended = await of(kind, true);
  expect([ended.outcome, ended.totalReward]).toEqual(["terminated", whole]);
  const warnings = ended.warnings.filter((warning) => warning.startsWith("totalReward"));
  if (reason === undefined) expect(warnings).toEqual([]);
  else expect(warnings.join()).toMatch(reason);
  // Its sandbox died before it could say a sum: the host adds up what is recorded, by the same rules.
  const died = await of(kind, false);
  expect([died.outcome, died.totalReward]).toEqual(["env_error", cut]);
});
