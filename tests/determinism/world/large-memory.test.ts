/**
 * Memory of 2 MiB and more has places that are no kernel's choice, and nothing that lives is lost for it.
 */
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture, runProgram } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const libc = `
import ctypes, mmap, os, signal, subprocess, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = libc.mremap.restype = libc.malloc.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.malloc.argtypes = [ctypes.c_size_t]
KIB, MIB, FIRST, FAILED = 1 << 10, 1 << 20, 0x200000000000, (1 << 64) - 1
def take(size, flags=0x22, hint=None): return libc.mmap(hint, size, 3, flags, -1, 0)
`;

/** Whatever a program does with mappings, each has its own bytes; numbers follow from the world's seed. */
const useMuch = `${libc}
import random
chance, live = random.Random(int.from_bytes(os.urandom(8), "big")), []
def size(): return chance.choice([chance.randrange(1, 6 * MIB), chance.randrange(1, 4) * 2 * MIB, 2 * MIB - 1, 64 * KIB])
def mark(number, bytes): return bytes[0] == number and bytes[len(bytes) - 1] == number and bytes[len(bytes) // 2] == number
def fill(number, bytes): bytes[0] = bytes[len(bytes) // 2] = bytes[len(bytes) - 1] = number
for step in range(3000):
    number = step % 251 + 1
    doing = chance.random()
    if doing < 0.45 and len(live) < 12:
        one = mmap.mmap(-1, size(), flags=0x22)
        assert one[0] == one[len(one) // 2] == one[-1] == 0, "new memory is empty"
        fill(number, one)
        live.append((number, one))
    elif doing < 0.7 and live:
        at = chance.randrange(len(live))
        old, one = live[at]
        first = one[0]
        one.resize(len(one) + size() if len(one) < 16 * MIB else size())
        assert one[0] == first == old
        fill(old, one)
    elif live:
        live.pop(chance.randrange(len(live)))[1].close()
    assert all(mark(number, one) for number, one in live), step
print("kept")
`;

describe("memory of 2 MiB and more", () => {
  it("lies at fixed places one after the other, whoever asks libc for it", async () => {
    const said = await runPython(`${libc}
at = [take(size) for size in (4 * MIB, 4 * MIB + 1, 2 * MIB)] + [take(2 * MIB, 0x21), libc.malloc(5 * MIB) - 16]
print([(one - FIRST) // (2 * MIB) - (at[0] - FIRST) // (2 * MIB) for one in at], {one % (2 * MIB) for one in at})
print(all(FIRST <= one < FIRST + (1 << 40) for one in at), FIRST <= take(2 * MIB - 4096) < FIRST + (1 << 46))
threading.stack_size(8 * MIB)
thread = threading.Thread(target=lambda: print(FIRST <= threading.get_ident() < FIRST + (1 << 40)))
thread.start(), thread.join()
`);
    expect(said).toEqual({
      stdout: "[0, 2, 5, 6, 7] {0}\nTrue False\nTrue\n",
      stderr: "",
      ending: "own 0",
    });
  });

  it("lies at the same places in a program that is begun", async () => {
    const said = await runPython(`${libc}
if len(sys.argv) == 1:
    import numpy
source = ${JSON.stringify(libc)} + "print([hex(take(size)) for size in (3 * MIB, 4 * MIB)], hex(libc.malloc(9 * MIB)))"
runs = {subprocess.run([sys.executable, "-c", source], capture_output=True, text=True).stdout for _ in range(3)}
print(runs)
`);
    expect(said.stderr).toBe("");
    expect(said.stdout).toBe(`{"['0x200000000000', '0x200000400000'] 0x200000800010\\n"}\n`);
  });

  it("comes back to the place that was given back, and leaves hints and fixed addresses to the kernel", async () => {
    const said = await runPython(`${libc}
first = take(3 * MIB)
libc.munmap(first, 3 * MIB)
print(take(2 * MIB) == first)
hint = 0x123400000000
print(take(4 * MIB, hint=hint) == hint, take(4 * MIB, 0x32, hint) == hint, take(4 * MIB, 0x100022, hint) == FAILED, ctypes.get_errno() == 17)
`);
    expect(said).toEqual({ stdout: "True\nTrue True True True\n", stderr: "", ending: "own 0" });
  });

  it("grows where it lies, or goes behind all others, also where the limit has no room for it twice", async () => {
    const said = await runPython(
      `${libc}
import resource
a = take(150 * MIB)
ctypes.memset(a, 7, 150 * MIB)
b = take(2 * MIB)
grown = libc.mremap(a, 150 * MIB, 170 * MIB, 1)
print(grown > b, ctypes.string_at(grown + 150 * MIB - 2, 3))
print(libc.mremap(grown, 170 * MIB, 180 * MIB, 1) == grown)
after = take(2 * MIB)
print(after >= grown + 180 * MIB or after < grown)
for size in (1 << 35, 1 << 40, 1 << 44, 1 << 46, (1 << 64) - (1 << 20)):
    if libc.mremap(grown, 180 * MIB, size, 1) != FAILED or ctypes.get_errno() not in (12, 22):
        print(size)
print(True, ctypes.string_at(grown + 150 * MIB - 2, 3) == b"\\x07\\x07\\x00")
`,
    );
    expect(said).toEqual({
      stdout: "True b'\\x07\\x07\\x00'\nTrue\nTrue\nTrue True\n",
      stderr: "",
      ending: "own 0",
    });
  });

  it("keeps its bytes over thousands of changes", { timeout: 120_000 }, async () => {
    for (const seed of [1, 2, 3])
      expect(await runPython(useMuch, { seed })).toEqual({ stdout: "kept\n", stderr: "", ending: "own 0" });
  });

  it("has those places, from 16 KiB on, where it is shared or a file's", async () => {
    const said = await runPython(`${libc}
with open("/tmp/file", "wb+") as file:
    file.truncate(3 * MIB)
    at = [take(size, 0x21) for size in (16 * KIB, 200 * KIB)] + [libc.mmap(None, 64 * KIB, 3, kind, file.fileno(), 0) for kind in (1, 2)]
    # MAP_SHARED_VALIDATE, which refuses flags that it does not know.
    print(libc.mmap(None, 3 * MIB, 3, 3, file.fileno(), 0) != FAILED)
print(all(FIRST <= one < FIRST + (1 << 40) and one % (2 * MIB) == 0 for one in at), FIRST <= take(12 * KIB, 0x21) < FIRST + (1 << 40))
`);
    expect(said).toEqual({ stdout: "True\nTrue False\n", stderr: "", ending: "own 0" });
  });

  it("is nobody else's while it grows and others take some, all at once", async () => {
    const program = compileFixture("growing-memory.c", "-pthread");
    const said = await runProgram(program, { settings: { threads: 2 } });
    expect(said).toEqual({ stdout: "moved, lost 0\n", stderr: "", ending: "own 0" });
  });

  it("is to be had where a program holds back every signal", async () => {
    const said = await runPython(`${libc}
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print(take(4 * MIB) > 0, libc.malloc(8 * MIB) > 0)
thread = threading.Thread(target=lambda: print(take(4 * MIB) > 0))
thread.start(), thread.join()
`);
    expect(said).toEqual({ stdout: "True True\nTrue\n", stderr: "", ending: "own 0" });
  });

  it("is given once where threads and children race for it", async () => {
    const program = compileFixture("large-memory.c", "-pthread");
    expect(await runProgram(program)).toEqual({ stdout: "kept\n", stderr: "", ending: "own 0" });
    expect(await runProgram(program, { settings: { threads: 2 } })).toEqual({
      stdout: "kept\n",
      stderr: "",
      ending: "own 0",
    });
  });
});
