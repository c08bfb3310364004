/* Programs of other languages run where the image has what runs them. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { buildImage } from "../../../src/image/build-image.ts";
import { languageOf } from "../../../src/server/doors/sandbox-fusion/languages.ts";
import { installed } from "../../client/installed.ts";
import { serve, type Served } from "./served.ts";

const image = vi.hoisted(() => "languages");
// The store of the tests is everybody's: an image of the name that the server looks for would be used by other tests, too.
vi.mock(import("../../../src/server/doors/sandbox-fusion/languages.ts"), async (original) => ({
  ...(await original()),
  programImage: () => image,
}));

const fixtures = join(import.meta.dirname, "sandbox-fusion");
let server: Served;
beforeAll(async () => {
  const add = [
    { from: "/bin/bash", to: "/usr/bin/bash" },
    { from: join(fixtures, "compiler.sh"), to: "/usr/bin/g++" },
  ];
  await buildImage({ name: image, requirements: join(fixtures, "none.lock"), add });
  server = await serve();
}, 300_000);
afterAll(async () => await server[Symbol.asyncDispose]());

const bash = async (code: string, more: object = {}): Promise<Record<string, never>> =>
  (await server.post("/run_code", { language: "bash", code, run_timeout: 10, compile_timeout: 10, ...more }))
    .body;

describe("bash", () => {
  it("runs with input, files and arguments, and its files are fetched", async () => {
    const told = await bash('read name; [[ $name == w* ]] && echo "hi $name $1 $(cat f)" | tee out', {
      stdin: "world\n",
      args: ["there"],
      files: { f: Buffer.from("file").toString("base64") },
      fetch_files: ["out"],
    });
    expect(told).toMatchObject({
      status: "Success",
      compile_result: null,
      run_result: { status: "Finished", return_code: 0, stdout: "hi world there file\n" },
      files: { out: Buffer.from("hi world there file\n").toString("base64") },
    });
  });

  it.concurrent.each([
    ["an exit status", "exit 3", { status: "Finished", return_code: 3 }],
    ["a signal", "kill -9 $$", { status: "Finished", return_code: -9 }],
    ["a loop", "echo so far; while :; do :; done", { status: "TimeLimitExceeded", stdout: "so far\n" }],
    ["a trap that leaves with 0", "trap 'exit 0' TERM INT; while :; do sleep 9; done", { return_code: null }],
  ])("fails for %s", async (_, code, run_result) => {
    expect(await bash(code, { run_timeout: 1 })).toMatchObject({ status: "Failed", run_result });
  });

  it("fails for what is ended for its output, and reads the pipes meanwhile", async () => {
    const flood = await bash("while :; do printf '%065536d' 0; done", { run_timeout: 30 });
    expect(flood).toMatchObject({ status: "Failed", run_result: { return_code: -9 } });
    const long = await bash("for n in {1..40}; do printf '%065536d' 0; done");
    expect((long["run_result"] as unknown as { stdout: string }).stdout).toHaveLength(40 * 65_536);
  });
});

describe("a language with a compiler", () => {
  const cpp = async (code: string, more: object = {}): Promise<object> =>
    (await server.post("/run_code", { language: "cpp", code, run_timeout: 5, ...more })).body as object;

  it("tells how the compiler ended, and then how the program did", async () => {
    expect(await cpp("#!/bin/sh\necho out; exit 4")).toMatchObject({
      status: "Failed",
      compile_result: { status: "Finished", return_code: 0 },
      run_result: { status: "Finished", return_code: 4, stdout: "out\n" },
    });
  });

  it("runs nothing that could not be made", async () => {
    expect(await cpp("broken")).toMatchObject({
      status: "Failed",
      compile_result: { status: "Finished", return_code: 1, stderr: "main.cpp:1: broken\n" },
      run_result: null,
    });
    expect(await cpp("endless", { compile_timeout: 1 })).toMatchObject({
      status: "Failed",
      compile_result: { status: "TimeLimitExceeded", return_code: null },
      run_result: null,
    });
  });
});

it("judges a completion of another language", async () => {
  const config = {
    language: "bash",
    provided_data: { test: [{ input: { stdin: "a\n" }, output: { stdout: "aa\n" } }] },
  };
  const submit = async (code: string): Promise<unknown> => {
    const completion = `\`\`\`bash\n${code}\n\`\`\``;
    return (await server.post("/submit", { id: 1, completion, config })).body.accepted;
  };
  expect([await submit('read x; echo "$x$x"'), await submit("echo b")]).toEqual([true, false]);
});

it.each([
  ["SandboxFusion's own client", "conformance.py"],
  ["verl's own scoring", "verl_scoring.py"],
])("is what %s expects, unmodified", async (_, file) => {
  const env = {
    ...process.env,
    FUSION_URL: server.address,
    PYTHONPATH: installed("doors-python"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const program = join(fixtures, file);
  const { stdout } = await promisify(execFile)("python3", [program], { env });
  expect(stdout).toBe("conforms\n");
});

it("says which languages there are, where one is not", async () => {
  const { status, body } = await server.post("/run_code", { language: "ruby", code: "puts 1" });
  expect(status).toBe(422);
  expect(body.detail).toEqual([
    { type: "value_error", loc: ["body", "language"], msg: "only python, bash, cpp can be run" },
  ]);
  expect(() => languageOf("ruby", image)).toThrow(/runs python, bash, cpp, not ruby/);
  expect(() => languageOf("cobol", "gymnasium")).toThrow(/runs python, not cobol/);
});
