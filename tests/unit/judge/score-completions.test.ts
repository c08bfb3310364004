import { afterAll, describe, expect, it } from "vitest";

import { scoreCompletions } from "../../../src/judge/score-completions.ts";
import type { ScoreItem } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { add, fenced, right, score, verdicts } from "./score-support.ts";

afterAll(closeSandboxes);

describe("a completion is scored", () => {
  it("with 1 where every test passes, and says what each used", async () => {
    const result = await score(`print("hello")\n${right}`);
    expect(result).toMatchObject({
      id: "0",
      task: "add",
      score: 1,
      verdict: "accepted",
      trustworthy: true,
      retryable: false,
      passed: 2,
      total: 2,
      assurance: "full",
      flags: [],
      memoised: false,
    });
    expect(result.tests.map(({ name }) => name)).toEqual(["1", "texts"]);
    expect(result.tests[0]).toMatchObject({ exitCode: 0, signal: null, stdoutTail: "hello\n", weight: 1 });
    expect(result.tests[0]!.peakMemoryBytes).toBeGreaterThan(0);
    expect(result.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.for([
    ["def add(a, b):\n    return 3", ["accepted", "wrong_answer"], "partial", 0.5],
    ["def add(a, b)\n    return 3", ["compile_error", "compile_error"], "compile_error", 0],
    ["def sub(a, b): pass", ["runtime_error", "runtime_error"], "runtime_error", 0],
    ["import os\nos._exit(0)", ["runtime_error", "runtime_error"], "runtime_error", 0],
    ["raise SystemExit(0)", ["runtime_error", "runtime_error"], "runtime_error", 0],
    ["def add(a, b):\n    return bytearray(1 << 30)", ["memory_limit", "memory_limit"], "memory_limit", 0],
    [
      "def add(a, b):\n    import ctypes\n    ctypes.string_at(0)",
      ["runtime_error", "runtime_error"],
      "runtime_error",
      0,
    ],
    ["import os\nos.write(3, b'x')\n" + right, ["tampered", "tampered"], "tampered", 0],
  ] as const)("%j", async ([code, each, verdict, value]) => {
    const result = await score(code);
    expect(verdicts(result)).toEqual(each);
    expect(result).toMatchObject({ verdict, score: value, trustworthy: true, total: 2 });
  });

  it("with 0 for a loop, by CPU time", async () => {
    const result = await score("def add(a, b):\n    while True: pass", add, { limits: { cpuMs: 200 } });
    expect(verdicts(result)).toEqual(["time_limit_cpu", "time_limit_cpu"]);
    expect(result.score).toBe(0);
  });

  it("with 0 for output without end, and in full for much output", async () => {
    const flood = "import sys\nwhile True: sys.stdout.write('4 passed\\n' * 1000)";
    const small = { outputBytes: 100_000 };
    expect(verdicts(await score(flood, add, { limits: small }))).toEqual(["output_limit", "output_limit"]);
    const much = `print("x" * 10_000_000)\n${right}`;
    expect((await score(much)).score).toBe(1);
  });

  it("with 0 and every test counted where it holds no code", async () => {
    const [result] = await scoreCompletions({ items: [{ completion: "I cannot.", task: add }] }).results();
    expect(result).toMatchObject({ score: 0, verdict: "no_code", passed: 0, total: 2, trustworthy: true });
  });

  it("from files, in place of a completion", async () => {
    const files = { "solution.py": "from inner.parts import add", "inner/parts.py": right };
    const [result] = await scoreCompletions({ items: [{ files, task: add }] }).results();
    expect(result!.score).toBe(1);
  });

  it("once for equal completions, with the same digest", async () => {
    const items = [right, right, `${right}\n`].map((code, at) => ({
      id: `c${at}`,
      completion: fenced(code),
      task: add,
    }));
    const [first, second, third] = await scoreCompletions({ items }).results();
    expect(second).toMatchObject({ id: "c1", memoised: true, digest: first!.digest });
    expect(third).toMatchObject({ id: "c2", memoised: false });
    expect((await score(right)).digest).toBe(first!.digest);
  });

  it("with nothing after the first failure where all must pass", async () => {
    const result = await score("def add(a, b):\n    return 'ab'", { ...add, aggregate: "all" });
    expect(verdicts(result)).toEqual(["wrong_answer", "not_run"]);
    expect(result).toMatchObject({ score: 0, verdict: "wrong_answer", total: 2 });
  });

  it("by weight", async () => {
    const tests = [
      { args: [1, 2], expected: 3, weight: 3 },
      { args: [1, 1], expected: 2 },
    ];
    expect((await score("def add(a, b): return 3", { ...add, tests })).score).toBe(0.75);
  });
});

describe("nothing but trouble is without a score", () => {
  it.for([
    [{ ...add, image: "no-such-image" }, "image"],
    [{ ...add, tests: [{ args: [1, 2] }] }, "neither an expected value"],
    [{ ...add, tests: [{ argsPython: "1 +", expected: 1 }] }, "SyntaxError"],
    [{ ...add, tests: [] }, "no tests"],
    [{ ...add, generator: "import nothing_like_it" }, "ModuleNotFoundError"],
    [{ ...add, checker: "def other(): pass" }, "check"],
  ] as const)("a task at fault: %#", async ([task, says]) => {
    const result = await score(right, task);
    expect(result).toMatchObject({ score: null, verdict: "grader_error", trustworthy: false });
    expect(result.message).toContain(says);
  });

  it("and such a verdict is not kept", async () => {
    const task = { ...add, checker: "def other(): pass" };
    const items = [1, 2].map(() => ({ completion: fenced(right), task }));
    const results = [];
    for await (const result of scoreCompletions({ items, concurrency: 1 })) results.push(result.memoised);
    expect(results).toEqual([false, false]);
  });
});

describe("what is far too large", () => {
  it("is a wrong answer, whoever would have to look at it", async () => {
    const many = "x = []\ndef add(a, b): return [x] * 1_300_000";
    const roomy = { ...add, limits: { ...add.limits, memoryMb: 512 } };
    const result = await score(many, roomy);
    expect(verdicts(result)).toEqual(["wrong_answer", "wrong_answer"]);
    expect(result.tests[0]!.message).toContain("far larger");
    const checked = {
      ...add,
      tests: [{ args: [1, 2] }],
      checker: "def check(args, result): return len(result) == 9",
    };
    expect((await score(many, checked)).verdict).toBe("wrong_answer");
    const counted = { ...checked, checker: "def check(args, result): return len(result) == 1_300_000" };
    expect((await score(many, counted)).score).toBe(1);
  });

  it("is no solution, and no test, and spoils nothing else", async () => {
    const files = (text: string): Record<string, string> => ({ "solution.py": text });
    const huge = `# ${"x".repeat(70 << 20)}`;
    const wide: ScoreItem["task"] = { id: "wide", kind: "stdio", tests: [{ input: huge, output: "" }] };
    const items: ScoreItem[] = [
      { files: files(huge), task: add },
      { files: files("pass"), task: wide },
      { files: files(right), task: add },
    ];
    const results = await scoreCompletions({ items }).results();
    expect(results.map(({ score: value, verdict }) => [value, verdict])).toEqual([
      [0, "compile_error"],
      [null, "grader_error"],
      [1, "accepted"],
    ]);
  });

  it("but input that fits is all there", async () => {
    const input = `${"7".repeat(40 << 20)}\n`;
    const task: ScoreItem["task"] = {
      id: "long",
      kind: "stdio",
      tests: [{ input, output: String(input.length) }],
    };
    expect((await score("import sys\nprint(len(sys.stdin.read()))", task)).score).toBe(1);
  });
});

describe("misuse is refused", () => {
  it.for([
    [[{ completion: "x", task: { ...add, kind: "cal" } }], "kind"],
    [[{ completion: "x", task: { ...add, functio: "f" } }], "functio"],
    [[{ task: add }], "neither"],
    [[{ completion: "x", files: { "solution.py": "" }, task: add }], "both"],
    [[{ files: { "solution.py": 1 }, task: add }], "files"],
    [[{ completion: "x", task: add, limit: {} }], "limit"],
  ] as const)("%#", async ([items, says]) => {
    const call = scoreCompletions({ items: items as unknown as ScoreItem[] }).results();
    await expect(call).rejects.toMatchObject({
      code: "bad_argument",
      message: expect.stringContaining(says) as string,
    });
  });

  it("and a batch runs once", async () => {
    const batch = scoreCompletions({ items: [] });
    expect(await batch.results()).toEqual([]);
    await expect(batch.results()).rejects.toMatchObject({ code: "bad_argument" });
    expect(() => scoreCompletions({ items: [], concurency: 3 } as never)).toThrow("concurency");
  });

  it("and a signal ends it", async () => {
    const signal = AbortSignal.timeout(100);
    const items = [{ completion: fenced("def add(a, b):\n    while True: pass"), task: add }];
    await expect(scoreCompletions({ items, signal }).results()).rejects.toMatchObject({ code: "aborted" });
  });
});

it("a file whose name is no path below the solution's folder is that solution's fault alone", async () => {
  const named = (name: string): ScoreItem => ({ task: add, files: { "solution.py": right, [name]: "1" } });
  const names = ["/etc/x", "../x", "a\n/../../judge/question", "a/", "beside.txt"];
  const results = await scoreCompletions({ items: names.map(named) }).results();
  expect(results.map(({ verdict, score }) => [verdict, score])).toEqual([
    ["compile_error", 0],
    ["compile_error", 0],
    ["compile_error", 0],
    ["compile_error", 0],
    ["accepted", 1],
  ]);
});

it("a part of the tests is never the whole score, however their weights lie", async () => {
  const tests = [
    { args: [1, 2], expected: 3, weight: 1e9 },
    { args: [1, 2], expected: 4, weight: 1e-8 },
  ];
  const [result] = await scoreCompletions({
    items: [{ task: { ...add, tests }, completion: fenced(right) }],
  }).results();
  expect(result!.verdict).toBe("partial");
  expect(result!.score).toBeLessThan(1);
});
