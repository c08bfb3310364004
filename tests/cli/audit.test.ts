import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { Workplace } from "./sameseed.ts";

const environment = `import os


class Env:
    def reset(self, seed=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        shown = self.count
        if self.count == 2:
            shown = os.environ.get("COLUMNS", "80")
        return shown, 1.0, self.count == 4, False, {}
`;

const cause = z.object({
  factor: z.string(),
  step: z.int(),
  field: z.string(),
  path: z.string(),
  expected: z.json(),
  actual: z.json(),
  location: z.object({ file: z.string(), line: z.int(), source: z.string() }).nullable(),
});

/** What `audit --json` promises. */
const report = z.object({
  env: z.string(),
  verdict: z.enum(["pure", "virtualised", "sensitive", "broken"]),
  worlds: z.array(z.object({ factor: z.string(), equal: z.boolean().nullable() })),
  causes: z.array(cause),
  ledger: z.record(z.string(), z.int()),
  tier: z.enum(["T1", "T2", "T3", "none"]),
  image: z.string(),
  imageDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});

/** What `audit.json` holds of each environment. */
const tableSchema = z.looseObject({ total: z.int(), rows: z.array(z.looseObject({ env: z.string() })) });

const place = new Workplace({ "env.py": environment, "actions.json": "[0, 0, 0, 0, 0]" });
afterAll(() => place[Symbol.dispose]());

describe("sameseed audit", () => {
  it("says in words what an environment depends on, where, and how to mend it", async () => {
    const { code, stdout } = await place.run(["audit", "env.py:Env", "--actions", "actions.json"]);
    expect(code).toBe(4);
    expect(stdout).toContain("cause: environment – it depends on environment variables");
    expect(stdout).toMatch(/step 2 of seed 0, in observation/);
    expect(stdout).toMatch(/expected +"80"/);
    expect(stdout).toMatch(/actual +"132"/);
    expect(stdout).toContain("env.py:13 in Env.step");
    expect(stdout).toContain('shown = os.environ.get("COLUMNS", "80")');
    expect(stdout).toMatch(/fix +take settings from the constructor's arguments/);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^sensitive: /);
  });

  it("prints the report as one document", async () => {
    const { code, stdout } = await place.run(["audit", "env.py:Env", "--actions", "actions.json", "--json"]);
    expect(code).toBe(4);
    const found = report.parse(JSON.parse(stdout));
    expect(found).toMatchObject({ env: "env.py:Env", verdict: "sensitive" });
    expect(found.causes).toMatchObject([
      { factor: "environment", step: 2, location: { file: "env.py", line: 13 } },
    ]);
  });

  it("exits with 0 where nothing is wrong", async () => {
    const { code, stdout } = await place.run(["audit", "FrozenLake-v1", "--seeds", "1..2", "--json"]);
    expect(code).toBe(0);
    expect(report.parse(JSON.parse(stdout))).toMatchObject({ verdict: "pure", causes: [] });
  });

  it("refuses what it cannot understand", async () => {
    for (const args of [
      [],
      ["CartPole-v1", "--all"],
      ["CartPole-v1", "--only", "x"],
      ["CartPole-v1", "--out", "d"],
    ])
      expect(await place.run(["audit", ...args])).toMatchObject({ code: 2, stdout: "" });
    expect((await place.run(["audit", "NoSuchEnv-v0"])).code).toBe(2);
  });

  it("audits what an image registers, and writes the table in both forms", async () => {
    const args = ["audit", "--all", "--only", "FrozenLake", "--max-steps", "20", "--out", "audits"];
    const { code, stdout } = await place.run(args);
    expect(code).toBe(0);
    expect(stdout).toContain("| `FrozenLake-v1` | pure |");
    expect(readFileSync(join(place.folder, "audits/audit.md"), "utf8")).toBe(stdout);
    const table = JSON.parse(readFileSync(join(place.folder, "audits/audit.json"), "utf8")) as {
      readonly rows: readonly { readonly env: string }[];
    };
    expect(table.rows.map(({ env }) => env)).toContain("FrozenLake8x8-v1");
  });

  it("writes rows as it goes, goes on from what it finds, and says what is missing", async () => {
    const args = ["audit", "--all", "--only", "Lake", "--max-steps", "20", "--out", "half"];
    const tableOf = (): z.infer<typeof tableSchema> =>
      tableSchema.parse(JSON.parse(readFileSync(join(place.folder, "half/audit.json"), "utf8")));
    expect((await place.run(args)).code).toBe(0);
    const whole = tableOf();
    expect(whole.rows.map(({ env }) => env)).toEqual(["FrozenLake-v1", "FrozenLake8x8-v1"]);
    // As an interrupted audit leaves it, but for a reason that only a row that was kept has.
    const [first] = whole.rows;
    const kept = { env: first!.env, skipped: "kept" };
    writeFileSync(join(place.folder, "half/audit.json"), JSON.stringify({ ...whole, rows: [kept] }));
    const resumed = await place.run([...args, "--resume"]);
    expect(resumed.stderr).toContain("FrozenLake8x8-v1");
    expect(resumed.stdout).toContain("1 pure, 1 skipped");
    expect(resumed.stdout).toContain("- kept – `FrozenLake-v1`");
    // Of other rollouts nothing is kept, and without the option nothing is either.
    expect((await place.run([...args, "--resume", "--max-steps", "19"])).stdout).toContain("2 pure");
    writeFileSync(join(place.folder, "half/audit.json"), "not a table");
    expect((await place.run([...args, "--resume"])).stdout).toContain("2 pure");
    expect(await place.run(["audit", "--all", "--resume"])).toMatchObject({ code: 2, stdout: "" });
  });

  it("survives environments that cannot be made, and names the reason once", async () => {
    const { code, stdout } = await place.run(["audit", "--all", "--only", "phys2d", "--max-steps", "2"]);
    expect(code).toBe(0);
    expect(stdout).toContain("3 environments: 3 skipped");
    expect(stdout.split("\n").filter((line) => line.includes("jax"))).toHaveLength(1);
  });
});

describe("a run's certificate", () => {
  const certificate = join(place.folder, "lake", "audit.json");

  it("is laid beside the run and confirmed by verify", async () => {
    expect((await place.run(["run", "FrozenLake-v1", "--seeds", "1..2", "--out", "lake"])).code).toBe(0);
    const audited = await place.run(["audit", "--run", "lake"]);
    expect(audited.code).toBe(0);
    expect(audited.stdout).toContain("certificate: lake/audit.json");
    const verified = await place.run(["verify", "lake"]);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain("certificate: pure, unaltered");
    const { stdout } = await place.run(["verify", "lake", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      verified: true,
      certificate: { state: "intact", verdict: "pure" },
    });
  });

  it("fails the verification where it was altered", async () => {
    const written = readFileSync(certificate, "utf8");
    writeFileSync(certificate, written.replace('"verdict": "pure"', '"verdict": "virtualised"'));
    const altered = await place.run(["verify", "lake"]);
    expect(altered.code).toBe(4);
    expect(altered.stdout).toContain("certificate: was altered");
    writeFileSync(certificate, "no certificate at all");
    expect((await place.run(["verify", "lake", "--json"])).code).toBe(4);
    writeFileSync(certificate, written);
    expect((await place.run(["verify", "lake"])).code).toBe(0);
  });

  it("fails the verification of another run", async () => {
    expect((await place.run(["run", "FrozenLake-v1", "--seeds", "3", "--out", "other"])).code).toBe(0);
    writeFileSync(join(place.folder, "other", "audit.json"), readFileSync(certificate));
    const foreign = await place.run(["verify", "other"]);
    expect(foreign.code).toBe(4);
    expect(foreign.stdout).toContain("certificate: is not about this run: it is about another run");
  });
});
