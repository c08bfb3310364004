import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { lastLine, rolloutDocument, runDocument } from "./documents.ts";
import { linesOf, sources, Workplace, type Ended } from "./sameseed.ts";

const work = new Workplace(sources);
let ran: Ended;

beforeAll(async () => {
  // The first command of a machine also builds the default image.
  ran = await work.run(["run", "CartPole-v1", "--seeds", "45,42..44", "--out", "cart", "--json"]);
});

afterAll(() => work[Symbol.dispose]());

describe("run", () => {
  it("prints one JSON document with the rollouts in seed order", () => {
    expect(ran.code).toBe(0);
    const document = runDocument.parse(JSON.parse(ran.stdout));
    expect(document.dir).toBe(work.path("cart"));
    expect(document.spec.seeds).toEqual([42, 43, 44, 45]);
    expect(document.rollouts.map(({ seed }) => seed)).toEqual([42, 43, 44, 45]);
    const rewards = document.rollouts.map(({ totalReward }) => Number(totalReward));
    expect(document.summary).toMatchObject({ rollouts: 4, outcomes: { terminated: 4 } });
    expect(document.summary.meanReward).toBe(rewards.reduce((sum, reward) => sum + reward) / 4);
    expect(new Set(document.rollouts.map(({ digest }) => digest)).size).toBe(4);
    expect(linesOf(ran.stderr)).toEqual(["recording 4 rollouts in cart"]);
  });

  it("gives the same digests in another folder, cold, and one at a time", async () => {
    const more = ["--cold", "--concurrency", "1"];
    const again = await work.run(["run", "CartPole-v1", "--seeds", "42..43", "--json", ...more]);
    const digests = (text: string): string[] =>
      runDocument.parse(JSON.parse(text)).rollouts.map(({ digest }) => digest);
    expect(digests(again.stdout)).toEqual(digests(ran.stdout).slice(0, 2));
    expect(readdirSync(work.path("runs"))).toEqual([
      expect.stringMatching(/^CartPole-v1-\d{8}-\d{6}-[0-9a-f]{4}$/),
    ]);
  });

  it("prints a line for each rollout and then the summary", async () => {
    const { code, stdout } = await work.run([
      "run",
      "CartPole-v1",
      "--seeds",
      "1..3",
      "--ndjson",
      "--out",
      "lines",
    ]);
    const lines = linesOf(stdout).map((line) => JSON.parse(line) as unknown);
    expect(code).toBe(0);
    const seeds = lines.slice(0, -1).map((line) => rolloutDocument.parse(line).seed);
    expect(seeds.sort((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(lastLine.parse(lines.at(-1)).summary.rollouts).toBe(3);
  });

  it("shows people a table, the folder and what to do next", async () => {
    const { code, stdout } = await work.run(["run", "FrozenLake-v1", "--seeds", "1..12", "--out", "a lake"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^FrozenLake-v1 · policy random · image gymnasium [0-9a-f]{12}$/m);
    expect(stdout).toMatch(/^ +seed +outcome +steps +return +play digest$/m);
    expect(stdout).toMatch(/^ {2}… 2 more/m);
    expect(stdout).toMatch(/^12 rollouts: 12 terminated · mean return/m);
    expect(stdout).toMatch(/^next: sameseed verify 'a lake' /m);
    expect(stdout).not.toContain("\u001b");
  });

  it("takes environments, arguments, policies, actions and limits", async () => {
    const limits = ["--max-steps", "2", "--wall-ms", "20000"];
    const files = await work.run(["run", "envs.py:Plain", "--policy", "left.py", "--json", ...limits]);
    const byFile = runDocument.parse(JSON.parse(files.stdout));
    expect(byFile.rollouts).toMatchObject([
      { seed: 0, outcome: "truncated", steps: 2, receipt: { limits: { wallMs: 20_000 } } },
    ]);
    expect(byFile.spec).toMatchObject({
      environment: { kind: "file", className: "Plain" },
      seats: [{ seat: "agent", policy: { kind: "source" } }],
    });
    const args = ["run", "FrozenLake-v1", "--env-arg", "is_slippery=false", "--env-arg", "map_name=8x8"];
    const lake = await work.run([...args, "--actions", "actions.json", "--json"]);
    const byList = runDocument.parse(JSON.parse(lake.stdout));
    expect(byList.spec.envArgs).toEqual({ is_slippery: false, map_name: "8x8" });
    expect(byList.rollouts).toMatchObject([
      { outcome: "truncated", steps: 3, receipt: { backend: "zygote" } },
    ]);
  });

  it("runs only what is missing with --resume", async () => {
    const args = ["run", "CartPole-v1", "--seeds", "42..45", "--out", "cart", "--resume", "--json"];
    const again = await work.run(args);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("4 recorded before");
    const document = runDocument.parse(JSON.parse(again.stdout));
    expect(document.rollouts).toEqual(runDocument.parse(JSON.parse(ran.stdout)).rollouts);
    expect(document.summary.rolloutsPerSecond).toBe(0);
  });
});

const growing = `
import gymnasium
from gymnasium.spaces import Discrete

class Grows(gymnasium.Env):
    observation_space = action_space = Discrete(2)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.k = int(self.np_random.integers(2))
        return 0, {}
    def step(self, action):
        self.k += 1
        return 0, [1.0] * self.k, self.k > 3, False, {}
`;

describe("a run with faults", () => {
  it("exits with 1, lists the faults, and lets nothing of them reach the terminal", async () => {
    const { code, stdout } = await work.run(["run", "envs.py:Raises", "--seeds", "1..2"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^2 rollouts ended in a fault:$/m);
    expect(stdout).toMatch(/seed 1 env_error at the reset: RuntimeError: \\x1b\[2Jnever/);
    expect(stdout).not.toContain("\u001b");
  });

  it("says that there is no network where one was looked for", async () => {
    writeFileSync(
      work.path("net.py"),
      "import urllib.request\ndef act(observation, rng):\n    urllib.request.urlopen('http://example.org')\n",
    );
    const { code, stdout } = await work.run(["run", "CartPole-v1", "--policy", "net.py"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}a sandbox has no network: bring files with --files/m);
  });

  it.for<[string[], string]>([
    [["envs.py:Loops", "--cpu-ms", "300"], "cpu_limit"],
    [["envs.py:Loops", "--wall-ms", "1500"], "wall_limit"],
    [["envs.py:Plain", "--policy", "raises.py"], "policy_error"],
  ])("%j ends in %s", async ([args, outcome]) => {
    const { code, stdout } = await work.run(["run", ...args, "--json"]);
    expect(code).toBe(1);
    const { rollouts, summary } = runDocument.parse(JSON.parse(stdout));
    expect(rollouts).toMatchObject([{ outcome, error: { message: expect.any(String) } }]);
    expect(summary).toMatchObject({ outcomes: { [outcome]: 1 }, meanReward: null });
  });

  it("writes rewards that JSON has no word for as text", async () => {
    const { stdout } = await work.run(["run", "envs.py:NotANumber", "--json"]);
    const { rollouts, summary } = runDocument.parse(JSON.parse(stdout));
    expect([rollouts[0]?.totalReward, summary.meanReward]).toEqual(["NaN", "NaN"]);
  });

  it("says in JSON why rewards have no sum, and no other warning", async () => {
    writeFileSync(work.path("grows.py"), growing);
    const { stdout } = await work.run(["run", "grows.py:Grows", "--json"]);
    const { rollouts, summary } = runDocument.parse(JSON.parse(stdout));
    expect([rollouts[0]?.totalReward, summary.meanReturn]).toEqual([null, null]);
    expect(rollouts[0]?.warnings?.join()).toMatch(
      /^totalReward is null: the reward of step 2 is of another shape/,
    );
    const plain = await work.run(["run", "CartPole-v1", "--json"]);
    expect(runDocument.parse(JSON.parse(plain.stdout)).rollouts[0]).not.toHaveProperty("warnings");
  });

  it("leaves no folder behind where nothing could be recorded", async () => {
    const { code } = await work.run(["run", "CartPole-v999", "--out", "typo"]);
    expect(code).toBe(2);
    expect(existsSync(work.path("typo"))).toBe(false);
  });
});
