import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { serve, type Served } from "./served.ts";

let server: Served;
beforeAll(async () => {
  server = await serve();
});
afterAll(async () => await server[Symbol.asyncDispose]());

const add = "def add(a, b):\n    return a + b";
const task = {
  id: "add",
  kind: "call",
  function: "add",
  tests: [
    { args: [1, 2], expected: 3 },
    { args: [2, 2], expected: 4 },
  ],
};
const fenced = (code: string): string => `\`\`\`python\n${code}\n\`\`\``;

describe("open-instruct", () => {
  it("answers each assertion with 1 or 0, whatever the program does to its own process", async () => {
    const tests = ["assert add(1, 2) == 3", "assert add(2, 2) == 5"];
    const honest = await server.post("/test_program", { program: add, tests, max_execution_time: 2 });
    expect(honest.status).toBe(200);
    expect(honest.body.results).toEqual([1, 0]);
    expect(honest.body.runtimes[0]).toBeGreaterThan(0);
    expect(honest.body.runtimes[1]).toBe(-1);
    const leaves = await server.post("/test_program", { program: "import os; os._exit(0)", tests });
    expect(leaves.body.results).toEqual([0, 0]);
    const always = "class Y:\n    def __eq__(self, other): return True\ndef add(a, b): return Y()";
    expect((await server.post("/test_program", { program: always, tests })).body.results).toEqual([0, 0]);
  });

  it("compares what a program writes", async () => {
    const tests = [
      { input: "2\n", output: "4" },
      { input: "3\n", output: "9" },
    ];
    const { body } = await server.post("/test_program_stdio", { program: "print(int(input()) * 2)", tests });
    expect(body.results).toEqual([1, 0]);
  });
});

describe("OpenRLHF", () => {
  it("rewards each query by the task of its label", async () => {
    const { body } = await server.post("/rewards/openrlhf", {
      query: [`Add.${fenced(add)}`, `Add.${fenced("def add(a, b): return 3")}`, "Add. I cannot."],
      prompts: ["Add.", "Add.", "Add."],
      labels: [JSON.stringify(task), task, task],
    });
    expect(body).toEqual({ rewards: [1, 0.5, 0], scores: [1, 0.5, 0], extra_logs: {} });
  });

  it("does not take code of the prompt for the completion's", async () => {
    const prompt = `Add, as in ${fenced(add)}`;
    const { body } = await server.post("/rewards/openrlhf", {
      query: [`${prompt} no`],
      prompts: [prompt],
      labels: [task],
    });
    expect(body.rewards).toEqual([0]);
  });
});

describe("slime", () => {
  it("rewards one response", async () => {
    const { body } = await server.post("/rewards/slime", {
      prompt: "Add.",
      response: fenced(add),
      label: task,
    });
    expect(body).toBe(1);
  });

  it("refuses a task that is none, and an image that is a path", async () => {
    expect((await server.post("/rewards/slime", { response: "", label: { kind: "x" } })).status).toBe(422);
    const path = { ...task, image: "/etc/passwd" };
    expect((await server.post("/rewards/slime", { response: "", label: path })).status).toBe(422);
  });

  it("gives no reward where the task cannot be judged", async () => {
    const broken = { id: "b", kind: "judge", judge: "this is no Python" };
    const { status, body } = await server.post("/rewards/slime", { response: fenced(add), label: broken });
    expect(status).toBe(422);
    expect(body).not.toBeTypeOf("number");
  });
});
