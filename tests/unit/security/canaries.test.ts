import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

import { Canaries } from "../../../src/security/canaries.ts";

const user = process.getuid!();

it("canaries that nobody touched are as they were, and gone afterwards", () => {
  const variables = Object.keys(process.env);
  const canaries = new Canaries(user, undefined);
  expect(canaries.check()).toEqual([]);
  expect(canaries.leaksIn(Buffer.from("nothing of interest"))).toEqual([]);
  canaries[Symbol.dispose]();
  expect(Object.keys(process.env)).toEqual(variables);
  expect(() => readFileSync(canaries.file)).toThrow(/ENOENT/);
});

it.for<[string, string, (canaries: Canaries) => void]>([
  ["a file that was written", "the host's file", ({ file }): void => writeFileSync(file, "other")],
  ["a file whose time was set", "the host's file", ({ file }): void => utimesSync(file, 1, 1)],
  ["a file that was removed", "the host's file", ({ file }): void => rmSync(file)],
  [
    "a file that came",
    "the host's file",
    ({ file }): void => writeFileSync(join(dirname(file), "folder", "left"), ""),
  ],
  ["a variable that was set", "the host's environment", (): void => setCanaryVariable("other")],
  ["a process that was killed", "the host's process", ({ pid }): void => killAndWait(pid)],
])("%s is seen", ([, what, touch]) => {
  using canaries = new Canaries(user, undefined);
  touch(canaries);
  expect(canaries.check()).toEqual([`${what} changed`]);
});

it("a secret in what came out is seen, wherever it was planted", () => {
  using canaries = new Canaries(user, undefined);
  const variable = Object.keys(process.env).find((name) => name.startsWith("SAMESEED_CANARY_"))!;
  const commandLine = readFileSync(`/proc/${canaries.pid}/cmdline`);
  for (const secret of [readFileSync(canaries.file), Buffer.from(process.env[variable]!), commandLine]) {
    expect(canaries.leaksIn(Buffer.concat([Buffer.from("\0\xff"), secret]))).toHaveLength(1);
  }
});

function setCanaryVariable(value: string): void {
  const name = Object.keys(process.env).find((each) => each.startsWith("SAMESEED_CANARY_"))!;
  process.env[name] = value;
}

/** The kernel takes a moment; afterwards the process is a zombie at most, which is as gone as a canary can be. */
function killAndWait(pid: number): void {
  process.kill(pid, "SIGKILL");
  for (let state = ""; !/^[ZX]/.test(state);) {
    state = /^State:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "X";
  }
}
