/* `sameseed check`: one verdict for each part, and the parts that must fail do. Each environment spoils one thing. */
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { Workplace } from "./sameseed.ts";

const environments = `import os
import time

import gymnasium as gym
import numpy as np


class Walk(gym.Env):
    def __init__(self):
        self.action_space = gym.spaces.Discrete(2)
        self.observation_space = gym.spaces.Box(-100, 100, (1,), np.float64)
        self.played = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        self.played += 1
        self.place = float(self.np_random.standard_normal())
        return self.shown(), {}

    def step(self, action):
        self.count += 1
        self.place += (2 * int(action) - 1) * float(self.np_random.random())
        return self.shown(), self.place, self.count == 5, False, {}

    def shown(self):
        return np.array([self.place])


class IgnoresItsSeed(Walk):
    def reset(self, *, seed=None, options=None):
        super().reset(seed=1)
        return np.array([0.0]), {}

    def shown(self):
        return np.array([float(self.count)])

    def step(self, action):
        result = super().step(action)
        return result[0], 1.0, *result[2:]


class KeepsState(Walk):
    def shown(self):
        return np.array([self.place + (self.played > 1 and self.count == 3)])


class BreaksItsSpace(Walk):
    def shown(self):
        return np.array([self.place, 0.0])


class DrawsFromTheKernel(Walk):
    def shown(self):
        return np.array([self.place + (os.urandom(1)[0] if self.count == 3 else 0)])


class ReadsTheClock(Walk):
    def shown(self):
        return np.array([self.place + (time.time() % 7 if self.count == 3 else 0)])


class IsOtherOutside(Walk):
    def shown(self):
        return np.array([self.place + ("OPENSSL_ia32cap" in os.environ and self.count == 2)])


class IsOtherUnpinned(Walk):
    def shown(self):
        return np.array([self.place + ("OPENBLAS_CORETYPE" in os.environ and self.count == 2)])


class PlaysSealedOnly(Walk):
    def __init__(self):
        super().__init__()
        if "OPENSSL_ia32cap" not in os.environ:
            raise PermissionError(1, "refused here")


class Raises(Walk):
    def step(self, action):
        raise RuntimeError("cannot be played")


class Plain:
    """No gymnasium.Env, and no package at all but the spaces."""

    action_space = gym.spaces.Discrete(2)
    observation_space = None

    def reset(self, seed=None):
        self.place = seed
        return [self.place], {}

    def step(self, action):
        self.place += int(action)
        return [self.place], 1.0, self.place % 5 == 0, False, {}
`;

const verdict = z.enum(["pass", "warn", "fail", "skipped"]);
const row = { verdict, summary: z.string(), notes: z.array(z.string()) };
const again = z.strictObject({
  ...row,
  rollouts: z.int(),
  equal: z.int(),
  firstDivergence: z.json().optional(),
});
const difference = z.strictObject({ seed: z.int(), step: z.int(), field: z.string() });
const tellable = z.number().nullable();

/** What `check --json` promises. */
const report = z.strictObject({
  env: z.string(),
  fit: z.boolean(),
  reproducible: z.boolean(),
  checks: z.strictObject({
    plays: z.strictObject(row),
    gymnasium: z.strictObject({ ...row, error: z.string().nullable() }),
    seeding: z.strictObject({
      ...row,
      repeatable: z.boolean().nullable(),
      distinct: z.int(),
      of: z.int(),
      survivesReset: z.boolean().nullable(),
    }),
    warm: again,
    cold: again,
    loaded: again,
    audit: z.strictObject({
      ...row,
      audit: z.enum(["pure", "virtualised", "sensitive", "broken"]).nullable(),
      causes: z.array(z.looseObject({ factor: z.string() })),
    }),
    plain: z.strictObject({
      ...row,
      pinned: z.boolean().nullable(),
      native: z.boolean().nullable(),
      pinnedDifference: difference.optional(),
      nativeDifference: difference.optional(),
      numericClass: z.string(),
    }),
    speed: z.strictObject({
      ...row,
      plainStepsPerSecond: tellable,
      stepsPerSecond: tellable,
      ratio: tellable,
      rolloutMs: tellable,
    }),
  }),
  tier: z.enum(["T1", "T2", "T3", "none"]),
  notHeld: z.array(z.string()),
  image: z.string(),
  imageDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  world: z.enum(["sealed", "host"]),
  seeds: z.array(z.int()),
  maxSteps: z.int(),
  badge: z.string().nullable(),
});

const place = new Workplace({ "envs.py": environments });
afterAll(() => place[Symbol.dispose]());

async function check(
  name: string,
  ...more: string[]
): Promise<{ code: number | null; told: z.infer<typeof report> }> {
  const seeds = more.includes("--seeds") ? [] : ["--seeds", "0,1"];
  const { code, stdout } = await place.run(["check", `envs.py:${name}`, "--json", ...seeds, ...more]);
  return { code, told: report.parse(JSON.parse(stdout)) };
}

describe("sameseed check", () => {
  it("says of a good environment that it is fit, with every figure", async () => {
    const { code, told } = await check("Walk", "--seeds", "0..3");
    expect(code).toBe(0);
    expect(told).toMatchObject({ fit: true, reproducible: true, seeds: [0, 1, 2, 3], maxSteps: 200 });
    const { plays, seeding, warm, cold, loaded, audit, plain, speed } = told.checks;
    for (const each of [plays, seeding, warm, cold, loaded, audit, plain, speed])
      expect(each).toMatchObject({ verdict: "pass" });
    expect(seeding).toMatchObject({ repeatable: true, distinct: 4, of: 4, survivesReset: true });
    expect([warm, cold, loaded].map(({ equal }) => equal)).toEqual([4, 4, 4]);
    expect(plain).toMatchObject({ pinned: true, native: true });
    expect(speed.stepsPerSecond).toBeGreaterThan(0);
    expect(speed.plainStepsPerSecond).toBeGreaterThan(0);
    expect(told.badge).toMatch(/^!\[[^\]]+\]\(https:\/\/[^\s()]+\)$/);
  });

  it("prints the same for a person, and the line for a README", async () => {
    const { code, stdout } = await place.run(["check", "envs.py:Walk", "--seeds", "3,4", "--max-steps", "3"]);
    expect(code).toBe(0);
    expect(stdout).toContain("2 episodes, 6 steps");
    expect(stdout).toMatch(/same, cold +pass +2 of 2/);
    expect(stdout).toMatch(/\nfit \(T\d\)\n\nFor a README:\n!\[/);
  });

  it("warns of a seed that decides nothing", async () => {
    const { code, told } = await check("IgnoresItsSeed");
    // Gymnasium's own checker fails it; the row of the seed alone would not.
    expect(code).toBe(1);
    expect(told.checks.gymnasium.verdict).toBe("fail");
    expect(told.checks.seeding).toMatchObject({ verdict: "warn", repeatable: true, distinct: 1 });
  });

  it("warns of state that survives a reset", async () => {
    const { code, told } = await check("KeepsState");
    expect(code).toBe(4);
    expect(told.checks.seeding).toMatchObject({ verdict: "warn", repeatable: true, survivesReset: false });
    // Rollouts begin with a new environment, each.
    expect(told.checks).toMatchObject({ warm: { verdict: "pass" }, plain: { pinned: true } });
    expect(told.checks.audit).toMatchObject({ verdict: "fail", causes: [{ factor: "earlier-episode" }] });
  });

  it("fails what Gymnasium's own checker refuses, and only that", async () => {
    const { code, told } = await check("BreaksItsSpace");
    expect(code).toBe(1);
    expect(told).toMatchObject({ fit: false, reproducible: true, badge: null });
    expect(told.checks.gymnasium.verdict).toBe("fail");
    expect(told.checks.gymnasium.error).toContain("AssertionError");
  });

  it("does not ask Gymnasium's checker about what is no gymnasium.Env", async () => {
    const { code, told } = await check("Plain", "--seeds", "1,2");
    expect(code).toBe(0);
    expect(told.checks.gymnasium).toMatchObject({ verdict: "skipped", error: null });
    expect(told.checks.plain).toMatchObject({ verdict: "pass", pinned: true });
  });

  it("names what decides beside the seed", async () => {
    const { code, told } = await check("ReadsTheClock");
    expect(code).toBe(4);
    const { seeding, warm, audit, plain } = told.checks;
    expect(warm.verdict).toBe("pass");
    expect(seeding).toMatchObject({ verdict: "warn", repeatable: false, survivesReset: null });
    expect(audit).toMatchObject({ verdict: "fail", audit: "sensitive", causes: [{ factor: "clock" }] });
    expect(plain).toMatchObject({ verdict: "warn", pinned: false, pinnedDifference: { seed: 0, step: 3 } });
    expect(told).toMatchObject({ fit: false, reproducible: false, tier: "none", badge: null });
  });

  it("shows where rollouts differ without the sealed world", async () => {
    const { code, told } = await check("DrawsFromTheKernel", "--world", "host", "--seeds", "0..7");
    expect(code).toBe(4);
    for (const each of [told.checks.warm, told.checks.cold, told.checks.loaded])
      expect(each).toMatchObject({ verdict: "fail", firstDivergence: { step: 3, field: "observation" } });
  });

  it("fails what plain Gymnasium gives otherwise though nothing was asked of the world", async () => {
    const { code, told } = await check("IsOtherOutside");
    expect(code).toBe(1);
    expect(told.checks.plain).toMatchObject({
      verdict: "fail",
      pinned: false,
      pinnedDifference: { seed: 0, step: 2, field: "observation" },
    });
  });

  it("tells a difference of the numeric class from one of the environment", async () => {
    const { code, told } = await check("IsOtherUnpinned");
    const hasClass = told.checks.plain.numericClass === "x86-64-v3";
    expect(code).toBe(0);
    expect(told.checks.plain).toMatchObject({ verdict: "pass", pinned: true, native: !hasClass });
    if (hasClass) expect(told.checks.plain.nativeDifference).toMatchObject({ step: 2, field: "observation" });
  });

  it("does not blame an environment for what a plain process is refused", async () => {
    const { code, told } = await check("PlaysSealedOnly");
    expect(code).toBe(0);
    for (const each of [told.checks.gymnasium, told.checks.seeding, told.checks.plain])
      expect(each).toMatchObject({
        verdict: "warn",
        summary: expect.stringContaining("refused here") as string,
      });
    expect(told.checks.warm.verdict).toBe("pass");
  });

  it("asks nothing more of what does not play", async () => {
    const { code, told } = await check("Raises");
    expect(code).toBe(1);
    const { plays, ...rest } = told.checks;
    expect(plays.summary).toContain("env_error: cannot be played");
    for (const each of Object.values(rest)) expect(each.verdict).toBe("skipped");
  });

  it.each([
    [["envs.py:Nothing"], /has no class Nothing/],
    [["envs.py:Walk", "--seeds", "4"], /at least two seeds/],
  ])("refuses misuse: %s", async (given, message) => {
    const { code, stderr } = await place.run(["check", ...given]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
