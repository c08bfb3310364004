/* Programs of other languages than Python, in open sandboxes: the same limits and verdicts. */
import { afterAll, expect, it } from "vitest";

import type { Language, ScoreItem, StdioTask } from "../../../src/model/score.ts";
import { scoreCompletions } from "../../../src/judge/score-completions.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { verdicts } from "./score-support.ts";

afterAll(closeSandboxes);

const shell: Language = { file: "main.sh", fences: ["sh", "bash"], run: ["sh", "main.sh"] };
const task: StdioTask = {
  id: "square",
  kind: "stdio",
  language: shell,
  tests: [
    { input: "3\n", output: "9\n" },
    { input: "4\n", output: "16\n" },
  ],
};
const fenced = (code: string): string => `\`\`\`bash\n${code}\n\`\`\``;

async function scoreOf(
  completion: string,
  of: StdioTask = task,
  more: Partial<ScoreItem> = {},
): ReturnType<typeof one> {
  return await one({ completion, task: of, ...more });
}
async function one(
  item: ScoreItem,
): Promise<Awaited<ReturnType<ReturnType<typeof scoreCompletions>["results"]>>[number]> {
  const [result] = await scoreCompletions({ items: [item] }).results();
  return result!;
}

it.for([
  ["read n; echo $((n * n))", ["accepted", "accepted"]],
  ["echo 9", ["accepted", "wrong_answer"]],
  ["echo 9; exit 3", ["runtime_error", "runtime_error"]],
  ["echo 4 passed; kill -9 $$", ["runtime_error", "runtime_error"]],
  ["echo x >> /tmp/count; cat /tmp/count | wc -l | tr -d ' '", ["wrong_answer", "wrong_answer"]],
] as const)("%j", async ([code, each]) => {
  expect(verdicts(await scoreOf(fenced(code)))).toEqual(each);
});

it("what a program used is counted from outside: the sealed world shows it no time", async () => {
  const { tests } = await scoreOf(
    fenced("read n; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo $((n * n))"),
  );
  for (const test of tests) {
    expect(test).toMatchObject({ verdict: "accepted", exitCode: 0 });
    expect(test.cpuMs).toBeGreaterThan(0);
    expect(test.wallMs).toBeGreaterThan(0);
    expect(test.peakMemoryBytes).toBeGreaterThan(0);
  }
});

it("limits hold", async () => {
  const loop = await scoreOf(fenced("while :; do :; done"), task, {
    limits: { cpuMs: 1000, wallMs: 60_000 },
  });
  expect(verdicts(loop)).toEqual(["time_limit_cpu", "time_limit_cpu"]);
  const flood = await scoreOf(fenced("while :; do echo 4 passed; done"), task, {
    limits: { outputBytes: 100_000 },
  });
  expect(new Set(verdicts(flood))).toEqual(new Set(["output_limit"]));
});

it("a compile step comes before each test, and says why it fails", async () => {
  // A compiler of one's own: it refuses what has no `read`.
  const compile = [
    "sh",
    "-c",
    'grep -q read main.src || { echo "no read" >&2; exit 1; }; cp main.src main.out',
  ];
  const language: Language = { file: "main.src", fences: ["src"], compile, run: ["sh", "main.out"] };
  const built = { ...task, language };
  expect((await scoreOf("```src\nread n; echo $((n * n))\n```", built)).score).toBe(1);
  const bad = await scoreOf("```src\necho 9\n```", built);
  expect(bad).toMatchObject({ score: 0, verdict: "compile_error" });
  expect(bad.tests[0]!.message).toBe("no read");
});

it("a program that the image lacks is the task's fault, with the fix", async () => {
  const language = { ...shell, run: ["no-such-compiler", "main.sh"] };
  const result = await scoreOf(fenced("read n"), { ...task, language });
  expect(result).toMatchObject({ score: null, verdict: "grader_error" });
  expect(result.message).toContain("no-such-compiler");
  expect(result.message).toContain("sameseed exec");
});

it("a file that cannot be written is the solution's fault, and takes nothing of the others", async () => {
  const python: Language = { file: "main.py", fences: ["python"], run: ["python3", "main.py"] };
  const print: StdioTask = {
    id: "print",
    kind: "stdio",
    language: python,
    tests: [{ input: "", output: "hi" }],
  };
  const main = "print('hi')";
  const named = (name: string): ScoreItem => ({ task: print, files: { "main.py": main, [name]: "1" } });
  const results = await scoreCompletions({
    items: [named("a".repeat(300)), named("main.py/x"), named("beside.txt")],
  }).results();
  expect(results.map(({ verdict, score }) => [verdict, score])).toEqual([
    ["runtime_error", 0],
    ["runtime_error", 0],
    ["accepted", 1],
  ]);
  expect(results[0]!.tests[0]!.message).toMatch(/^a file of the solution cannot be written: /);
});
