import { afterAll, expect, test } from "vitest";

import { findOnPath } from "../../../src/image/find-python.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture, compileWith, runProgram } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

test("a program that asks the kernel itself is answered by the world", async () => {
  const program = compileFixture("raw_calls.c");
  const one = await runProgram(program);
  expect(one.stderr).toBe("");
  expect(one.stdout.replaceAll(/ [0-9a-f]{6}$/gm, " *")).toBe(
    [
      "clock 946684800",
      "clock by function 1000",
      "after an hour 946688400",
      "after a futex -1 946692000",
      "random 16 *",
      "random by function 16 *",
      "cpu 0",
      "sysinfo 0 8200 1",
      "auxv *",
      "",
    ].join("\n"),
  );
  expect(await runProgram(program)).toEqual(one);
  const other = await runProgram(program, { seed: 2 });
  for (const [index, line] of one.stdout.split("\n").entries())
    if (/^random|^auxv/.test(line)) expect(other.stdout.split("\n")[index]).not.toBe(line);
});

test("every wait of the C library takes logical time only, and ends as it should", async () => {
  const program = compileFixture("waits.c", "-w", "-pthread");
  const one = await runProgram(program);
  expect(one.ending).toBe("own 0");
  expect(one.stdout.trim().split("\n")).toEqual([
    "usleep 0 1500",
    "sleep 0 2000",
    "thrd_sleep 0 2000",
    "clock_nanosleep 0 3000",
    "clock_nanosleep-wrong 22 0",
    "ppoll 0 2000",
    "pselect 0 2000",
    "epoll_pwait 0 2500",
    "timerfd 1 15000",
    "timerfd-absolute 1 15000",
    "timerfd-repeated 105 11000",
    "posix-timer 7 4000",
    "sigsuspend 1 6000",
    "ualarm 4 2000",
    "interrupted-sleep 7 3000",
    "sem_timedwait 1 4000",
    "cond_timedwait 1 4000",
    "mutex_timedlock 1 4000",
    "times 1 0",
    "clock 1 0",
    "time 946 0",
    "execl 5 0",
    "vfork-execlp 5 0",
    "execle 5 0",
    "arc4random 0 0",
  ]);
  expect(await runProgram(program)).toEqual(one);
});

test("a timer writes to nothing that took its descriptor's place, and lives on in a copy", async () => {
  const program = compileFixture("replaced_timers.c", "-w");
  const sealed = await runProgram(program);
  expect(sealed.stderr).toBe("");
  expect(sealed.stdout.trim().split("\n")).toEqual([
    "dup2 0",
    "dup3 0",
    "close_range 0",
    "closefrom 0",
    "fclose 0",
    "an eventfd -1 0",
    "a copy 8 1",
    "set through a copy 1",
    "through a copy 8 1",
    "and again -1 0",
  ]);
});

test("a thread that ends while it waits for the kernel in another's name takes signals with its own mask", async () => {
  const said = await runProgram(compileFixture("leaving_thread.c", "-w", "-pthread"));
  expect(said).toMatchObject({ stdout: "read 1\n", ending: "own 0" });
});

test("a statically linked program is refused with the reason, however it is started, and counted", async () => {
  const program = compileFixture("raw_calls.c", "-static");
  const start = `
import os, subprocess
from sameseed import _zygote
os.chmod("/tmp/program", 0o755)
open("/tmp/script", "w").write("#!/tmp/program\\n")
os.chmod("/tmp/script", 0o755)
_zygote.world_step(0)
for path in ("/tmp/program", "/tmp/script"):
    for begin in (subprocess.run, lambda a: os.posix_spawn(a[0], a, {}), lambda a: os.execv(a[0], a)):
        try:
            begin([path])
        except PermissionError as error:
            print(error.errno)
print(os.system("/tmp/program") >> 8)
print(_zygote.world_step(1)[0][13])
`;
  const said = await runPython(start, { files: { "/tmp/program": program } });
  expect(said.stdout).toBe("13\n13\n13\n13\n13\n13\n126\n6\n");
  expect(said.stderr).toContain(
    'sameseed: /tmp/program was not started: it is statically linked, so it cannot be sealed. Use a dynamically linked build, or world "host".',
  );
  const short = compileFixture("raw_calls.c", "-static", "-DHOUR=0");
  const host = await runProgram(short, { world: "host" });
  expect(host.stdout).toContain("clock ");
  expect(host.stdout).not.toContain("clock 946684800");
});

test("a program of another C library is refused with the reason", async () => {
  const program = compileFixture("raw_calls.c", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1");
  const said = await runProgram(program);
  expect(said.stderr).toContain("it was built for another C library");
});

const cxx = findOnPath("g++", process.env["PATH"]);
test.skipIf(cxx === undefined)("C++'s random_device follows the seed (needs g++)", async () => {
  const program = compileWith(cxx!, "random_device.cc");
  const one = await runProgram(program);
  expect(one.stdout).toMatch(/^\d+ \d+ \d+ 32/);
  expect(await runProgram(program)).toEqual(one);
  expect((await runProgram(program, { seed: 2 })).stdout).not.toBe(one.stdout);
});

test("the receipt's name of a sealed world says what does not hold: nothing, where the vDSO could be patched", async () => {
  const ask = "from sameseed import _zygote; print(_zygote.world_name())";
  expect((await runPython(ask)).stdout).toBe("sealed\n");
  expect((await runPython(ask, { world: "host" })).stdout).toBe("host\n");
});

test("the vDSO itself is the world's: a call past libc reads the logical clock", async () => {
  const ask = `
import ctypes
class Time(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]
import struct
def auxv():
    libc = ctypes.CDLL(None)
    libc.getauxval.restype = ctypes.c_ulong
    return libc.getauxval(33)
base = auxv()
head = ctypes.string_at(base, 8192)
phoff, = struct.unpack_from("<Q", head, 32)
count, = struct.unpack_from("<H", head, 56)
tables = {}
for i in range(count):
    kind, _, offset = struct.unpack_from("<IIQ", head, phoff + 56 * i)
    if kind == 2:
        while True:
            tag, value = struct.unpack_from("<qQ", head, offset)
            if tag == 0:
                break
            tables[tag] = value
            offset += 16
for i in range(1, 32):
    name, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", head, tables[6] + 24 * i)
    end = head.index(b"\\0", tables[5] + name)
    if head[tables[5] + name:end] == b"__vdso_clock_gettime":
        now = Time()
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(Time))(base + value)(0, ctypes.byref(now))
        print(now.s)
        break
`;
  expect((await runPython(ask)).stdout).toBe("946684800\n");
  expect(Number((await runPython(ask, { world: "host" })).stdout)).toBeGreaterThan(1_700_000_000);
});
