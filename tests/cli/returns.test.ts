import { afterAll, describe, expect, it } from "vitest";

import { errorDocument } from "./documents.ts";
import { Workplace } from "./sameseed.ts";

const work = new Workplace({
  "balance.py": "def act(observation, rng):\n    return int(observation[2] + 0.5 * observation[3] > 0)\n",
  "left.py": "def act(observation, rng):\n    return 0\n",
  "crash.py":
    "def act(observation, rng):\n    if observation[0] > 0.02:\n        raise ValueError('lost')\n    return 0\n",
  "deaf.py": `import gymnasium
from gymnasium.spaces import Discrete

class Deaf(gymnasium.Env):
    observation_space = action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        return 0, {}
    def step(self, action):
        return 0, float(action), True, False, {}
`,
  "one.py": "def act(observation, rng):\n    return 1\n",
});

afterAll(() => work[Symbol.dispose]());

const cart = ["--env", "CartPole-v1"];

interface Document {
  readonly [name: string]: unknown;
}

describe("compare in an environment with one seat", () => {
  it("runs both under common seeds, says who is better, and records what verify checks", async () => {
    const ended = await work.run([
      "compare",
      "balance.py",
      "random",
      ...cart,
      "--seeds",
      "0..11",
      "--out",
      "cmp",
      "--json",
    ]);
    expect(ended.code, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout) as Document;
    expect(result).toMatchObject({
      a: "balance.py",
      b: "random",
      pairs: 12,
      effective: 12,
      leftOut: 0,
      decision: "better",
      selfCheck: { rollouts: 8, equal: 8 },
      counts: [0, 0, 12],
    });
    const difference = result["difference"] as {
      mean: number;
      means: [number, number];
      interval: { low: number };
    };
    expect(difference.means[0] - difference.means[1]).toBeCloseTo(difference.mean, 9);
    expect(difference.interval.low).toBeGreaterThan(0);
    const verified = await work.run(["verify", "cmp"]);
    expect(verified.code, verified.stdout).toBe(0);
    const reversed = await work.run(["compare", "random", "balance.py", ...cart, "--seeds", "0..11"]);
    expect(reversed.code).toBe(1);
    expect(reversed.stdout).toMatch(/^no: random is not better than balance\.py$/m);
  });

  it("stops a test where it is decided, wherever the machine is fast", async () => {
    const args = [
      "compare",
      "balance.py",
      "left.py",
      ...cart,
      "--seeds",
      "0..99",
      "--until",
      "sprt",
      "--elo",
      "0,300",
      "--json",
    ];
    const ended = await work.run(args);
    expect(ended.code, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout) as {
      seeds: number[];
      decision: string;
      sprt: { verdict: string };
    };
    expect(result).toMatchObject({ decision: "better", sprt: { verdict: "elo1" } });
    expect(result.seeds.length).toBeLessThan(100);
    const alone = JSON.parse((await work.run([...args, "--concurrency", "1"])).stdout) as { seeds: number[] };
    expect(alone.seeds).toEqual(result.seeds);
  });

  it("decides nothing where a fault left no return, and nothing from one play that is repeated", async () => {
    const crashed = await work.run(["compare", "left.py", "crash.py", ...cart, "--seeds", "0..9"]);
    expect(crashed.code).toBe(1);
    expect(crashed.stdout).toMatch(/^not shown: under \d+ seeds a fault left no return to compare/m);
    const deaf = ["compare", "one.py", "left.py", "--env", "deaf.py:Deaf", "--seeds", "0..23"];
    const repeated = await work.run(deaf);
    expect(repeated.code).toBe(1);
    expect(repeated.stdout).toMatch(/^ {2}effective: 1 pair instead of 24: every seed gave the same play$/m);
    expect(repeated.stdout).toMatch(/^not shown: one pair shows nothing in general/m);
  });
});

describe("eval in an environment with one seat", () => {
  it("gives the mean return with an interval, and refuses what only games have", async () => {
    const ended = await work.run(["eval", "--x", "balance.py", ...cart, "--seeds", "0..5", "--json"]);
    expect(ended.code, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout) as {
      meanReturn: number;
      rollouts: number;
      bySeed: { totalReward: number }[];
    };
    expect(result.rollouts).toBe(6);
    expect(result.meanReturn).toBeCloseTo(
      result.bySeed.reduce((sum, { totalReward }) => sum + totalReward, 0) / 6,
      9,
    );
    const text = await work.run(["eval", "--x", "random", ...cart, "--at-least", "100"]);
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/^ {2}mean return [\d.]+ \[[\d.]+, [\d.]+\] \(95 %, bca\)$/m);
    for (const more of [["--o", "random"], ["--games", "10"], ["--exact"]]) {
      const refused = await work.run(["eval", "--x", "random", ...cart, ...more, "--json"]);
      expect(errorDocument.parse(JSON.parse(refused.stdout)).error.code).toBe("bad_argument");
    }
    expect((await work.run(["eval", "--x", "random"])).code).toBe(2);
  });
});
