/*
 * The processor's counter of cycles is the logical clock, and the signal that this takes is still the program's.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture, runPart, runProgram } from "./native-program.ts";
import { runPython, type Said } from "./sealed-python.ts";

afterAll(closeSandboxes);

describe.runIf(process.arch === "x64")("the counter of cycles", () => {
  let sealed: Said, host: Said;
  beforeAll(async () => {
    const program = compileFixture("cycles.c", "-pthread", "-w");
    sealed = await runProgram(program);
    host = await runProgram(program, { world: "host" });
  });

  const withoutCounts = (text: string): string => text.replaceAll(/\d{9,}/g, "N").replace(/ on \d+/, "");
  const isRead = (line: string): boolean => /: \d{9,}/.test(line);

  it("says the logical time in nanoseconds, also in threads, handlers, forks and programs that an exec began", () => {
    expect(sealed).toMatchObject({ stderr: "", ending: "own 0" });
    const read = sealed.stdout.split("\n").filter(isRead);
    expect(read).toMatchInlineSnapshot(`
      [
        "first: 1000000008000",
        "second: 1000000011000",
        "thread that blocks all: 1000003020000 on 0",
        "in a handler: 1000003021000",
        "in a handler: 1000003022000",
        "after an ignored one: 1000003023000",
        "after that: 1000003023000",
        "an exec: 1000003023000",
        "posix_spawn: 1000003023000",
        "system: 1000003025000",
        "while system waits: 1000003022000",
        "after an exec that failed: 1000003023000",
      ]
    `);
    expect(sealed.stdout).toContain("calibrated: 1.000 after 2\n");
  });

  it("changes nothing of what programs do with SIGSEGV", () => {
    expect(host.ending).toBe("own 0");
    const kept = (text: string): string[] =>
      withoutCounts(text)
        .split("\n")
        .filter((line) => !/^(calibrated|taken back)/.test(line));
    expect(kept(sealed.stdout)).toEqual(kept(host.stdout));
    expect(host.stdout.split("\n").filter(isRead)).not.toEqual(sealed.stdout.split("\n").filter(isRead));
  });

  it("is the library's alone to take back", () => {
    expect(sealed.stdout).toContain("taken back: no\n");
    expect(host.stdout).not.toContain("taken back: yes\n");
  });

  it("answers the instructions that wait for a time of it", () => {
    expect(runPart("pauses.c")).toBe(`tpause until a moment ago: answered, 4 bytes, 1000 ns, flags 2
tpause for 50 us: answered, 4 bytes, 51000 ns, flags 2
tpause for ever, with a prefix: answered, 5 bytes, 101000 ns, flags 3
umwait for 7 us: answered, 4 bytes, 8000 ns, flags 2
clflushopt: left, 0 bytes, 0 ns, flags 8d7
umonitor: left, 0 bytes, 0 ns, flags 8d7
rdtsc: answered, 2 bytes, 1000 ns, flags 8d7
`);
  });

  it("is the logical time for handlers while a program begins, which blocks what its parent blocked", async () => {
    const said = await runProgram(compileFixture("signal-storm.c", "-w"));
    expect(said).toMatchObject({ stderr: "", ending: "own 0" });
    expect(said.stdout).toBe(`posix_spawn: heard, 0 late
popen: heard, 0 late
an exec that fails: heard, 0 late
spawned: 1 64
chosen: 1 12 64
piped:
shell:
own: 1 64
replaced: 1 64
`);
  });

  it("is counted as a clock", async () => {
    const machine = "b'\\x0f\\x31\\x48\\xc1\\xe2\\x20\\x48\\x09\\xd0\\xc3'"; // rdtsc; shl rdx, 32; or rax, rdx; ret
    const said = await runPython(
      "import ctypes, mmap\nfrom sameseed import _zygote\n" +
        `page = mmap.mmap(-1, 4096, prot=7); page.write(${machine})\n` +
        "read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(page)))\n" +
        "read(); _zygote.world_step(0); a = read(); b = read()\nprint(b - a, _zygote.world_step(1)[0][0])",
    );
    expect(said).toMatchObject({ stdout: "1000 2\n", stderr: "" });
  });

  it("leaves Python's report of a crash as it is", async () => {
    const said = await runPython("import faulthandler, ctypes\nfaulthandler.enable()\nctypes.string_at(0)");
    expect(said.stderr).toContain("Fatal Python error: Segmentation fault");
    expect(said.ending).toMatch(/11|SIGSEGV/);
  });
});
