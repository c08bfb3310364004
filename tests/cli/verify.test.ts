import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { errorDocument, runDocument, stepDocument, verifyDocument } from "./documents.ts";
import { linesOf, sources, startSameseed, Workplace } from "./sameseed.ts";

const work = new Workplace(sources);
let recorded: ReturnType<typeof runDocument.parse>;

beforeAll(async () => {
  const run = await work.run(["run", "CartPole-v1", "--seeds", "42..44", "--out", "cart", "--json"]);
  recorded = runDocument.parse(JSON.parse(run.stdout));
  await work.run(["run", "envs.py:Clock", "--seeds", "1..2", "--world", "host", "--out", "clock"]);
  await work.run(["run", "envs.py:Raises", "--seeds", "1..2", "--out", "raises"]);
});

afterAll(() => work[Symbol.dispose]());

describe("verify", () => {
  it.for([[], ["--cold"]])("finds the same bytes %j", async (more) => {
    const { code, stdout } = await work.run(["verify", "cart", "--json", ...more]);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as object;
    expect(verifyDocument.parse(document)).toMatchObject({
      verified: true,
      diverged: [],
      rollouts: 3,
      equal: 3,
    });
    expect(Object.keys(document).slice(0, 2)).toEqual(["verified", "diverged"]);
  });

  it("names the first step, field, path and both values where bytes differ", async () => {
    const { code, stdout } = await work.run(["verify", "clock", "--json"]);
    expect(code).toBe(4);
    const { verified, diverged } = verifyDocument.parse(JSON.parse(stdout));
    expect(verified).toBe(false);
    expect(diverged.map(({ seed }) => seed)).toEqual([1, 2]);
    expect(diverged[0]?.firstDivergence).toMatchObject({
      step: 1,
      field: "info",
      path: "info.t",
      expected: expect.any(Number),
    });
    const text = await work.run(["verify", "clock"]);
    expect(text.code).toBe(4);
    expect(text.stdout).toMatch(/^seed 1 diverged at step 1, in info\n {2}path +info\.t\n {2}recorded /m);
    expect(text.stdout).toMatch(/^ {2}agree .*observation, reward/m);
    expect(text.stdout).toMatch(/^not reproducible: 0 of 2 rollouts/m);
  });

  it("never calls equal failures verified", async () => {
    const { code, stdout } = await work.run(["verify", "raises"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/equal failures prove nothing/);
    expect(stdout).toMatch(/^not verified: 0 of 2 rollouts/m);
  });

  it("flags a run whose different seeds all gave the same", async () => {
    const args = ["run", "envs.py:Deaf", "--actions", "actions.json", "--seeds", "1..2", "--out", "deaf"];
    const flag = /^warning: .* the same trajectory.*is the seed ignored\?$/m;
    expect((await work.run(args)).stdout).toMatch(flag);
    const { code, stdout } = await work.run(["verify", "deaf"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(flag)]);
    expect((await work.run(["verify", "cart"])).stdout).not.toMatch(flag);
  });

  it("says before it compares how the image differs from the one of the recording", async () => {
    cpSync(work.path("cart"), work.path("older"), { recursive: true });
    const manifest = readFileSync(work.path("older", "run.json"), "utf8");
    const older = manifest
      .replace(/"digest":"[0-9a-f]{64}"/, `"digest":"${"0".repeat(64)}"`)
      .replace(/"numpy":"[^"]+"/, '"numpy":"1.0.0"');
    writeFileSync(work.path("older", "run.json"), older);
    const { code, stdout, stderr } = await work.run(["verify", "older", "--json"]);
    expect(stderr).toMatch(/image is not the one of the recording[^]*numpy: recorded 1\.0\.0, now \d/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ imageDifferences: [{ what: "numpy", recorded: "1.0.0" }] });
  });
});

describe("replay", () => {
  it("feeds the recorded actions again", async () => {
    const equal = await work.run(["replay", "cart", "--seed", "43", "--json"]);
    expect(equal.code).toBe(0);
    expect(JSON.parse(equal.stdout)).toMatchObject({
      seed: 43,
      equal: true,
      digest: recorded.rollouts[1]?.digest,
    });
    const other = await work.run(["replay", "clock", "--seed", "1"]);
    expect(other.code).toBe(4);
    expect(other.stdout).toMatch(/info\.t/);
    expect((await work.run(["replay", "raises", "--seed", "1"])).code).toBe(1);
  });
});

describe("show", () => {
  it("prints a JSON line for the reset and for each step", async () => {
    const { code, stdout } = await work.run(["show", "cart", "--seed", "42", "--json"]);
    expect(code).toBe(0);
    const steps = linesOf(stdout).map((line) => stepDocument.parse(JSON.parse(line)));
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, at) => at));
    expect(steps.length - 1).toBe(recorded.rollouts[0]?.steps);
    const rewards = steps.flatMap((step) => ("reward" in step ? [Number(step.reward)] : []));
    expect(rewards.reduce((sum, reward) => sum + reward)).toBe(recorded.rollouts[0]?.totalReward);
  });

  it("shows people a table, and a fault with its traceback", async () => {
    const { stdout } = await work.run(["show", "cart", "--seed", "42"]);
    expect(stdout).toMatch(/^step +action +reward +end +observation/m);
    expect(stdout).toMatch(/^ +0 +reset +\[/m);
    expect(stdout).toMatch(/terminated +\[/);
    const fault = await work.run(["show", "raises", "--seed", "1"]);
    expect(fault.stdout).toMatch(/RuntimeError: \\x1b\[2Jnever\nTraceback \(most recent call last\)/);
  });

  it("ends quietly when nobody reads on", async () => {
    const { child, ended } = startSameseed(["show", "cart", "--seed", "43", "--json"], { cwd: work.folder });
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a damaged run", () => {
  it("is named with its file and place, and exits with 3", async () => {
    cpSync(work.path("cart"), work.path("damaged"), { recursive: true });
    const segment = work.path("damaged", "segments", "000001.seg");
    const bytes = readFileSync(segment);
    // Not the whole file: where nothing behind the damage is whole either, it is a tail that was torn off.
    for (let at = 200; at < bytes.length / 2; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(segment, bytes);
    for (const args of [
      ["verify", "damaged"],
      ["show", "damaged", "--seed", "42"],
    ]) {
      const { code, stdout, stderr } = await work.run([...args, "--json"]);
      expect([code, errorDocument.parse(JSON.parse(stdout)).error.code]).toEqual([3, "run_damaged"]);
      expect(stderr).toMatch(/^sameseed: .*000001\.seg is damaged.*\n {2}fix: /m);
    }
  });
});
