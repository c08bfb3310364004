import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { RunReader } from "../../src/store/run-reader.ts";
import { linesOf, sources, startSameseed, Workplace } from "./sameseed.ts";

const work = new Workplace(sources);

const settled = z.strictObject({
  status: z.enum(["fulfilled", "rejected"]),
  number: z.int(),
  reseed: z.int().nullable(),
  rollout: z.object({ seed: z.int(), outcome: z.string(), steps: z.int(), digest: z.string() }).optional(),
  error: z.object({ code: z.string() }).optional(),
});
const branchDocument = z.strictObject({
  runId: z.string(),
  dir: z.string(),
  parent: z.strictObject({ runId: z.string(), seed: z.int(), branch: z.int().optional() }),
  step: z.int(),
  link: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  branches: z.array(settled),
  summary: z.strictObject({
    branches: z.int(),
    failed: z.int(),
    outcomes: z.record(z.string(), z.int()),
    meanReturn: z.number().nullable(),
    meanReward: z.number().nullable(),
    wallMs: z.number(),
  }),
});

beforeAll(async () => {
  await work.run(["run", "CartPole-v1", "--seeds", "42..43", "--out", "cart"]);
});
afterAll(() => work[Symbol.dispose]());

const futures = ["branch", "cart", "--seed", "42", "--step", "6", "--reseed", "1..4"];

describe("branch", () => {
  it("prints one document, and the folder it writes is verified, replayed, shown and branched", async () => {
    const { code, stdout, stderr } = await work.run([...futures, "--out", "futures", "--json"]);
    expect(code).toBe(0);
    const document = branchDocument.parse(JSON.parse(stdout));
    expect(document).toMatchObject({ dir: work.path("futures"), step: 6, parent: { seed: 42 } });
    expect(document.branches.map(({ number, reseed }) => [number, reseed])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(document.summary).toMatchObject({ branches: 4, failed: 0, outcomes: { terminated: 4 } });
    expect(linesOf(stderr)).toEqual(["recording 4 branches in futures"]);
    expect((await work.run(["verify", "futures"])).stdout).toMatch(/^verified: 4 of 4/);
    expect((await work.run(["replay", "futures", "--branch", "2"])).stdout).toMatch(/^equal: branch 2 gave/);
    const shown = await work.run(["show", "futures", "--branch", "2"]);
    expect(shown.stdout).toMatch(/^branch 2 from step 6 on, re-keyed by 3 · parent sha256:/m);
    expect(shown.stdout).toMatch(/^ +7 /m);
    expect(shown.stdout).not.toMatch(/^ +6 /m);
    const deeper = await work.run(["branch", "futures", "--branch", "2", "--step", "7", "--json"]);
    expect(branchDocument.parse(JSON.parse(deeper.stdout)).parent).toMatchObject({ seed: 42, branch: 2 });
  });

  it("says to people what came of it, and what to do next", async () => {
    const { code, stdout } = await work.run([...futures, "--out", "a tree"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^seed 42 from step 6 on$/m);
    expect(stdout).toMatch(/^ +branch +reseed +outcome +steps +return +play digest$/m);
    expect(stdout).toMatch(/^4 branches: 4 terminated · mean return/m);
    expect(stdout).toMatch(/^next: sameseed verify 'a tree' /m);
  });

  it("lists equal faults once, and names nothing to verify where no branch is whole", async () => {
    const three = "branch cart --seed 42 --step 6 --count 3 --policy raises.py --out bad";
    const { code, stdout } = await work.run(three.split(" "));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}branch 0 policy_error at step 7: .* \(and 2 more alike\)$/m);
    expect(stdout).toMatch(/^recorded in bad$/m);
    expect(stdout).not.toMatch(/next:/);
  });

  it.for([
    [["branch", "cart", "--step", "2"], 2, /several seeds/],
    [["branch", "cart", "--seed", "42"], 2, /--step/],
    [["branch", "cart", "--seed", "42", "--step", "500"], 2, /over by then/],
    [["branch", "cart", "--seed", "42", "--step", "2", "--branch", "1"], 2, /holds no branches/],
    [
      ["branch", "cart", "--seed", "42", "--step", "2", "--count", "3", "--reseed", "1,2"],
      2,
      /cannot be re-keyed/,
    ],
    [["branch", "cart", "--seed", "42", "--step", "2", "--policy", "minimax"], 2, /neither a built-in/],
    [["branch", "cart", "--seed", "42", "--step", "2", "--resume"], 2, /needs the folder/],
    [["branch", "nowhere", "--step", "2"], 2, /not a run folder/],
    [["replay", "futures"], 2, /'--branch <I>' is missing/],
    [["show", "futures", "--branch", "9"], 2, /no branch 9/],
    [["audit", "--run", "futures"], 2, /holds branches/],
  ] as const)("refuses %o", async ([args, status, message]) => {
    const { code, stderr } = await work.run([...args]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/fix: /);
    expect(code).toBe(status);
  });

  it("of a recording that was edited is refused", async () => {
    await work.run([...futures, "--out", "edited"]);
    const { past } = await pastOf("edited");
    const path = join(work.path("edited"), "inputs", past.slice("sha256:".length));
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(path, bytes);
    const { code, stderr } = await work.run(["verify", "edited"]);
    expect(stderr).toMatch(/damaged: its content is not what its name says/);
    expect(code).toBe(3);
  });
});

async function pastOf(name: string): Promise<{ past: string }> {
  const text = readFileSync(join(work.path(name), "run.json"), "utf8");
  const { spec } = z
    .object({ spec: z.object({ branch: z.object({ past: z.array(z.object({ digest: z.string() })) }) }) })
    .parse(JSON.parse(text));
  return await Promise.resolve({ past: spec.branch.past[0]!.digest });
}

describe("a command that is killed in the middle", () => {
  const steady = join(import.meta.dirname, "../lifecycle/fixtures/steady.py");

  it("goes on with --resume, to the bytes of one that was not", { timeout: 90_000 }, async () => {
    // A sealed world takes no time where it should be slow.
    await work.run(["run", `${steady}:Steady`, "--world", "host", "--out", "steady"]);
    const args = ["branch", "steady", "--step", "2", "--reseed", "1..10", "--concurrency", "2"];
    const struck = startSameseed([...args, "--out", "struck"], { cwd: work.path(".") });
    const recorded = async (): Promise<number> => {
      if (!existsSync(join(work.path("struck"), "run.json"))) return 0;
      using reader = await RunReader.open(work.path("struck"));
      return reader.size;
    };
    while ((await recorded()) < 3) await sleep(20);
    struck.child.kill("SIGKILL");
    expect((await struck.ended).signal).toBe("SIGKILL");
    expect(await recorded()).toBeLessThan(10);
    const resumed = await work.run([...args, "--out", "struck", "--resume", "--json"]);
    const whole = await work.run([...args, "--out", "whole", "--json"]);
    const digests = (text: string): (string | undefined)[] =>
      branchDocument.parse(JSON.parse(text)).branches.map(({ rollout }) => rollout?.digest);
    expect(resumed.code).toBe(0);
    expect(digests(resumed.stdout)).toEqual(digests(whole.stdout));
    expect(new Set(digests(whole.stdout)).size).toBe(10);
    expect(readdirSync(work.path("struck"))).not.toContain("lock");
  });
});
