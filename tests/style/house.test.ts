import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkBackends,
  checkExports,
  checkFileLength,
  checkFunctionLength,
  checkGames,
  checkHostQuestions,
  checkLayers,
  checkName,
  checkOldestNode,
  checkText,
  tooLong,
} from "./house-rules.ts";
import { checkMessages } from "./message-rules.ts";
import { layers } from "./layers.ts";
import { measurePython } from "./measure-functions.ts";
import { repository, trackedFiles, type TrackedFile } from "./tracked-files.ts";

type Rule = (file: TrackedFile) => string[];

const statements = (count: number): string => "  x += 1;\n".repeat(count);

describe("the house", () => {
  const files = trackedFiles();

  it.for<[string, Rule]>([
    ["imports only from the layers above", checkLayers],
    ["writes against the sandboxes' contract, not against a backend", checkBackends],
    ["keeps files short", checkFileLength],
    ["keeps functions short", checkFunctionLength],
    ["names files by what they answer", checkName],
    ["exports by name", checkExports],
    ["asks nothing of Node that its oldest one lacks", checkOldestNode],
    ["words errors in one way", checkMessages],
    ["knows no game by name below the games", checkGames],
    ["asks for time and chance in one place", checkHostQuestions],
    ["says nothing of a machine and leaves nothing undone", checkText],
  ])("%s", ([, rule]) => {
    expect(files.flatMap(rule)).toEqual([]);
  });

  it("has the folders that ARCHITECTURE.md explains, in the order of the layers", () => {
    const page = readFileSync(join(repository, "ARCHITECTURE.md"), "utf8");
    const explained = [...page.matchAll(/^\| `src\/(\w+)` \|/gm)].map((match) => match[1] ?? "");
    const present = new Set(files.map((file) => /^src\/(\w+)\//.exec(file.path)?.[1]));
    expect(explained).toEqual(layers.filter((layer) => explained.includes(layer)));
    expect([...present].filter((folder) => folder !== undefined && !explained.includes(folder))).toEqual([]);
  });

  it("keeps Python functions short", () => {
    const python = files.map((file) => file.path).filter((path) => path.endsWith(".py"));
    expect(python.length).toBeGreaterThan(0);
    expect(tooLong(measurePython(python, repository))).toEqual([]);
  });
});

describe("the rules", () => {
  it.for<[string, Rule, string, string]>([
    [
      "a message that is a sentence",
      checkMessages,
      "src/a.ts",
      'new SameseedError("internal", "The run is gone");',
    ],
    [
      "a message with a full stop",
      checkMessages,
      "src/a.ts",
      'new SameseedError("internal", `${a} is gone.`);',
    ],
    [
      "a hint that is a sentence",
      checkMessages,
      "src/a.ts",
      'fail({ hint: a ? "Python is old" : "Build it" });',
    ],
    ["a game below the games", checkGames, "src/rollout/a.ts", 'const first = "tictactoe";'],
    ["a game in the referee", checkGames, "python/sameseed/play/a.py", 'KNOWN = "connect_four"'],
    ["an import upwards", checkLayers, "src/base/a.ts", 'import { run } from "../cli/run.ts";'],
    ["a re-export upwards", checkLayers, "src/store/a.ts", 'export { run } from "../cli/run.ts";'],
    ["a dynamic import upwards", checkLayers, "src/store/a.ts", 'await import("../verify/a.ts");'],
    ["a type upwards", checkLayers, "src/store/a.ts", 'export type A = import("../verify/a.ts").A;'],
    ["an import of the door", checkLayers, "src/store/a.ts", 'import { run } from "../index.ts";'],
    ["a Node module in model", checkLayers, "src/model/a.ts", 'import { join } from "node:path";'],
    ["an unknown layer", checkLayers, "src/misc/a.ts", "export const a = 1;"],
    ["a backend in the contract", checkBackends, "src/sandbox/contract.ts", 'import "./zygote/wire.ts";'],
    ["a backend in an agent", checkBackends, "src/sandbox/agent/a.ts", 'import "../cold/backend.ts";'],
    ["a name of newer Nodes", checkOldestNode, "src/base/a.ts", "using all = new DisposableStack();"],
    ["a method of newer Nodes", checkOldestNode, "src/base/a.ts", "Promise.try(() => 1);"],
    ["a long file", checkFileLength, "src/base/a.ts", "\n".repeat(301)],
    ["a long function", checkFunctionLength, "src/base/a.ts", `function a() {\n${statements(69)}}\n`],
    ["a long arrow", checkFunctionLength, "src/base/a.ts", `const a = () => {\n${statements(69)}};\n`],
    ["a long method", checkFunctionLength, "src/base/a.ts", `class A {\n a() {\n${statements(69)}}\n}\n`],
    ["a long test", checkFunctionLength, "tests/a.test.ts", `it("a", () => {\n${statements(69)}});\n`],
    ["a long C function", checkFunctionLength, "native/a.c", `static int a(int b)\n{\n${statements(68)}}\n`],
    ["a utils file", checkName, "src/base/string-utils.ts", ""],
    ["a default export", checkExports, "src/base/a.ts", "export default 1;"],
    ["a clock", checkHostQuestions, "src/store/a.ts", "const t = Date.now();"],
    ["a date", checkHostQuestions, "src/store/a.ts", "const t = new Date();"],
    ["chance", checkHostQuestions, "src/store/a.ts", "const t = Math.random();"],
    ["a home folder", checkText, "docs/a.md", ["see /root", "notes.md"].join("/")],
    ["something left undone", checkText, "src/base/a.ts", ["// TO", "DO: later"].join("")],
  ])("refuse %s", ([, rule, path, text]) => {
    expect(rule({ path, text })).toHaveLength(1);
  });

  it.for<[string, Rule, string, string]>([
    ["an import downwards", checkLayers, "src/cli/a.ts", 'import { run } from "../base/a.ts";'],
    ["a backend in one", checkBackends, "src/sandbox/cold/a.ts", 'import "../zygote/wire.ts";'],
    [
      "a backend where one is chosen",
      checkBackends,
      "src/sandbox/sandbox-host.ts",
      'import "./cold/backend.ts";',
    ],
    ["the door itself", checkLayers, "src/index.ts", 'export { run } from "./cli/run.ts";'],
    ["a function of 70 lines", checkFunctionLength, "src/base/a.ts", `function a() {\n${statements(68)}}\n`],
    [
      "a long describe",
      checkFunctionLength,
      "tests/a.test.ts",
      `describe("a", () => {\n${statements(90)}});\n`,
    ],
    ["a long C table", checkFunctionLength, "native/a.c", `static int a[] = {\n${"  1,\n".repeat(90)}};\n`],
    ["braces in C text", checkFunctionLength, "native/a.c", `int a(void) { puts("{"); }\n${statements(90)}`],
    ["a given date", checkHostQuestions, "src/store/a.ts", "const t = new Date(0);"],
  ])("allow %s", ([, rule, path, text]) => {
    expect(rule({ path, text })).toEqual([]);
  });

  it("measure Python functions with their decorators", () => {
    const folder = mkdtempSync(join(tmpdir(), "sameseed-style-"));
    try {
      writeFileSync(
        join(folder, "a.py"),
        `class A:\n    @property\n    def a(self):\n${"        self.x = 1\n".repeat(69)}`,
      );
      expect(tooLong(measurePython(["a.py"], folder))).toEqual(["a.py:2 a has 71 lines"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
