/**
 * Every program's C library is told the same class of processors, out of the program's sight: where the linker looks for libraries hangs
 * on it, and with that what lies in the heap.
 */
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const ask = `
import os, subprocess, sys
# Leaf 7 of CPUID as libc goes by it: bit 16 of EBX is AVX-512's, bit 5 AVX2's, which shows that there is an answer (sys/platform/x86.h).
active = """
import ctypes
ask = ctypes.CDLL(None).__x86_get_cpuid_feature_leaf
ask.restype = ctypes.POINTER(ctypes.c_uint32)
print(ask(1)[5] >> 16 & 1, ask(1)[5] >> 5 & 1)
"""
def run(program, options):
    return subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, **options).stdout.strip()
def features(**options): return run(active, options)
def seen(**options):
    return run("import os; print({name: value for name, value in os.environ.items() if 'TUNABLES' in name})", options)
`;

describe.runIf(process.arch === "x64")("what libc is told of the processor", () => {
  it("is the same in every program, whatever environment it was given, and not to be seen", async () => {
    const said = await runPython(`${ask}
print(seen(), seen(env={}), "GLIBC_TUNABLES" in os.environ)
print(features(), "|", features(env={}), "|", features(env={"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}))
exec(active)
`);
    expect(said).toEqual({ stdout: "{} {} False\n0 1 | 0 1 | 0 1\n0 1\n", stderr: "", ending: "own 0" });
  });

  it("leaves a program's own words about other things as they are, through three programs", async () => {
    const own = "glibc.malloc.arena_max=1:glibc.malloc.perturb=7";
    const said = await runPython(`${ask}
os.environ["GLIBC_TUNABLES"] = "${own}"
print(os.environ["GLIBC_TUNABLES"], seen(), features())
again = "import os; os.execv('/bin/sh', ['sh', '-c', 'echo $GLIBC_TUNABLES'])"
print(subprocess.run([sys.executable, "-c", again], capture_output=True, text=True).stdout.strip())
print(subprocess.run([sys.executable, "-c", again], capture_output=True, text=True, env={"GLIBC_TUNABLES": ""}).stdout.strip() == "")
long = "glibc.malloc.arena_max=" + "1" * 2000
print(seen(env={"GLIBC_TUNABLES": long}), features(env={"GLIBC_TUNABLES": long}))
`);
    expect(said.stderr).toBe("");
    expect(said.stdout).toBe(`${own} {'GLIBC_TUNABLES': '${own}'} 0 1\n${own}\nTrue\n{} 0 1\n`);
  });
});
