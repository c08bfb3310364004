import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { Sandbox } from "../../sandbox/sandbox.ts";
import { zygoteEnvironment } from "../../sandbox/zygote/bubblewrap-arguments.ts";
import { ask, runScript, startScript, type ContractCheck } from "../contract-check.ts";

/** Prints the errno of each expression's failure, or what it gave. */
const tryAll = (setup: string, expressions: Readonly<Record<string, string>>): string => `
import errno, json, os
${setup}
seen = {}
${Object.entries(expressions)
  .map(
    ([name, expression]) =>
      `try: seen[${JSON.stringify(name)}] = repr(${expression})\nexcept OSError as e: seen[${JSON.stringify(name)}] = errno.errorcode[e.errno]`,
  )
  .join("\n")}
print(json.dumps(seen))`;

/** What one sandbox can know of its siblings, of those before it, and of the host. */
export const isolationChecks: readonly ContractCheck[] = [
  {
    name: "siblings share no files, /tmp, /dev/shm or processes",
    run: async (backend) => {
      await using one = await Sandbox.createOn(backend);
      await using other = await Sandbox.createOn(backend);
      await one.run("sh", { args: ["-c", "echo mine > /tmp/mine; echo mine > /dev/shm/mine"] });
      const sleeping = one.startProcess("sleep", { args: ["30"] });
      assert.deepEqual(await other.files.list("/tmp"), []);
      assert.deepEqual(await other.files.list("/dev/shm"), []);
      const script =
        "import os\nalive = []\nfor pid in range(1, 4000):\n  try: os.kill(pid, 0); alive.append(pid)\n" +
        "  except ProcessLookupError: pass\nassert alive == [1, os.getpid()], alive";
      const looked = await other.run("python3", { args: ["-c", script] });
      assert.equal(looked.exitCode, 0, looked.stderrText);
      sleeping.kill();
    },
  },
  {
    name: "nothing of a sandbox is left for the next one",
    run: async (backend) => {
      const spoil =
        "import builtins, os, random, sys, json\nbuiltins.spoiled = sys.spoiled = True; json.dumps = None\n" +
        "os.environ['SPOILED'] = '1'; open('/tmp/spoiled', 'w').close(); open('/dev/shm/spoiled', 'w').close()\n" +
        "os.umask(0o777); os.chdir('/')";
      const look =
        "import builtins, json, os, sys\nprint(json.dumps([hasattr(builtins, 'spoiled'), hasattr(sys, 'spoiled'),\n" +
        "  'SPOILED' in os.environ, os.listdir('/tmp'), os.listdir('/dev/shm'), os.umask(0o22), os.getcwd(), os.getpid()]))";
      const before = await ask(backend, look);
      for (let turn = 0; turn < 3; turn++) await runScript(backend, spoil);
      assert.deepEqual(await ask(backend, look), before);
      assert.deepEqual(before, [false, false, false, [], [], 0o22, "/tmp", 1]);
    },
  },
  {
    name: "the environment is exactly what is documented",
    run: async (backend) => {
      const { world } = await backend.receipt();
      const canary = `SAMESEED_CANARY_${randomBytes(6).toString("hex")}`;
      process.env[canary] = "host";
      try {
        await using sandbox = await Sandbox.createOn(backend, { env: { GIVEN: "a b" } });
        const { stdoutText } = await sandbox.run("env", { env: { OWN: "c=d" } });
        const {
          LD_PRELOAD,
          GLIBC_TUNABLES: _told,
          ...environment
        } = zygoteEnvironment(world.numericClass, world.mode);
        // The sealed world's library takes itself, and what it has libc told, out of what programs see.
        const preload = world.mode === "sealed" ? {} : { LD_PRELOAD };
        const expected = { ...environment, ...preload, GIVEN: "a b", OWN: "c=d" };
        assert.deepEqual(
          stdoutText.trim().split("\n").sort(),
          Object.entries(expected)
            .map(([name, value]) => `${name}=${value}`)
            .sort(),
        );
      } finally {
        delete process.env[canary];
      }
    },
  },
  {
    name: "the host's files, name and accounts are not there",
    run: async (backend) => {
      const folder = mkdtempSync(join(tmpdir(), "sameseed-canary-"));
      writeFileSync(join(folder, "canary"), "host");
      try {
        const [canary, name, user, root] = await ask<[boolean, string, number, string[]]>(
          backend,
          `import json, os\nprint(json.dumps([os.path.exists(${JSON.stringify(folder)}), os.uname().nodename, os.getuid(), sorted(os.listdir('/'))]))`,
        );
        assert.deepEqual([canary, name, user], [false, "sandbox", 1000]);
        assert.notEqual(name, hostname());
        for (const hidden of ["home", "var", "run", "boot", "srv", "media"]) {
          assert.ok(!root.includes(hidden), `/${hidden} is there`);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  {
    name: "there is no /proc but for the image's word on the processor, and no /sys",
    run: async (backend) => {
      const seen = await ask<Record<string, unknown>>(
        backend,
        "import json, os\nprint(json.dumps({p: os.listdir(p) if os.path.exists(p) else [] for p in ('/proc', '/sys', '/mnt')}))",
      );
      const { "/proc": proc, ...others } = seen;
      assert.deepEqual(others, { "/sys": [], "/mnt": [] });
      // A file of the image, the same on every host; images for other processors than x86-64's have none.
      assert.ok(["", "cpuinfo"].includes(String(proc)), `/proc has ${String(proc)}`);
    },
  },
  {
    name: "only /tmp and /dev/shm can be written, and nothing there is a device",
    run: async (backend) => {
      const script = `
import json, os
writable = []
for folder, folders, _ in os.walk("/"):
    probe = os.path.join(folder, "probe")
    try:
        open(probe, "w").close()
        os.remove(probe)
        writable.append(folder)
    except OSError:
        pass
odd = []
for folder, _, names in os.walk("/"):
    for name in names:
        path = os.path.join(folder, name)
        if os.lstat(path).st_mode & 0o6000: odd.append(path)
try: os.mknod("/tmp/null", 0o666 | 0o020000, os.makedev(1, 3)); odd.append("mknod")
except OSError: pass
print(json.dumps([sorted(writable), odd, sorted(os.listdir("/dev"))]))`;
      const [writable, odd, devices] = await ask<[string[], string[], string[]]>(backend, script);
      assert.deepEqual(writable, ["/dev/shm", "/tmp"]);
      assert.deepEqual(odd, []);
      assert.deepEqual(devices, ["full", "null", "random", "shm", "urandom", "zero"]);
    },
  },
  {
    name: "a sandbox holds no descriptor but its own streams",
    run: async (backend) => {
      const open =
        "import json, os\nfound = []\nfor fd in range(4096):\n  try: os.fstat(fd); found.append(fd)\n  except OSError: pass\nprint(json.dumps(found))";
      assert.deepEqual(await ask(backend, open), [0, 1, 2, 3]);
      await using sandbox = await Sandbox.createOn(backend);
      const { stdoutText } = await sandbox.run("python3", { args: ["-c", open] });
      assert.equal(stdoutText, "[0, 1, 2]\n");
    },
  },
  {
    name: "there is no socket that leaves the sandbox",
    run: async (backend) => {
      const families = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17, alg: 38, vsock: 40 };
      const expressions = Object.fromEntries(
        Object.entries(families).map(([name, family]) => [
          name,
          `socket.socket(${family}, socket.SOCK_DGRAM)`,
        ]),
      );
      const seen = await ask<Record<string, string>>(backend, tryAll("import socket", expressions));
      // A sealed world says why it cannot be had, where the host's says that it is forbidden.
      for (const [family, answer] of Object.entries(seen))
        assert.match(answer, /^(EPERM|ENETUNREACH)$/, family);
      const pair = await ask<Record<string, string>>(
        backend,
        tryAll("import socket", {
          unix: "[end.close() for end in socket.socketpair()]",
          inet: "socket.socketpair(socket.AF_INET)",
        }),
      );
      assert.deepEqual(pair, { unix: "[None, None]", inet: "EAFNOSUPPORT" });
    },
  },
  {
    name: "locks, leases, watches, keyrings and message queues, which siblings would share, are refused",
    run: async (backend) => {
      const calls = {
        keyctl: 250,
        add_key: 248,
        inotify_init1: 294,
        shmget: 29,
        msgget: 68,
        semget: 64,
        mq_open: 240,
      };
      const numbers = process.arch === "x64" ? calls : armCalls;
      const setup =
        "import ctypes, fcntl\nlibc = ctypes.CDLL(None, use_errno=True)\nfile = open('/etc/passwd')\n" +
        "def call(number):\n  if libc.syscall(number, 0, 0, 0, 0, 0) < 0: raise OSError(ctypes.get_errno(), '')\n  return 'passed'";
      const seen = await ask<Record<string, string>>(
        backend,
        tryAll(setup, {
          flock: "fcntl.flock(file, fcntl.LOCK_SH)",
          lockf: "fcntl.fcntl(file, fcntl.F_GETLK, bytes(32))",
          lease: "fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
          ...Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, `call(${number})`])),
        }),
      );
      const { flock, lockf, ...others } = seen;
      assert.deepEqual([flock, lockf], ["ENOLCK", "ENOLCK"]);
      for (const [name, answer] of Object.entries(others)) assert.equal(answer, "EPERM", name);
    },
  },
  {
    name: "a sandbox cannot signal what is outside it",
    run: async (backend) => {
      const victim = await startScript(backend, "import time\nwhile True: time.sleep(1)");
      const attack =
        "import os, signal\nfor pid in [-1, *range(2, 40000)]:\n  try: os.kill(pid, 9)\n  except OSError: pass\n" +
        "try: os.kill(1, 9)\nexcept OSError: pass\nos.kill(0, 9)"; // 0: the whole process group, wherever it is
      await runScript(backend, attack);
      let isOver = false;
      void victim.ended.then(() => (isOver = true));
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(isOver, false);
      victim.kill();
      assert.equal((await victim.ended).cause, "killed");
    },
  },
];

const armCalls = {
  keyctl: 219,
  add_key: 217,
  inotify_init1: 26,
  shmget: 194,
  msgget: 186,
  semget: 190,
  mq_open: 180,
};
