/* A test that does not fit into a sandbox beside a solution is the task's fault, and never because of what a solution holds. */
import { afterAll, expect, it } from "vitest";

import type { ScoreTask, StdioTask } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { score } from "./score-support.ts";

afterAll(closeSandboxes);

const mebibyte = 1 << 20;
const text = (mebibytes: number): string => "x".repeat(mebibytes * mebibyte);
const written = (input: string): ScoreTask => ({ id: "w", kind: "stdio", tests: [{ input, output: "1" }] });
const checked = (input: string, output: string): ScoreTask => ({
  ...(written(input) as StdioTask),
  tests: [{ input, output }],
  checker: "def check(input, output): return True",
});

it.for([
  ["an input of 54 MiB", written(text(54)), "print(2)", "wrong_answer", "another output"],
  [
    "an input of 55 MiB",
    written(text(55)),
    "print(1)",
    "grader_error",
    /57671680 bytes, where at most 56623104 fit beside a solution/,
  ],
  [
    "40 MiB beside what its checker may get",
    checked(text(40), text(10)),
    "print(1)",
    "grader_error",
    /fit beside what its checker is given/,
  ],
] as const)(
  "%s, with a small solution and with the largest",
  { timeout: 120_000 },
  async ([, task, code, verdict, says]) => {
    const fat = `${code}\n#`.padEnd(8 * mebibyte - 8, "x");
    for (const solution of [code, fat]) {
      const result = await score(solution, task);
      expect(result.verdict).toBe(verdict);
      expect(result.message ?? result.tests[0]?.message).toMatch(says);
    }
  },
);

it("a solution of more files than a sandbox can be told is the solution's fault", async () => {
  const names = Array.from({ length: 3000 }, (_, at) => [`${"n".repeat(100)}${at}.py`, ""]);
  const result = await score(Object.fromEntries([["solution.py", "print(1)"], ...names]), written(""));
  expect(result).toMatchObject({ score: 0, verdict: "compile_error" });
});
