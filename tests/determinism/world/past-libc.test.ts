/*
 * Ways past the C library's plain names: other paths to the devices of chance, system calls by instruction, libc's inner
 * calls, and memory that the kernel writes to. None shows the machine.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture, runPart, runProgram } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const lines = (text: string): Map<string, string> =>
  new Map(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(": ") as [string, string]),
  );

describe("a device of chance", () => {
  let seen: Map<string, string>,
    again: Map<string, string>,
    other: Map<string, string>,
    host: Map<string, string>;
  beforeAll(async () => {
    const program = compileFixture("device_paths.c", "-w");
    const ask = async (options = {}): Promise<Map<string, string>> => {
      const { stdout, stderr, ending } = await runProgram(program, options);
      expect({ stderr, ending }).toEqual({ stderr: "", ending: "own 0" });
      return lines(stdout);
    };
    seen = await ask();
    again = await ask();
    other = await ask({ seed: 2 });
    host = await ask({ world: "host" });
  });

  const answered =
    "open,openat,slashes,dots,link,link of a link,link to the folder,read and write,syscall,fopen,freopen,freopen of a link,relative";
  for (const how of answered.split(","))
    it(`gives seeded bytes: ${how}`, () => {
      expect(seen.get(how)).toMatch(/^[0-9a-f]{8}$/);
      expect(other.get(how)).toMatch(/^[0-9a-f]{8}$/);
      expect(other.get(how)).not.toBe(seen.get(how));
    });

  it("gives the same bytes in every run, and never the same twice in one", () => {
    expect(again).toEqual(seen);
    const drawn = [...seen.values()].filter((value) => /^[0-9a-f]{8}$/.test(value));
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(drawn.length).toBe(answered.split(",").length);
  });

  it("is not there for a system call by instruction", () => {
    expect(seen.get("instruction")).toBe("EACCES");
    expect(seen.get("instruction, random")).toBe("EACCES");
    expect(host.get("instruction"), "where there is one").toMatch(/^[0-9a-f]{8}$/);
  });

  it("looks like one", () => {
    for (const how of ["link, not followed", "a folder", "writing", "access", "stat", "glob"])
      expect.soft(seen.get(how), how).toBe(host.get(how));
    expect(seen.get("entry")).toBe("1");
  });

  it("is counted, whatever its name", async () => {
    const said = await runPython(
      "import os\nfrom sameseed import _zygote\nos.chdir('/dev'); folder = os.open('/dev', os.O_RDONLY)\n_zygote.world_step(0)\n" +
        "os.open('urandom', 0); os.open('random', 0, dir_fd=folder); open('//dev/urandom', 'rb').close()\n" +
        "print(_zygote.world_step(1)[0][12])",
    );
    expect(said).toMatchObject({ stdout: "3\n", stderr: "" });
  });
});

describe("a system call by instruction, or inside libc,", () => {
  it("lists in the order of names, whatever fits at a time", async () => {
    const { stdout, ending } = await runProgram(compileFixture("raw_files.c", "-w"));
    expect(ending).toBe("own 0");
    const names = "0123456789ab".split("");
    const seen = stdout.trim().split("\n");
    expect(seen).toEqual([
      `instruction: . .. ${names.join(" ")}`,
      `instruction, three at a time: . .. ${names.join(" ")}`,
      `function: . .. ${names.join(" ")}`,
      `ftw: /tmp/many ${names.map((name) => `/tmp/many/${name}`).join(" ")}`,
      "uname sandbox 6.1.0-sealed",
      "affinity 8 1 0",
      expect.stringMatching(/^statx 946684 \d 0 0$/),
      "statfs 262144 262144",
      "newfstatat by function 0",
      "fstat by function 0",
    ]);
  });
});

describe("restartable sequences", () => {
  it("tell no thread its processor", async () => {
    const program = compileFixture("rseq.c", "-pthread");
    const sealed = await runProgram(program);
    expect(sealed.stdout).toBe("first -2 0\nsecond -2 0\nregistering 38\n");
    const host = await runProgram(program, { world: "host" });
    expect(host.stdout).toMatch(/^first \d+ \d+\nsecond \d+ \d+\n/);
  });

  it("are over in the sandbox's own process, which was forked from one that had them", async () => {
    const ask =
      "import ctypes\nlibc = ctypes.CDLL(None)\noffset = ctypes.c_ssize_t.in_dll(libc, '__rseq_offset').value\n" +
      "base = ctypes.c_void_p.from_address\nlibc.pthread_self.restype = ctypes.c_ulong\n" +
      "print(ctypes.c_int32.from_address(libc.pthread_self() + offset + 4).value)";
    expect((await runPython(ask)).stdout).toBe("-2\n");
    expect(Number((await runPython(ask, { world: "host" })).stdout)).toBeGreaterThanOrEqual(0);
  });
});

it.runIf(process.arch === "x64")("says where the page of old system calls answers past every filter", () => {
  expect(runPart("old-page.c")).toBe(`seen: held
not seen: as it is
`);
});
