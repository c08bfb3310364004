import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { serve, type Served } from "./served.ts";

let server: Served;
beforeAll(async () => {
  server = await serve();
});
afterAll(async () => await server[Symbol.asyncDispose]());

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("/run_code", () => {
  it("answers a program with every field of the protocol and nothing else", async () => {
    const { status, body } = await server.post("/run_code", {
      code: "import sys\nprint(input()[::-1])\nprint('e', file=sys.stderr)",
      language: "python",
      stdin: "abc\n",
      run_timeout: 10,
      compile_timeout: 10,
      memory_limit_MB: -1,
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      status: "Success",
      message: "",
      compile_result: null,
      run_result: {
        status: "Finished",
        execution_time: expect.any(Number) as number,
        return_code: 0,
        stdout: "cba\n",
        stderr: "e\n",
      },
      executor_pod_name: null,
      files: {},
    });
  });

  it("takes a request without a language for Python", async () => {
    const { body } = await server.post("/run_code", { code: "print(6 * 7)" });
    expect(body).toMatchObject({ status: "Success", run_result: { stdout: "42\n" } });
  });

  it.concurrent.each([
    ["an exit status", "import sys; sys.exit(3)", { status: "Finished", return_code: 3 }],
    ["an exception", "raise KeyError('x')", { status: "Finished", return_code: 1 }],
    ["a text that is no Python", "def (:", { status: "Finished", return_code: 1 }],
    ["a signal", "import os; os.kill(os.getpid(), 11)", { status: "Finished", return_code: -11 }],
    [
      "a loop",
      "print('so far', flush=True)\nwhile True: pass",
      { status: "TimeLimitExceeded", return_code: null, stdout: "so far\n" },
    ],
    ["a sleep", "import time; time.sleep(60)", { status: "TimeLimitExceeded", return_code: null }],
    [
      "a termination",
      "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
      { status: "Finished", return_code: -15 },
    ],
    [
      "a child that kills its parent",
      "import os, time\nif os.fork() == 0: os.kill(os.getppid(), 9)\ntime.sleep(5)",
      { status: "Finished", return_code: -9 },
    ],
    [
      "a loop that nothing interrupts, with an exit handler that leaves with 0",
      "import atexit, os, signal\natexit.register(lambda: os._exit(0))\nfor n in (2, 14, 15): signal.signal(n, lambda *_: os._exit(0))\nwhile True: pass",
      { status: "TimeLimitExceeded", return_code: null },
    ],
  ])("fails for %s", async (_, code, run_result: object) => {
    // One that sends a compile time-out waits longer for room.
    const { status, body } = await server.post("/run_code", { code, run_timeout: 1, compile_timeout: 10 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "Failed", message: "", run_result });
  });

  it("fails for a program that is ended for its memory or its output", async () => {
    const hoard = await server.post("/run_code", {
      code: "x = bytearray(1 << 30)\nprint(len(x))",
      memory_limit_MB: 128,
    });
    expect(hoard.body).toMatchObject({ status: "Failed" });
    expect(hoard.body.run_result.return_code).not.toBe(0);
    const flood = await server.post("/run_code", { code: "while True: print('x' * 65536)", run_timeout: 20 });
    expect(flood.body).toMatchObject({
      status: "Failed",
      run_result: { status: "Finished", return_code: -9 },
    });
  });

  it("reads the pipes while the program runs", async () => {
    const { body } = await server.post("/run_code", { code: "print('x' * 3_000_000)", run_timeout: 10 });
    expect(body.status).toBe("Success");
    expect(body.run_result.stdout).toHaveLength(3_000_001);
  });

  it("names the exception on standard error", async () => {
    const raised = await server.post("/run_code", { code: "def f():\n    return {}['gone']\nf()" });
    expect(raised.body.run_result.stderr).toMatch(/Traceback[\s\S]*KeyError: 'gone'/);
    const broken = await server.post("/run_code", { code: "x = = 1" });
    expect(broken.body.run_result.stderr).toMatch(/SyntaxError: invalid syntax/);
  });

  it("writes the files that came with the request and fetches those that are asked for", async () => {
    const { body } = await server.post("/run_code", {
      code: "import helper, pathlib\npathlib.Path('out/').mkdir()\npathlib.Path('out/a.bin').write_bytes(bytes(helper.numbers))",
      files: { "helper.py": base64("numbers = [0, 255, 10]"), "skipped.py": null },
      fetch_files: ["out/a.bin", "gone.txt"],
    });
    expect(body.status).toBe("Success");
    expect(body.files).toEqual({ "out/a.bin": Buffer.from([0, 255, 10]).toString("base64") });
    const inline = await server.post("/run_code", {
      code: "print(open('d/x.txt').read())",
      files: { "d/x.txt": base64("hé") },
    });
    expect(inline.body.run_result.stdout).toBe("hé\n");
  });

  it("gives one program nothing of another's", async () => {
    const path = "/tmp/left.txt";
    await server.post("/run_code", { code: `open('${path}', 'w').write('x')` });
    const { body } = await server.post("/run_code", { code: `import os; print(os.path.exists('${path}'))` });
    expect(body.run_result.stdout).toBe("False\n");
  });

  it("writes the same bytes every time in a sealed world", async () => {
    const code =
      "import os, random, time, uuid\nprint(os.urandom(8).hex(), random.random(), time.time(), uuid.uuid4(), id(object()))";
    const [first, second] = await Promise.all([1, 2].map(() => server.post("/sealed/run_code", { code })));
    expect(first!.body.status).toBe("Success");
    expect(first!.body.run_result.stdout).toBe(second!.body.run_result.stdout);
    const host = await Promise.all([1, 2].map(() => server.post("/run_code", { code })));
    expect(host[0]!.body.run_result.stdout).not.toBe(host[1]!.body.run_result.stdout);
  });

  it("refuses what it cannot run with 422, not with a verdict", async () => {
    const language = await server.post("/run_code", { code: "int main(){}", language: "cpp" });
    expect(language).toMatchObject({ status: 422, body: { detail: [{ loc: ["body", "language"] }] } });
    expect((await server.post("/run_code", { stdin: "" })).body.detail[0].loc).toEqual(["body", "code"]);
    expect((await server.post("/run_code", "{")).status).toBe(422);
    const outside = await server.post("/run_code", { code: "", files: { "/etc/passwd": base64("x") } });
    expect(outside.status).toBe(422);
    expect((await server.post("/run_code", { code: "", files: { "../../etc/x": base64("x") } })).status).toBe(
      422,
    );
  });
});

describe("a full server", () => {
  it("answers 504 with Retry-After within the client's budget, and never a verdict", async () => {
    await using full = await serve({ maxSandboxes: 1 });
    const long = full.post("/run_code", { code: "import time; time.sleep(2)", run_timeout: 10 });
    await expect
      .poll(async () => await (await fetch(`${full.address}/readyz`)).json())
      .toMatchObject({ slots: { used: 1 } });
    const { status, headers, body } = await full.post("/run_code", { code: "print(1)", run_timeout: 1 });
    expect(status).toBe(504);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(body).toEqual({ detail: expect.any(String) as string });
    // One that sends a compile time-out waits longer, and gets its turn.
    const patient = await full.post("/run_code", { code: "print(1)", compile_timeout: 10, run_timeout: 1 });
    expect(patient.body.status).toBe("Success");
    expect((await long).body.status).toBe("Success");
  });
});

describe("the requests of trainers", () => {
  it("answers verl's: one request for each test, compared by the trainer", async () => {
    const request = (stdin: string): object => ({
      compile_timeout: 10,
      run_timeout: 10,
      code: "n = int(input())\nprint(10 // n)",
      stdin,
      memory_limit_MB: 1024,
      language: "python",
      files: {},
      fetch_files: [],
    });
    const [right, wrong] = await Promise.all(
      ["5", "0"].map((stdin) => server.post("/run_code", request(stdin))),
    );
    expect(right!.body.status).toBe("Success");
    expect(right!.body.run_result.status).toBe("Finished");
    expect((right!.body.run_result.stdout as string).replace(/\n+$/, "")).toBe("2");
    expect(wrong!.body.status).toBe("Failed");
    expect(wrong!.body.run_result).toMatchObject({ status: "Finished", return_code: 1 });
    expect(wrong!.body.run_result.stderr).toContain("ZeroDivisionError");
  });

  it("answers SkyRL's: code, input and a time-out alone, success by status", async () => {
    const { status, body } = await server.post("/run_code", {
      code: "import sys\nprint(sum(map(int, sys.stdin.read().split())))",
      stdin: "1 2\n3\n",
      language: "python",
      run_timeout: 6,
    });
    expect(status).toBe(200);
    expect([body.status, body.run_result.stdout]).toEqual(["Success", "6\n"]);
  });
});

describe("/run_jupyter", () => {
  it("runs cells in one interpreter and tells what each gave", async () => {
    const { body } = await server.post("/run_jupyter", {
      cells: [
        "x = 20\nprint('hello')",
        "import sys\nprint('e', file=sys.stderr)\nx + 1",
        "x / 0",
        "open('n.txt', 'w').write('7')",
      ],
      fetch_files: ["n.txt"],
    });
    expect(body).toMatchObject({
      status: "Success",
      message: "",
      driver: { status: "Finished", return_code: 0 },
    });
    expect(body.cells[0]).toEqual({ stdout: "hello\n", stderr: "", display: [], error: [] });
    expect(body.cells[1]).toEqual({
      stdout: "",
      stderr: "e\n",
      display: [{ "text/plain": "21" }],
      error: [],
    });
    expect(body.cells[2].error[0]).toMatchObject({ ename: "ZeroDivisionError", evalue: "division by zero" });
    expect(body.files).toEqual({ "n.txt": base64("7") });
  });

  it("fails where time is over, and where the interpreter is left", async () => {
    const slow = ["import time", "try:\n    time.sleep(60)\nexcept BaseException:\n    pass"];
    const cell = await server.post("/run_jupyter", { cells: slow, cell_timeout: 0.5 });
    expect(cell.body).toMatchObject({ status: "Failed", cells: [], driver: { status: "TimeLimitExceeded" } });
    const total = await server.post("/run_jupyter", { cells: slow, total_timeout: 1 });
    expect(total.body).toMatchObject({ status: "Failed", driver: { status: "TimeLimitExceeded" } });
    const left = await server.post("/run_jupyter", { cells: ["import os; os._exit(0)"] });
    expect(left.body.cells).toEqual([]);
    expect(left.body.status).not.toBe("Success");
  });
});

describe("/submit", () => {
  const config = {
    dataset_type: "CommonOJDataset",
    language: "python",
    provided_data: {
      test: [2, 3].map((n) => ({ input: { stdin: `${n}\n` }, output: { stdout: `${n * n}\n` } })),
    },
    extra: { run_all_cases: true },
  };
  const fenced = (code: string): string => `Here it is:\n\`\`\`python\n${code}\n\`\`\``;

  it("judges a completion with the tests that came with the request", async () => {
    const right = await server.post("/submit", {
      dataset: "x",
      id: 7,
      completion: fenced("print(int(input()) ** 2)"),
      config,
    });
    expect(right.body).toMatchObject({ id: 7, accepted: true, extracted_code: "print(int(input()) ** 2)\n" });
    expect(right.body.tests).toHaveLength(2);
    expect(right.body.tests[0]).toMatchObject({
      passed: true,
      exec_info: { status: "Success", run_result: { stdout: "4\n" } },
    });
    const half = await server.post("/submit", {
      dataset: "x",
      id: "a",
      completion: fenced("print(int(input()) + 2)"),
      config,
    });
    expect(half.body.accepted).toBe(false);
    expect((half.body.tests as { passed: boolean }[]).map(({ passed }) => passed)).toEqual([true, false]);
    const left = await server.post("/submit", {
      dataset: "x",
      id: 1,
      completion: fenced("import os; os._exit(0)"),
      config,
    });
    expect(left.body.accepted).toBe(false);
  });

  it("refuses a request that brings no tests", async () => {
    const { status } = await server.post("/submit", { dataset: "x", id: 1, completion: "", config: {} });
    expect(status).toBe(422);
  });
});

it("answers a ping", async () => {
  const answer = await fetch(`${server.address}/v1/ping`);
  expect(await answer.json()).toBe("pong");
});
