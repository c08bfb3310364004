import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LibraryDocument, RowsDocument, RunDocument } from "../../../src/view/documents.ts";
import { Library } from "../../../src/view/library.ts";
import { OpenRuns } from "../../../src/view/open-runs.ts";
import { readViewDocument } from "../../../src/view/read-document.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { VerdictKeeper } from "../../../src/verify/kept-verdict.ts";
import type { VerifyResult } from "../../../src/verify/verify-run.ts";
import { Folder } from "./recorded-folder.ts";

async function read<T>(folder: string, path: string): Promise<T> {
  using runs = new OpenRuns(new Library([folder]));
  return (await readViewDocument(runs, path, { served: true })) as T;
}

const found: VerifyResult = {
  verified: true,
  rollouts: 4,
  equal: 4,
  diverged: [],
  failed: [],
  missing: 0,
  cutShort: false,
  image: { digest: "ab".repeat(32), checked: "stamps" },
  imageDifferences: [],
  identicalSeeds: [],
  tier: "T1",
};

async function keep(dir: string, result: VerifyResult): Promise<void> {
  using reader = await RunReader.open(dir);
  new VerdictKeeper(dir).write(reader.manifest, result);
}

describe("a run's document", () => {
  it("has every rollout, and the mean of whole episodes alone", async () => {
    using folder = new Folder();
    await folder.run("a", 6, 5, (seed) => (seed === 2 ? { outcome: "wall_limit" } : {}));
    const run = await read<RunDocument>(folder.path, "run/a");
    expect(run.keys).toEqual([0, 1, 2, 3, 4]);
    expect(run.returns).toEqual([0, 0.5, null, 1.5, 2]);
    expect(run.mean).toMatchObject({ value: 1, n: 4 });
    expect([run.missing, run.outcomeNames[run.outcomes[2] ?? 0]]).toEqual([1, "wall_limit"]);
    const { entries } = await read<LibraryDocument>(folder.path, "library");
    expect(entries).toMatchObject([{ id: "a", size: 5, missing: 1, faults: 1, mean: 1, verdict: "never" }]);
  });

  it("gives rows in chunks", async () => {
    using folder = new Folder();
    await folder.run("a", 450);
    const { first, rows } = await read<RowsDocument>(folder.path, "rows/a/2");
    expect([first, rows.length, rows[0]?.key, rows.at(-1)?.key]).toEqual([400, 50, 400, 449]);
  });

  it("tells the looks of a verdict apart", async () => {
    using folder = new Folder();
    const dir = await folder.run("a", 4);
    const stateOf = async (): Promise<string> =>
      (await read<RunDocument>(folder.path, "run/a")).verdict.state;
    expect(await stateOf()).toBe("never");
    await keep(dir, found);
    expect(await stateOf()).toBe("verified");
    await keep(dir, { ...found, rollouts: 3, equal: 3 });
    expect(await stateOf()).toBe("partial");
    await keep(dir, { ...found, verified: false, equal: 3, failed: [{ seed: 1, outcome: "killed" }] });
    expect(await stateOf()).toBe("failed");
    const firstDivergence = {
      step: 1,
      field: "info",
      path: "info.t",
      expected: 1,
      actual: 2,
      expectedType: "int",
      actualType: "int",
      differing: ["info"],
      agreeing: [],
    };
    await keep(dir, {
      ...found,
      verified: false,
      equal: 3,
      diverged: [{ seed: 1, firstDivergence }],
      failed: [{ seed: 2, outcome: "killed" }],
    });
    expect(await stateOf()).toBe("diverged");
  });

  it("says when a verdict was changed, or is another run's", async () => {
    using folder = new Folder();
    const dir = await folder.run("a", 4);
    const other = await folder.run("b", 4);
    const stateOf = async (id: string): Promise<string> =>
      (await read<RunDocument>(folder.path, `run/${id}`)).verdict.state;
    await keep(dir, { ...found, verified: false, equal: 3 });
    const text = readFileSync(join(dir, "verdict.json"), "utf8");
    writeFileSync(join(other, "verdict.json"), text);
    writeFileSync(
      join(dir, "verdict.json"),
      text.replace('"equal":3', '"equal":4').replace('"verified":false', '"verified":true'),
    );
    expect([await stateOf("a"), await stateOf("b")]).toEqual(["altered", "altered"]);
    writeFileSync(join(dir, "verdict.json"), "{");
    expect(await stateOf("a")).toBe("altered");
  });
});

describe("the table of recordings", () => {
  it("sees what was recorded or verified since", async () => {
    using folder = new Folder();
    const dir = await folder.run("a", 4);
    using runs = new OpenRuns(new Library([folder.path]));
    const verdicts = async (): Promise<string[]> => {
      const { entries } = (await readViewDocument(runs, "library", { served: true })) as LibraryDocument;
      return entries.map(({ id, verdict }) => `${id} ${verdict}`);
    };
    expect(await verdicts()).toEqual(["a never"]);
    await keep(dir, found);
    await folder.run("b", 1);
    expect(await verdicts()).toEqual(["a verified", "b never"]);
  });

  it("has a line for what cannot be read", async () => {
    using folder = new Folder();
    const dir = await folder.run("a", 2);
    writeFileSync(join(dir, "run.json"), "{");
    const { entries } = await read<LibraryDocument>(folder.path, "library");
    expect(entries[0]?.damage).toContain("run.json");
  });

  it("does not lead out of its folders", async () => {
    using folder = new Folder();
    await folder.run("a", 2);
    for (const path of [
      "run/..%2Fa",
      "run/%2Fetc",
      "value/a/0~now/0/..",
      "rows/a/-1",
      "steps/a/1e9/0",
      "run/%zz",
      "nothing",
    ])
      await expect(read(folder.path, path), path).rejects.toMatchObject({
        code: expect.stringMatching(/run_missing|bad_argument/),
      });
  });
});
