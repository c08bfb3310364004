/* A program of a sandbox finds the file it was started from, by the link that programs read for that. */
import { afterAll, expect, test } from "vitest";

import type { WorldMode } from "../../../src/model/receipt.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const program = compileFixture("own_program.c", "-w", "-O2", "-D_FORTIFY_SOURCE=2");
const expected = [
  "link /tmp/engine/program",
  "short /tmp",
  "number /tmp/engine/program",
  "at /tmp/engine/program",
  "whole /tmp/engine/program",
  "begins ELF",
  "other -",
  "written -",
];

async function say(start: string, world: WorldMode = "sealed"): Promise<string[]> {
  const before = "import os, subprocess, sys\nos.chmod('/tmp/engine/program', 0o755)\n";
  const files = { "/tmp/engine/program": program, "/tmp/script": "#! /tmp/engine/program\n" };
  const { stdout, stderr, ending } = await runPython(`${before}${start}`, { files, world });
  expect({ stderr, ending }).toEqual({ stderr: "", ending: "own 0" });
  return stdout.trim().split("\n");
}

test("however it was started, a program's own file is the one that runs", async () => {
  expect(await say("subprocess.run(['/tmp/engine/program'], env={})")).toEqual(expected);
  const link = "os.symlink('engine', '/tmp/link')\n";
  expect(await say(`${link}subprocess.run(['/tmp/link/program', '/dev'], env={})`)).toEqual(expected);
  expect(await say("os.chdir('/tmp/engine')\nsubprocess.run(['./program', '/dev'], env={})")).toEqual(
    expected,
  );
  const script = await say("os.chmod('/tmp/script', 0o755)\nsubprocess.run(['/tmp/script'])");
  expect(script, "what a script names").toEqual(expected);
});

test("in the host's world too, where the environment says what is loaded first", async () => {
  expect(await say("subprocess.run(['/tmp/engine/program'])", "host")).toEqual(expected);
  expect(await say("os.chdir('/tmp/engine')\nsubprocess.run(['./program', '/dev'])", "host")).toEqual(
    expected,
  );
});

test.each(["sealed", "host"] as const)(
  "Python's own is the interpreter, in a fork too (%s)",
  async (world) => {
    const told = await say(
      `print(os.readlink("/proc/self/exe"), open("/proc/self/exe", "rb").read(4)[1:])
sys.stdout.flush()
if os.fork() == 0:
    print(os.readlink(f"/proc/{os.getpid()}/exe"))
    sys.stdout.flush()
    os._exit(0)
os.wait()
try:
    os.readlink("/proc/self/nothing")
except FileNotFoundError:
    print("nothing")
`,
      world,
    );
    expect(told).toEqual([
      expect.stringMatching(/^\/opt\/python\/bin\/python3[\d.]* b'ELF'$/),
      told[0]!.split(" ")[0],
      "nothing",
    ]);
  },
);
