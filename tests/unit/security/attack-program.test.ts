import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { expectedLines, loadCorpus, parseProgram } from "../../../src/security/attack-program.ts";

const header = `# runs-as: script
# limits: processes=16 memoryMb=64
# expects: fork: EAGAIN after 15
# expects[groups]: end: memory
# expects[rlimits]: end: exit 0
# expects[sealed]: clock: 2000
# expects[host groups]: clock: now
# control: fork, vfork
# control-limits: wallMs=1500
# why: because
# seed: 123456789
import os
# expects: this is no header any more
`;

describe("a header", () => {
  it("says how a program is run and what must be seen", () => {
    const program = parseProgram("01-x.py", header);
    expect(program).toMatchObject({
      id: "01-x",
      program: "tests/security/corpus/01-x.py",
      runsAs: "script",
      limits: { processes: 16, memoryMb: 64 },
      control: ["fork", "vfork"],
      controlLimits: { wallMs: 1500 },
      why: "because",
      times: 1,
      seed: 123_456_789,
    });
    const [fork, clock] = ["fork: EAGAIN after 15", "clock: 2000"];
    expect(expectedLines(program, "cgroup-v2", "host")).toEqual([fork, "end: memory", "clock: now"]);
    expect(expectedLines(program, "cgroup-v2", "sealed")).toEqual([fork, "end: memory", clock]);
    expect(expectedLines(program, "rlimits", "host")).toEqual([fork, "end: exit 0"]);
    expect(expectedLines(program, "rlimits", "sealed")).toEqual([fork, "end: exit 0", clock]);
  });

  it("says what holds where sandboxes share an id of the host, and where each has its own", () => {
    const program = parseProgram(
      "01-x.py",
      "# runs-as: script\n# expects[own groups]: end: memory\n# expects[shared]: polls: 0\n# why: because\n",
    );
    expect(expectedLines(program, "cgroup-v2", "host", "own")).toEqual(["end: memory"]);
    expect(expectedLines(program, "cgroup-v2", "host", "shared")).toEqual(["polls: 0", "end: exit 0"]);
    expect(expectedLines(program, "rlimits", "host")).toEqual(["end: exit 0"]);
  });

  it("says what holds on one kind of processor", () => {
    const program = parseProgram(
      "01-x.py",
      "# runs-as: script\n# expects[x64]: arch: x64\n# expects[arm64]: arch: arm64\n# why: because\n",
    );
    expect(expectedLines(program, "rlimits", "sealed")).toEqual([`arch: ${process.arch}`, "end: exit 0"]);
  });

  it("is not run: its program keeps its line numbers, and cannot read the seed it looks for", () => {
    const { source } = parseProgram("01-x.py", header);
    expect(source.split("\n").indexOf("import os")).toBe(header.split("\n").indexOf("import os"));
    expect(source).not.toContain("123456789");
  });

  it("that says nothing of the end means one in order", () => {
    const end = (kind: string): string[] =>
      expectedLines(
        parseProgram("01-x.py", `# runs-as: ${kind}\n# expects: a: b\n# why: c\n`),
        "rlimits",
        "sealed",
      );
    expect(end("script")).toEqual(["a: b", "end: exit 0"]);
    expect(end("collected")).toEqual(["a: b", "end: killed"]);
  });

  it.for<[string, string]>([
    ["expects nothing", "# runs-as: script\n# why: x\n"],
    ["does not say why", "# runs-as: script\n# expects: a: b\n"],
    ["does not say how it is run", "# expects: a: b\n# why: x\n"],
    ["is run in a way there is not", "# runs-as: root\n# expects: a: b\n# why: x\n"],
    ["has a word there is not", "# runs-as: script\n# expect: a: b\n# why: x\n"],
    ["has a limit there is not", "# runs-as: script\n# expects: a: b\n# limits: luck=3\n# why: x\n"],
    ["hangs on what is no circumstance", "# runs-as: script\n# expects[moon]: a: b\n# why: x\n"],
    ["says a thing twice", "# runs-as: script\n# runs-as: command\n# expects: a: b\n# why: x\n"],
  ])("that %s is refused", ([, source]) => {
    expect(() => parseProgram("01-x.py", source)).toThrow(/header of 01-x\.py/);
  });
});

it("the corpus has a program for each of the sixty rows, each with a name of its own", () => {
  const ids = loadCorpus().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const rows = new Set(ids.map((id) => Number.parseInt(id, 10)));
  expect(Array.from({ length: 60 }, (_, at) => at + 1).filter((row) => !rows.has(row))).toEqual([]);
});

it("no header expects that something got through", () => {
  for (const { expects, id } of loadCorpus()) {
    expect(
      expects.filter(({ line }) => line.includes("escaped")),
      id,
    ).toEqual([]);
  }
});

it("the page shows every row of a run", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/security/attack.md"), "utf8");
  const shown = [...page.matchAll(/^\| `(\d\d\w?-[\w-]+)` \|/gm)].map(([, id]) => id);
  expect(shown).toEqual(loadCorpus().map(({ id }) => id));
});
