import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Sandbox } from "../../sandbox/sandbox.ts";
import { ask, eventually, markedPids, sleepMarker, type ContractCheck } from "../contract-check.ts";

const libc = "import ctypes, errno, json, os\nlibc = ctypes.CDLL(None, use_errno=True)\n";

/** Calls that nobody behind the wall may make: number on x86-64, on arm64. */
const forbidden: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  bpf: [321, 280],
  chroot: [161, 51],
  clone3: [435, 435],
  io_uring_setup: [425, 425],
  kexec_load: [246, 104],
  memfd_create: [319, 279],
  mount: [165, 40],
  open_tree: [428, 428],
  perf_event_open: [298, 241],
  personality: [135, 92],
  pivot_root: [155, 41],
  process_vm_readv: [310, 270],
  ptrace: [101, 117],
  setns: [308, 268],
  splice: [275, 76],
  umount2: [166, 39],
  unshare: [272, 97],
  userfaultfd: [323, 282],
};

/** The wall as it is seen from inside. */
export const wallChecks: readonly ContractCheck[] = [
  {
    name: "no capability is held or can be had, no new privileges, a filter is on, and memory is not dumpable",
    run: async (backend) => {
      const script = `${libc}import subprocess, sys
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)()
libc.syscall(${process.arch === "x64" ? 125 : 90}, header, data)
bounding = [n for n in range(64) if libc.prctl(23, n, 0, 0, 0) == 1]
print(json.dumps({
    "capabilities": list(data), "bounding": bounding, "noNewPrivileges": libc.prctl(39, 0, 0, 0, 0),
    "seccomp": libc.prctl(21, 0, 0, 0, 0), "dumpable": libc.prctl(3, 0, 0, 0, 0),
    "startedDumpable": int(subprocess.check_output([sys.executable, "-c", "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"])),
}))`;
      assert.deepEqual(await ask(backend, script), {
        capabilities: [0, 0, 0, 0, 0, 0],
        bounding: [],
        noNewPrivileges: 1,
        seccomp: 2,
        dumpable: 0,
        startedDumpable: 0,
      });
    },
  },
  {
    name: "calls that reach the kernel's depths, other namespaces or other processes are refused",
    run: async (backend) => {
      const column = process.arch === "x64" ? 0 : 1;
      const numbers = Object.fromEntries(
        Object.entries(forbidden).map(([name, each]) => [name, each[column]]),
      );
      const script = `${libc}
seen = {}
for name, number in json.loads(${JSON.stringify(JSON.stringify(numbers))}).items():
    answer = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    seen[name] = errno.errorcode[ctypes.get_errno()] if answer < 0 else "passed"
print(json.dumps(seen))`;
      const seen = await ask<Record<string, string>>(backend, script);
      for (const [name, answer] of Object.entries(seen)) {
        assert.equal(answer, name === "clone3" ? "ENOSYS" : "EPERM", name);
      }
    },
  },
  {
    name: "no namespace can be made with clone",
    run: async (backend) => {
      const clone = process.arch === "x64" ? 56 : 220;
      const script = `${libc}
seen = []
for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
    answer = libc.syscall(${clone}, flag | 17, 0, 0, 0, 0)
    if answer == 0: os._exit(0)
    seen.append(errno.errorcode[ctypes.get_errno()] if answer < 0 else "passed")
print(json.dumps(seen))`;
      // 0x80 (CLONE_NEWTIME) lies in the signal's byte for clone, so the kernel takes no namespace from it.
      const seen = await ask<string[]>(backend, script);
      assert.deepEqual(new Set(seen), new Set(["EPERM"]));
    },
  },
  {
    name: "calls of another architecture kill the program",
    run: async (backend) => {
      if (process.arch !== "x64") return;
      await using sandbox = await Sandbox.createOn(backend);
      // mov eax, 20 (getpid of i386); int 0x80; ret
      const code = "b814000000cd80c3";
      const i386 = `import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\nm.write(bytes.fromhex("${code}"))\nctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()`;
      assert.equal((await sandbox.run("python3", { args: ["-c", i386] })).signal, "SIGSYS");
      const x32 = "import ctypes\nctypes.CDLL(None).syscall(0x40000000 + 39)";
      assert.equal((await sandbox.run("python3", { args: ["-c", x32] })).signal, "SIGSYS");
    },
  },
  {
    name: "the receipt names what stands",
    run: async (backend) => {
      const receipt = await backend.receipt();
      assert.equal(receipt.backend, backend.name);
      assert.equal(receipt.wall.network, "none");
      assert.deepEqual([...receipt.wall.namespaces].sort(), [
        "ipc",
        "mount",
        "network",
        "pid",
        "user",
        "uts",
      ]);
      assert.match(receipt.wall.seccomp, /^sha256:[0-9a-f]{64}$/);
      assert.ok(receipt.wall.user.host !== 0, "sandboxes run as root");
    },
  },
  {
    name: "sandboxes that run at one time have ids of their own, or one, as the receipt says",
    run: async (backend) => {
      const { ids } = (await backend.receipt()).wall.user;
      const marker = sleepMarker();
      await using one = await Sandbox.createOn(backend);
      await using other = await Sandbox.createOn(backend);
      // In a sealed world a sleep takes no time; waiting for input that does not come takes it all.
      const waits = { args: ["-c", "import sys; sys.stdin.read()", marker] };
      for (const each of [one, other]) each.startProcess("python3", waits);
      assert.ok(await eventually(() => markedPids(marker).length === 2), "they were never started");
      const users = markedPids(marker).map((pid) => userOf(pid));
      assert.equal(new Set(users).size, ids === "own" ? 2 : 1, users.join());
      assert.ok(!users.includes("0"), "they run as root");
      const epoll = await one.run("python3", { args: ["-c", "import select; select.epoll()"] });
      assert.equal(epoll.exitCode, ids === "own" ? 0 : 1);
    },
  },
];

/** The real user id of a process of this host. */
function userOf(pid: string): string | undefined {
  return /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
}
