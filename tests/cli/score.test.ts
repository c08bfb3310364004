/* `sameseed score`: scores, records, goes on, verifies; `sameseed score check` names tasks that are no good. */
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { copyHome } from "./copy-home.ts";
import { Workplace } from "./sameseed.ts";

const tests = [
  { args: [1, 2], expected: 3 },
  { args: [2, 2], expected: 4 },
];
const add = { id: "add", kind: "call", function: "add", tests, gold: "def add(a, b): return a + b" };
const fenced = (code: string): string => `\`\`\`python\n${code}\n\`\`\``;
const place = new Workplace({
  "tasks.jsonl": JSON.stringify(add),
  "bad.jsonl": [
    JSON.stringify({ ...add, gold: "def add(a, b): return a - b" }),
    JSON.stringify({ id: "open", kind: "judge", judge: "def test_nothing(solution): pass", gold: "pass" }),
    JSON.stringify({
      ...add,
      id: "clock",
      gold: "import os\ndef add(a, b):\n    with open('/proc/uptime') as f: pass\n    return a + b",
      image: "no-such-image",
    }),
  ].join("\n"),
  "completions.jsonl": [
    { task: "add", completion: fenced("def add(a, b): return a + b") },
    { task: "add", completion: fenced("def add(a, b): return 3") },
    { task: "add", completion: "no" },
  ]
    .map((row) => JSON.stringify(row))
    .join("\n"),
  "broken.jsonl": JSON.stringify({ ...add, checker: "def nothing(): pass" }),
});
afterAll(() => place[Symbol.dispose]());

describe("sameseed score", () => {
  it("scores and says what the scores come to", async () => {
    const { code, stdout } = await place.run(["score", "tasks.jsonl", "completions.jsonl"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}0 +add +1 +accepted +2\/2$/m);
    expect(stdout).toMatch(/mean score 0\.500, 1 accepted, 1 partial, 1 no_code$/m);
  });

  it("records, goes on and verifies", async () => {
    const args = ["score", "tasks.jsonl", "completions.jsonl", "--out", "out"];
    const ran = await place.run([...args, "--ndjson"]);
    expect(ran.code).toBe(0);
    const lines = ran.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toEqual({
      summary: {
        completions: 3,
        scored: 3,
        meanScore: 0.5,
        accepted: 1,
        verdicts: { accepted: 1, partial: 1, no_code: 1 },
        badTasks: {},
      },
    });
    expect((await place.run(args)).code).toBe(2);
    const shown = await place.run(["show", "out"]);
    expect(shown.stdout).toMatch(/^ {2}0 +add +1 +accepted +2\/2$/m);
    expect(shown.stdout).toContain("3 completions: mean score 0.500, 1 accepted, 1 partial, 1 no_code");
    const path = join(place.folder, "out", "results.ndjson");
    const recorded = readFileSync(path, "utf8");
    writeFileSync(path, recorded.slice(0, -20));
    const cut = await place.run(["show", "out", "--json"]);
    expect(JSON.parse(cut.stdout)).toMatchObject({ completions: 2, missing: 1 });
    const resumed = await place.run([...args, "--resume", "--json"]);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ completions: 3, meanScore: 0.5 });
    const verified = await place.run(["verify", "out", "--json"]);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, same: 3 });
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("wrong_answer", "runtime_error"));
    const forged = await place.run(["verify", "out"]);
    expect(forged.code).toBe(4);
    expect(forged.stdout).toContain("test 2: runtime_error then, wrong_answer now");
  });

  it("says with its exit code that a task is at fault", async () => {
    const { code, stdout } = await place.run(["score", "broken.jsonl", "completions.jsonl", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      scored: 1,
      verdicts: { grader_error: 2, no_code: 1 },
      badTasks: { add: expect.stringContaining("checker cannot be loaded") as string },
    });
  });

  it("refuses misuse", async () => {
    const resume = await place.run(["score", "tasks.jsonl", "completions.jsonl", "--resume"]);
    expect([resume.code, resume.stderr]).toEqual([2, expect.stringContaining("--out DIR")]);
    const none = await place.run(["score", "none.jsonl", "completions.jsonl"]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("none.jsonl cannot be read")]);
  });
});

describe("a program of this host", () => {
  it("solves tasks once an image has it", async () => {
    const awk = realpathSync(execFileSync("sh", ["-c", "command -v awk"], { encoding: "utf8" }).trim());
    // Root's sandboxes are another user's.
    chmodSync(place.folder, 0o755);
    const home = copyHome(place.path("home"));
    const env = { SAMESEED_HOME: home };
    writeFileSync(place.path("none.lock"), "");
    const language = { file: "main.awk", fences: ["awk"], run: ["awk", "-f", "main.awk"] };
    const squares = [{ input: "3\n", output: "9\n" }];
    const task = { id: "square", kind: "stdio", image: "awk", language, tests: squares };
    writeFileSync(place.path("awk.jsonl"), JSON.stringify(task));
    const code = "```awk\n{ print $1 * $1 }\n```";
    writeFileSync(place.path("awk-done.jsonl"), JSON.stringify({ task: "square", completion: code }));
    const score = ["score", "awk.jsonl", "awk-done.jsonl", "--json"];
    const without = JSON.parse((await place.run(score, { env })).stdout) as { scores: unknown[] };
    expect(without.scores[0]).toMatchObject({ score: null, verdict: "grader_error" });
    const build = ["image", "build", "awk", "--requirements", "none.lock", "--add", `${awk}:/usr/bin/awk`];
    expect((await place.run(build, { env })).code).toBe(0);
    const with_ = JSON.parse((await place.run(score, { env })).stdout) as { scores: unknown[] };
    expect(with_.scores[0]).toMatchObject({ score: 1, verdict: "accepted" });
  });
});

describe("sameseed score redteam", () => {
  it("tries a grader of one's own, and says with its exit code what it found", async () => {
    const { code, stdout } = await place.run(["score", "redteam", "--grader", "echo 0", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      cheats: 104,
      honest: 35,
      fooled: 0,
      unjust: 35,
      unscored: 0,
    });
  });
});

describe("sameseed score check", () => {
  it("passes a good task, however often", async () => {
    const { code, stdout } = await place.run(["score", "check", "tasks.jsonl", "--repeat", "3"]);
    expect([code, stdout]).toEqual([
      0,
      "1 of 1 task good; 6 runs of right solutions, alone and under load\n",
    ]);
  });

  it("names bad ones", async () => {
    const { code, stdout } = await place.run(["score", "check", "bad.jsonl"]);
    expect(code).toBe(1);
    expect(stdout).toContain("its right solution scores 0 (wrong_answer): test 1 is wrong_answer");
    expect(stdout).toContain("a solution that solves nothing (empty) scores 1");
    expect(stdout).toContain("the task cannot be graded: ");
  });
});
