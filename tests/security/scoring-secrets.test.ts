/*
 * What decides a score is never where a solution is: one that looks at every byte of its memory, its files and its descriptors
 * finds its own input, and nothing of expected values, other tests, checkers, generators or judges, though all of them were in
 * sandboxes of the same slots a moment before.
 */
import { randomBytes } from "node:crypto";
import { afterAll, expect, it } from "vitest";

import { scoreCompletions } from "../../src/judge/score-completions.ts";
import type { ScoreTask } from "../../src/model/score.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { Canary, readScan, scanSource } from "./walls/canary.ts";

afterAll(closeSandboxes);

const names = ["own", "other", "expected", "checker", "generator", "judge", "statement"] as const;
type Secret = (typeof names)[number];

const limits = { memoryMb: 512, cpuMs: 60_000, wallMs: 120_000 };

/** Texts that nobody else has, one for each place. */
function newSecrets(): Readonly<Record<Secret, string>> {
  return Object.fromEntries(names.map((name) => [name, randomBytes(16).toString("hex")])) as Record<
    Secret,
    string
  >;
}

/** What a solution that looks for all of them finds in each test. */
async function found(
  task: ScoreTask,
  secrets: Readonly<Record<Secret, string>>,
  rest: string,
): Promise<readonly (readonly string[])[]> {
  const canaries = Object.fromEntries(
    Object.entries(secrets).map(([name, text]) => [name, new Canary(Buffer.from(text))]),
  );
  const looks = `def look():\n    import builtins\n    exec(compile(${JSON.stringify(scanSource(canaries, true))}, "scan.py", "exec"), {"__name__": "__main__"})\n`;
  const files = { "solution.py": `${looks}${rest}` };
  // One at a time: what the judge held is in the slot that the solution gets.
  const [result] = await scoreCompletions({ items: [{ task, files }], concurrency: 1 }).results();
  return result!.tests.map(({ stdoutTail, verdict, message }) => {
    expect([verdict, message]).not.toContain("runtime_error");
    const seen = readScan(stdoutTail.slice(stdoutTail.indexOf("{")));
    expect(seen.memoryBytes).toBeGreaterThan(30 << 20);
    return Object.keys(seen.found).sort();
  });
}

it("in a call task", { timeout: 240_000 }, async () => {
  const secrets = newSecrets();
  const task: ScoreTask = {
    id: "call",
    kind: "call",
    function: "f",
    limits,
    tests: [
      { args: [secrets.own], expected: secrets.expected },
      { args: [secrets.other], expected: secrets.expected },
    ],
    checker: `SECRET = "${secrets.checker}"\ndef check(args, result): return True`,
    generator: `SECRET = "${secrets.generator}"\ndef generate(rng): return ["x"]\ndef reference(x): return SECRET`,
    generated: 1,
  };
  const first = await found(task, secrets, "def f(x):\n    look()\n    return x\n");
  expect(first).toEqual([["own"], ["other"], []]);
});

it("in a judge task", { timeout: 240_000 }, async () => {
  const secrets = newSecrets();
  const task: ScoreTask = {
    id: "judge",
    kind: "judge",
    limits,
    judge: `SECRET = "${secrets.judge}"\nEXPECTED = "${secrets.expected}"\ndef test_a(solution): assert solution.f("${secrets.own}") == EXPECTED`,
    asserts: [`assert f("x") == "${secrets.statement}"`],
  };
  expect(
    await found(task, secrets, "import sys\ndef f(x):\n    look()\n    sys.stdout.flush()\n    return x\n"),
  ).toEqual([["own"], []]);
});

it("in a stdio task", { timeout: 240_000 }, async () => {
  const secrets = newSecrets();
  const task: ScoreTask = {
    id: "stdio",
    kind: "stdio",
    limits,
    tests: [
      { input: secrets.own, output: secrets.expected },
      { input: secrets.other, output: secrets.expected },
    ],
    checker: `SECRET = "${secrets.checker}"\ndef check(given, output): return True`,
  };
  expect(await found(task, secrets, "import sys\nkept = sys.stdin.read()\nlook()\n")).toEqual([
    ["own"],
    ["other"],
  ]);
});
