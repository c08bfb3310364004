/*
 * `memfd_create` in a sandbox, in either world: a file in /tmp without a name, which counts where all of /tmp does, and which can be
 * opened and loaded by the paths that programs use for it. The call itself stays refused.
 */
import { afterAll, describe, expect, it, test } from "vitest";

import type { WorldMode } from "../../../src/model/receipt.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { compileFixture } from "./native-program.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const counter = compileFixture("counter.c", "-shared", "-fPIC");

const worlds = ["sealed", "host"] as const;

async function say(
  world: WorldMode,
  body: string,
  files: Record<string, Uint8Array> = {},
): Promise<string[]> {
  const { stdout, stderr, ending } = await runPython(body, { files, world });
  expect({ stderr, ending }).toEqual({ stderr: "", ending: "own 0" });
  return stdout.trim().split("\n");
}

test.each(worlds)("the streams of a program are opened by their names (%s)", async (world) => {
  const told = await say(
    world,
    `import os
with open("/dev/stdout", "w") as out:
    out.write("one\\n")
with open("/dev/stdin") as file:
    print(file.read() == "", os.path.exists("/dev/stdin"))
try:
    open("/dev/stdnone", "w")
except OSError as error:
    print(type(error).__name__)
`,
  );
  expect(told).toEqual(["one", "True False", "OSError"]);
});

describe.each(worlds)("a memory file (%s)", (world) => {
  it("is read and written through itself and through its path", async () => {
    const told = await say(
      world,
      `import os
fd = os.memfd_create("notes")
with open(f"/proc/self/fd/{fd}", "wb") as file:
    file.write(b"one two")
print(os.pread(fd, 99, 0), os.fstat(fd).st_size, os.fstat(fd).st_nlink, os.get_inheritable(fd))
with open(f"/dev/fd/{fd}", "rb") as file:
    print(file.read())
with open(f"/proc/self/fd/{fd}", "w") as file:
    file.write("3")
print(os.pread(fd, 99, 0), os.listdir("/tmp"))
for path in (f"/proc/self/fd/{fd}x", "/proc/self/fd/", "/proc/self/fd/200", "/proc/self/fd"):
    try:
        open(path)
        print("opened", path)
    except OSError as error:
        print(type(error).__name__)
only = os.open("/tmp/read", os.O_CREAT | os.O_RDONLY)
try:
    open(f"/proc/self/fd/{only}", "wb")
except OSError as error:
    print(type(error).__name__)
for flags in (4, 8):
    try:
        os.memfd_create("huge", flags)
    except OSError as error:
        print(error.errno)
`,
    );
    expect(told).toEqual([
      "b'one two' 7 0 False",
      "b'one two'",
      "b'3' []",
      ...Array<string>(4).fill("FileNotFoundError"),
      "PermissionError",
      "22",
      "22",
    ]);
  });

  it("is loaded as a library, each time a copy with a state of its own, and leaves no name behind", async () => {
    const told = await say(
      world,
      `import ctypes, os, shutil
def load():
    fd = os.memfd_create("engine.so")
    path = f"/proc/self/fd/{fd}"
    shutil.copyfile("/tmp/libcounter.so", path)
    return ctypes.CDLL(path)
first, second = load(), load()
print(first.bump(), first.bump(), second.bump(), os.listdir("/tmp"))
try:
    ctypes.CDLL(f"/proc/self/fd/{os.memfd_create('empty')}")
except OSError as error:
    print("OSError")
print(os.listdir("/tmp"))
`,
      { "/tmp/libcounter.so": counter },
    );
    expect(told).toEqual(["1 2 1 ['libcounter.so']", "OSError", "['libcounter.so']"]);
  });

  it("counts against the size of /tmp", async () => {
    const [end, written] = await say(
      world,
      `import os
fd = os.memfd_create("hoard")
written = 0
try:
    while written < 1 << 28:
        written += os.write(fd, bytes(1 << 20))
    print("never")
except OSError as error:
    print(error.errno)
print(written >> 20)
`,
    );
    // EFBIG or ENOSPC: the size of any one file is that of /tmp.
    expect(["27", "28"]).toContain(end);
    expect(Number(written)).toBeLessThanOrEqual(64);
  });
});

test.each(worlds)("a library still finds what lies on its own run path (%s)", async (world) => {
  const loader = compileFixture("loads_beside.c", "-shared", "-fPIC", "-Wl,-rpath,/tmp/beside");
  const told = await say(world, 'import ctypes\nprint(ctypes.CDLL("/tmp/libloader.so").bump_beside())\n', {
    "/tmp/libloader.so": loader,
    "/tmp/beside/libcounter.so": counter,
  });
  expect(told).toEqual(["1"]);
});

test("the host's world has them where threads ask at the same time, too", async () => {
  const told = await say(
    "host",
    `import ctypes, os, shutil, threading
from concurrent.futures import ThreadPoolExecutor
ready = threading.Barrier(8)
def load(n):
    fd = os.memfd_create("engine.so")
    path = f"/proc/self/fd/{fd}"
    shutil.copyfile("/tmp/libcounter.so", path)
    ready.wait()
    return ctypes.CDLL(path).bump(), os.readlink("/proc/self/exe")
with ThreadPoolExecutor(8) as pool:
    print(set(pool.map(load, range(80))) == {(1, os.path.realpath("/opt/python/bin/python3"))}, os.listdir("/tmp"))
`,
    { "/tmp/libcounter.so": counter },
  );
  expect(told).toEqual(["True ['libcounter.so']"]);
});
