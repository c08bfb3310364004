import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { RunReader } from "../../src/store/run-reader.ts";
import { errorDocument, rolloutDocument } from "./documents.ts";
import { linesOf, sources, Workplace } from "./sameseed.ts";

const work = new Workplace(sources);
const cart = ["run", "CartPole-v1", "--json"];

beforeAll(async () => {
  const ran = await work.run([...cart, "--seeds", "1..4", "--out", "a"]);
  expect(ran.code, ran.stderr).toBe(0);
});

afterAll(() => work[Symbol.dispose]());

function digestsOf(text: string): Map<number, string> {
  const { rollouts } = z.object({ rollouts: z.array(rolloutDocument) }).parse(JSON.parse(text));
  return new Map(rollouts.map(({ seed, digest }) => [seed, digest]));
}

/** The lines of a table that name a digest. */
function rowsOf(text: string): string[] {
  return linesOf(text).filter((line) => line.includes("sha256:"));
}

describe("show without a seed", () => {
  it("lists the rollouts of a run, and the runs of a folder", async () => {
    const one = await work.run(["show", "a"]);
    expect(one.code).toBe(0);
    expect(one.stdout).toMatch(
      /^CartPole-v1 · policy random · image gymnasium [0-9a-f]{12} · sealed world$/m,
    );
    expect(one.stdout).toMatch(/^ {5}4 {2}terminated/m);
    expect(one.stdout).toMatch(/^4 rollouts: 4 terminated · mean return/m);
    const document = JSON.parse((await work.run(["show", "a", "--json"])).stdout) as Record<string, unknown>;
    expect(document).toMatchObject({ dir: "a", summary: { rollouts: 4, missing: 0 } });
    const all = linesOf((await work.run(["show", "."])).stdout);
    expect(all.some((line) => /^a +CartPole-v1 +random +4 /.test(line))).toBe(true);
    expect((await work.run(["show", "nothing"])).code).toBe(2);
  });
});

describe("run --extend", () => {
  it("adds seeds to a run, which are the rollouts of a run that had them from the start", async () => {
    await work.run([...cart, "--seeds", "1..2", "--out", "grown"]);
    const refused = await work.run([...cart, "--seeds", "1..4", "--out", "grown", "--resume"]);
    expect(errorDocument.parse(JSON.parse(refused.stdout)).error).toMatchObject({
      code: "run_differs",
      hint: expect.stringContaining("--extend") as string,
    });
    const grown = await work.run([...cart, "--seeds", "3..4", "--out", "grown", "--extend"]);
    expect(grown.code, grown.stderr).toBe(0);
    expect(grown.stderr).toContain("2 recorded before");
    expect(digestsOf(grown.stdout)).toEqual(digestsOf((await work.run(["show", "a", "--json"])).stdout));
    expect((await work.run(["verify", "grown"])).code).toBe(0);
    const other = await work.run(["run", "FrozenLake-v1", "--out", "grown", "--extend", "--json"]);
    expect(errorDocument.parse(JSON.parse(other.stdout)).error.code).toBe("run_differs");
  });
});

describe("run --force", () => {
  it("replaces a run that failed entirely, and never one with a complete rollout", async () => {
    const mine = ["run", "mine.py:Mine", "--seeds", "1..12", "--out", "mine"];
    const source = sources["envs.py"]!.replace("class Raises(Plain)", "class Mine(Plain)");
    writeFileSync(work.path("mine.py"), source);
    const failed = await work.run(mine);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(
      /^ {2}seed 1 env_error at the reset: RuntimeError: .* \(and 11 more alike\)$/m,
    );
    expect(failed.stdout).not.toMatch(/^next: sameseed verify/m);
    expect(failed.stdout).toMatch(
      /^next: mend the cause, then sameseed run mine\.py:Mine --seeds 1\.\.12 --out mine --force /m,
    );
    expect((await work.run(mine)).code).toBe(2);
    writeFileSync(
      work.path("mine.py"),
      sources["envs.py"]!.replace("class Plain", "class Mine").replaceAll("(Plain)", "(Mine)"),
    );
    const mended = await work.run([...mine, "--force"]);
    expect(mended.code, mended.stderr).toBe(0);
    expect(mended.stdout).toMatch(/^next: sameseed verify mine /m);
    const kept = await work.run([...mine, "--force", "--json"]);
    expect(errorDocument.parse(JSON.parse(kept.stdout)).error).toMatchObject({
      code: "run_exists",
      context: { complete: 12 },
    });
  });
});

describe("the same play in two images", () => {
  it("has the same digests in the tables, with the image above them, and others in the whole", async () => {
    const [ours, theirs] = await Promise.all(
      ["gymnasium", "pettingzoo"].map(async (image) => {
        const args = ["run", "envs.py:Plain", "--seeds", "1..3", "--image", image, "--out", `in ${image}`];
        const ran = await work.run(args);
        expect(ran.code, ran.stderr).toBe(0);
        const shown = await work.run(["show", `in ${image}`]);
        const document = JSON.parse((await work.run(["show", `in ${image}`, "--json"])).stdout) as unknown;
        const { rollouts } = z.object({ rollouts: z.array(rolloutDocument) }).parse(document);
        expect(ran.stdout).toMatch(new RegExp(` · image ${image} [0-9a-f]{12}$`, "m"));
        return { rollouts, tables: [ran.stdout, shown.stdout].map(rowsOf) };
      }),
    );
    expect(ours!.tables).toEqual(theirs!.tables);
    expect(ours!.tables[0]).toEqual(
      ours!.rollouts.map(({ playDigest }) => expect.stringContaining(playDigest.slice(0, 23)) as string),
    );
    for (const [at, { digest, contentDigest }] of ours!.rollouts.entries()) {
      expect(contentDigest).toBe(theirs!.rollouts[at]?.contentDigest);
      expect(digest).not.toBe(theirs!.rollouts[at]?.digest);
    }
  });
});

describe("the same play that asked the world for more", () => {
  it("has the same digest in the table, and diff calls it the same play", async () => {
    const tables = await Promise.all(
      ["sealed", "host"].map(async (world) => {
        const args = ["run", "envs.py:Lists", "--seeds", "1..2", "--world", world, "--out", `lists ${world}`];
        const ran = await work.run(args);
        expect(ran.code, ran.stderr).toBe(0);
        return rowsOf(ran.stdout);
      }),
    );
    expect(tables[0]).toHaveLength(2);
    expect(tables[0]).toEqual(tables[1]);
    expect((await work.run(["show", "lists sealed", "--seed", "1"])).stdout).toMatch(
      /^asked of the world: .*listing 3/m,
    );
    const { code, stdout } = await work.run(["diff", "lists sealed", "lists host"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^same play, other state behind it: 2 seeds, first seed 1 at step 1, in ledger$/m);
    expect(stdout).toMatch(/^same: 0 of 2 seeds in both have the same bytes, 2 the same play$/m);
  });
});

describe("diff", () => {
  it("says of each seed whether the play is the same, and where not, and what differs between the specs", async () => {
    await work.run([...cart, "--seeds", "2..5", "--out", "b"]);
    const shifted = await work.run(["diff", "a", "b", "--json"]);
    expect(shifted.code).toBe(1);
    expect(JSON.parse(shifted.stdout)).toMatchObject({
      same: false,
      compared: 3,
      identical: 3,
      onlyFirst: [1],
      onlySecond: [5],
      differences: [],
    });
    expect((await work.run(["diff", "a", "a"])).code).toBe(0);
    await work.run([...cart, "--seeds", "1..4", "--policy", "left.py", "--out", "left"]);
    const { code, stdout } = await work.run(["diff", "a", "left"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}policy agent: first random, second left\.py sha256:/m);
    expect(stdout).toMatch(/^seed \d diverged at step \d+, in action$/m);
    expect(stdout).toMatch(/^ {2}first {5}1 /m);
    expect((await work.run(["diff", "a", "nothing"])).code).toBe(2);
  });
});

describe("export", () => {
  it("writes rollouts and steps as CSV and as JSON lines, never over a file", async () => {
    const csv = linesOf((await work.run(["export", "a"])).stdout);
    expect(csv[0]).toMatch(/^seed,outcome,return,steps,digest,/);
    using reader = await RunReader.open(work.path("a"));
    const { totalReward, steps, digest } = reader.row(1);
    expect(csv[1]).toMatch(new RegExp(`^1,terminated,${Number(totalReward)},${steps},${digest},`));
    expect(csv).toHaveLength(5);
    const table = linesOf((await work.run(["export", "a", "--steps"])).stdout);
    expect(table[1]).toMatch(/^1,0,,,,,"\[/);
    expect(table.filter((line) => line.startsWith("1,"))).toHaveLength(steps + 1);
    const written = await work.run(["export", "a", "--steps", "--format", "jsonl", "--out", "a.jsonl"]);
    expect(written.code, written.stderr).toBe(0);
    const lines = linesOf(readFileSync(work.path("a.jsonl"), "utf8")).map(
      (line) => JSON.parse(line) as unknown,
    );
    expect(lines[1]).toMatchObject({ seed: 1, step: 1, reward: 1, terminated: false });
    expect((await work.run(["export", "a", "--out", "a.jsonl"])).code).not.toBe(0);
  });
});

describe("an export to a place that is taken, or that is not there yet", () => {
  it("is misuse, or makes the folders above it", async () => {
    for (const more of [
      ["--format", "csv"],
      ["--format", "parquet"],
    ]) {
      const out = `made/for-it/${more[1]}`;
      expect((await work.run(["export", "a", ...more, "--out", out])).code).toBe(0);
      const again = await work.run(["export", "a", ...more, "--out", out]);
      expect([again.code, again.stderr]).toEqual([
        2,
        `sameseed: ${out} exists already\n  fix: choose another name, or remove it first\n`,
      ]);
    }
    const page = await work.run(["export", "a", "--html", "made/for-it/csv"]);
    expect([page.code, page.stderr]).toEqual([2, expect.stringContaining("exists already")]);
  });
});

describe("a finished run whose end was cut off", () => {
  it("is not verified, whether its catalogue is left or not", async () => {
    await work.run([...cart, "--seeds", "1..4", "--out", "cut"]);
    const [segment] = readdirSync(work.path("cut", "segments"));
    const path = work.path("cut", "segments", segment!);
    truncateSync(path, statSync(path).size - 200);
    expect(existsSync(work.path("cut", "catalogue.sqlite"))).toBe(true);
    const { code, stdout } = await work.run(["verify", "cut"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/the end of the record was cut off after it was written/);
    expect(stdout).toMatch(/^not verified: 3 of 3 rollouts gave the same bytes again, 1 missing$/m);
  });
});
