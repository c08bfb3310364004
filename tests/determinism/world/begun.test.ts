/**
 * A program that a sandbox starts lies where its zygote lies, so that its libraries have the same addresses below every kernel. For
 * that its stack may grow further at the moment of the exec, and no further than usual at any other.
 */
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture, runProgram } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const show = `
import ctypes
class Info(ctypes.Structure):
    _fields_ = [("file", ctypes.c_char_p), ("base", ctypes.c_void_p), ("name", ctypes.c_char_p), ("at", ctypes.c_void_p)]
def base(name):
    info, libc = Info(), ctypes.CDLL(None)
    libc.dladdr(ctypes.cast(getattr(libc, name), ctypes.c_void_p), ctypes.byref(info))
    return hex(info.base)
print(base("malloc"), base("Py_IncRef"), hex(id(int)))
`;

describe.runIf(process.arch === "x64")("a program that a sandbox starts", () => {
  it("has its libraries where the zygote has them, however it was started", async () => {
    const said = await runPython(`
import os, subprocess, sys
show = ${JSON.stringify(show)}
exec(show)
sys.stdout.flush()
command = [sys.executable, "-S", "-c", show]
subprocess.run(command)
subprocess.run(command, close_fds=False, env={})
os.waitpid(os.posix_spawn(sys.executable, command, {}), 0)
os.system(f"{sys.executable} -S -c '{show}'".replace('"', '\\\\"').replace("'", '"'))
print(os.popen(f"{sys.executable} -S -c '{show}'".replace('"', '\\\\"').replace("'", '"')).read(), end="")
again = "import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', sys.argv[1]])"
subprocess.run([sys.executable, "-c", again, show])
`);
    expect(said.stderr).toBe("");
    const [zygote, ...programs] = said.stdout.trim().split("\n");
    expect(programs).toEqual(Array(6).fill(zygote));
  });

  it("has threads with usual stacks, and is told the usual limit, which nobody changes", async () => {
    const said = await runPython(`
import subprocess, sys
program = """
import ctypes, resource
attributes, bytes = ctypes.create_string_buffer(64), ctypes.c_size_t()
libc = ctypes.CDLL(None, use_errno=True)
libc.pthread_getattr_default_np(attributes)
libc.pthread_attr_getstacksize(attributes, ctypes.byref(bytes))
print(bytes.value >> 20, [one >> 20 for one in resource.getrlimit(resource.RLIMIT_STACK)])
try:
    resource.setrlimit(resource.RLIMIT_STACK, (16 << 20, 16 << 20))
except (OSError, ValueError) as error:
    print(type(error).__name__)
"""
exec(program)
sys.stdout.flush()
for command in ([sys.executable, "-S", "-c", program], ["/nowhere"]):
    try:
        subprocess.run(command)
    except FileNotFoundError:
        exec(program)
`);
    expect(said).toEqual({
      stdout: "8 [8, 8]\nPermissionError\n".repeat(3),
      stderr: "",
      ending: "own 0",
    });
  });

  it("ends where its stack has grown to the usual limit, also after an exec that failed", async () => {
    const program = compileFixture("deep-stack.c");
    expect(await runProgram(program)).toEqual({
      stdout:
        "7 MiB: 0\n9 MiB: SIGSEGV\nafter a failed exec, 7 MiB: 0\nafter a failed exec, 9 MiB: SIGSEGV\n",
      stderr: "",
      ending: "own 0",
    });
  });
});
