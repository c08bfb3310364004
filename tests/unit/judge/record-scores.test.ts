import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { recordScores } from "../../../src/judge/record/record-scores.ts";
import { readScores } from "../../../src/judge/record/score-folder.ts";
import { verifyScores } from "../../../src/judge/record/verify-scores.ts";
import type { ScoreItem, ScoreResult } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { add, fenced, right } from "./score-support.ts";

afterAll(closeSandboxes);

const dir = join(mkdtempSync(join(tmpdir(), "sameseed-scores-")), "run");
const items: readonly ScoreItem[] = [
  { id: "good", completion: fenced(right), task: add },
  { id: "again", completion: fenced(right), task: add },
  { id: "half", completion: fenced("def add(a, b): return 3"), task: add },
  { id: "none", completion: "no", task: add },
];
let first: readonly ScoreResult[] = [];

beforeAll(async () => {
  first = await recordScores({ items, dir });
});

it("what was scored is recorded", () => {
  expect(first.map(({ id, score }) => [id, score])).toEqual([
    ["good", 1],
    ["again", 1],
    ["half", 0.5],
    ["none", 0],
  ]);
  const { results, items: read, head } = readScores(dir);
  expect([...results.values()].map(({ id }) => id).sort()).toEqual(["again", "good", "half", "none"]);
  expect(read).toHaveLength(4);
  expect(head.images["gymnasium"]).toMatch(/^sha256:/);
});

it("and gives the same when it is scored again", async () => {
  expect(await verifyScores(dir)).toEqual({
    verified: true,
    items: 4,
    same: 4,
    differing: [],
    unscored: [],
    missing: 0,
    otherImages: [],
  });
});

it("and is not begun anew, nor gone on with for other completions", async () => {
  await expect(recordScores({ items, dir })).rejects.toMatchObject({ code: "run_exists" });
  const others = items.slice(0, 3);
  await expect(recordScores({ items: others, dir, resume: true })).rejects.toMatchObject({
    code: "run_differs",
  });
});

it("and where it was cut short, what is missing is scored, and nothing else", async () => {
  const path = join(dir, "results.ndjson");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const unscored = {
    ...(JSON.parse(lines[0]!) as ScoreResult),
    score: null,
    verdict: "infra_error",
    trustworthy: false,
  };
  writeFileSync(path, `${JSON.stringify(unscored)}\n${lines[1]!}\n${lines[2]!.slice(0, 30)}`);
  const before: string[] = [];
  const added: string[] = [];
  const results = await recordScores({
    items,
    dir,
    resume: true,
    onRecorded: ({ id }) => before.push(id),
    onResult: ({ id }) => added.push(id),
  });
  expect(before).toEqual([(JSON.parse(lines[1]!) as ScoreResult).id]);
  expect(added).toHaveLength(3);
  expect(results.map(({ digest }) => digest)).toEqual(first.map(({ digest }) => digest));
  expect((await verifyScores(dir)).verified).toBe(true);
});

it("and a verdict that is not what happens is found", async () => {
  const forged = { ...first[2]!, score: 1, verdict: "accepted", tests: first[0]!.tests };
  appendFileSync(join(dir, "results.ndjson"), `${JSON.stringify(forged)}\n`);
  const found = await verifyScores(dir);
  expect(found).toMatchObject({ verified: false, same: 3 });
  expect(found.differing).toEqual([
    { id: "half", verdict: "differs", difference: "test texts: accepted then, wrong_answer now" },
  ]);
});

it("and another answer with the same verdicts is found by its digest", async () => {
  appendFileSync(
    join(dir, "results.ndjson"),
    `${JSON.stringify({ ...first[2]!, digest: first[0]!.digest })}\n`,
  );
  expect((await verifyScores(dir)).differing[0]!.difference).toContain("other answers");
});

it("and tasks or completions that were changed are damage", async () => {
  appendFileSync(join(dir, "completions.jsonl"), "\n");
  await expect(verifyScores(dir)).rejects.toMatchObject({ code: "run_damaged" });
  await expect(verifyScores(join(dir, "nowhere"))).rejects.toMatchObject({ code: "run_missing" });
});

/** Another folder: the one above is damaged by now. */
const other = join(dir, "..", "other");
const theirs = join(other, "results.ndjson");

/** The folder with another first result. */
async function withFirst(
  change: (score: ScoreResult) => Partial<ScoreResult>,
): ReturnType<typeof verifyScores> {
  if (!existsSync(other)) await recordScores({ items, dir: other });
  const before = readFileSync(theirs);
  const lines = before.toString().trimEnd().split("\n");
  const score = JSON.parse(lines[0]!) as ScoreResult;
  lines[0] = JSON.stringify({ ...score, ...change(score) });
  writeFileSync(theirs, `${lines.join("\n")}\n`);
  try {
    return await verifyScores(other);
  } finally {
    writeFileSync(theirs, before);
  }
}

it.for([
  ["nothing", {}, undefined],
  ["task", { task: "other" }, "task: other then, add now"],
  ["assurance", { assurance: "weak" }, "assurance: weak then, full now"],
  ["passed", { passed: 99, total: 99 }, "passed: 99 then"],
] as const)("and another %s is found", async ([, change, difference]) => {
  const { differing } = await withFirst(() => change);
  expect(differing.map((each) => each.difference)).toEqual(
    difference === undefined ? [] : [expect.stringContaining(difference)],
  );
});

it.for([{ weight: 5 }, { exitCode: 77 }, { signal: "SIGKILL" }])(
  "and a test with %j is found",
  async (change) => {
    const { differing } = await withFirst(({ tests }) => ({
      tests: tests.map((test, at) => (at === 0 ? { ...test, ...change } : test)),
    }));
    expect(differing).toHaveLength(1);
  },
);

it("and a line that is no score, and a link to a file elsewhere, are damage; the file is left as it is", async () => {
  const before = readFileSync(theirs);
  writeFileSync(theirs, `{"id":"0","trustworthy":true}\n`);
  expect(() => readScores(other)).toThrow(expect.objectContaining({ code: "run_damaged" }));
  const elsewhere = join(dir, "..", "elsewhere");
  writeFileSync(elsewhere, "one line without an end");
  rmSync(theirs);
  symlinkSync(elsewhere, theirs);
  await expect(recordScores({ items, dir: other, resume: true })).rejects.toMatchObject({
    code: "run_damaged",
  });
  expect(readFileSync(elsewhere, "utf8")).toBe("one line without an end");
  rmSync(theirs);
  writeFileSync(theirs, before);
});
