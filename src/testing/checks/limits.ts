import assert from "node:assert/strict";

import { Sandbox } from "../../sandbox/sandbox.ts";
import { ask, codeOf, runScript, type ContractCheck } from "../contract-check.ts";

/** What a sandbox may use, and what happens at the end of it. */
export const limitChecks: readonly ContractCheck[] = [
  {
    name: "memory: one great demand fails, many small ones end the program, and the sandbox goes on",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend, { memoryMb: 64 });
      const great = await sandbox.run("python3", { args: ["-c", "bytearray(1 << 30)"] });
      assert.deepEqual([great.memoryExceeded, great.exitCode], [true, 1]);
      const small = "parts = []\nwhile True: parts.append(bytearray(1 << 20))";
      const many = await sandbox.run("python3", { args: ["-c", small] });
      assert.equal(many.memoryExceeded, true);
      assert.notEqual(many.exitCode, 0);
      assert.equal((await sandbox.run("true")).exitCode, 0);
    },
  },
  {
    name: "memory: a script that eats it all ends with a memory error or by the kernel",
    run: async (backend) => {
      const { end, stderr } = await runScript(
        backend,
        "parts = []\nwhile True: parts.append(bytearray(1 << 20))",
        {
          memoryMb: 64,
        },
      );
      assert.ok(end.cause === "memory" || /MemoryError/.test(stderr), JSON.stringify(end));
    },
  },
  {
    name: "processes: no more than the limit at one time, threads included",
    run: async (backend) => {
      const fork =
        "import json, os, time\nn = 1\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n    n += 1\nexcept OSError: print(json.dumps(n))";
      assert.equal(await ask(backend, fork, { processes: 20 }), 20);
      await using sandbox = await Sandbox.createOn(backend, { processes: 10 });
      const bomb = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass";
      const bombed = await sandbox.run("python3", { args: ["-c", bomb], timeoutMs: 500 });
      assert.equal(bombed.timedOut, true);
      assert.equal((await sandbox.run("true")).exitCode, 0);
    },
  },
  {
    name: "processes: a command that finds none left says so, and the sandbox goes on",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend, { processes: 2 });
      // They wait for their input: sleeping takes no time in a sealed world.
      const one = sandbox.startProcess("cat");
      const two = sandbox.startProcess("cat");
      const three = await sandbox.run("true");
      assert.deepEqual([three.exitCode, three.startError?.errno], [126, "EAGAIN"]);
      for (const each of [one, two]) each.kill();
      await Promise.all([one.wait(), two.wait()]);
      assert.equal((await sandbox.run("true")).exitCode, 0);
    },
  },
  {
    name: "disk: /tmp takes what it may and no more, in bytes and in files",
    run: async (backend) => {
      const script = `
import errno, json, os
size = 0
try:
    for n in range(1000):
        with open(f"/tmp/{n}", "wb", buffering=0) as file: size += file.write(bytes(65536))
except OSError as e: why = errno.errorcode[e.errno]
for n in os.listdir("/tmp"): os.remove(f"/tmp/{n}")
try: os.truncate(os.open("/tmp/sparse", os.O_CREAT | os.O_RDWR), 1 << 60)
except OSError as e: sparse = errno.errorcode[e.errno]
try:
    for n in range(10 ** 6): os.close(os.open(f"/tmp/{n}", os.O_CREAT))
except OSError as e: files = errno.errorcode[e.errno]
print(json.dumps([size <= 4 << 20, why, sparse, files]))`;
      assert.deepEqual(await ask(backend, script, { diskMb: 4 }), [true, "ENOSPC", "EFBIG", "ENOSPC"]);
    },
  },
  {
    name: "descriptors: opening without end fails, and harms nobody",
    run: async (backend) => {
      const script =
        "import errno, json, os\ntry:\n  while True: os.open('/dev/null', 0)\nexcept OSError as e: print(json.dumps(errno.errorcode[e.errno]))";
      assert.equal(await ask(backend, script), "EMFILE");
    },
  },
  {
    name: "CPU time: a busy loop ends at its limit, also when many share the work",
    run: async (backend) => {
      const { end } = await runScript(backend, "while True: pass", { cpuMs: 300 });
      assert.equal(end.cause, "cpu");
      assert.ok(end.cpuMs >= 290 && end.cpuMs < 1_500, `${end.cpuMs} ms`);
      if ((await backend.receipt()).enforcedBy === "rlimits") return;
      const shared = "import os\nfor _ in range(3): os.fork()\nwhile True: pass";
      const many = await runScript(backend, shared, { cpuMs: 400 });
      assert.equal(many.end.cause, "cpu");
    },
  },
  {
    name: "limits stand: a program can read its own, and neither lower nor raise those of anybody",
    run: async (backend) => {
      const script = `
import json, resource
seen = []
for which in (resource.RLIMIT_CPU, resource.RLIMIT_CORE, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
    soft, hard = before = resource.getrlimit(which)
    for asked in ((0, hard), (1, 1), before, (soft, resource.RLIM_INFINITY)):
        for call in (lambda: resource.setrlimit(which, asked), lambda: resource.prlimit(1, which, asked)):
            try: seen.append(call() or "done")
            except OSError as error: seen.append(str(error))
    assert resource.getrlimit(which) == before == resource.prlimit(1, which)
print(json.dumps(sorted(set(seen))))`;
      const refused = ["[Errno 13] Permission denied"];
      assert.deepEqual(await ask(backend, script), refused);
      await using sandbox = await Sandbox.createOn(backend);
      const asked = await sandbox.run("python3", { args: ["-c", script] });
      assert.deepEqual(JSON.parse(asked.stdoutText), refused, asked.stderrText);
      const shell = await sandbox.run("sh", { args: ["-c", "ulimit -n 5; echo $?; ulimit -n"] });
      assert.match(shell.stderrText, /Permission denied/);
    },
  },
  {
    name: "wall time: a sleeper ends at its limit, and so does an open sandbox",
    run: async (backend) => {
      const { end } = await runScript(backend, "import time; time.sleep(60)", { wallMs: 250 });
      assert.equal(end.cause, "wall");
      assert.ok(end.wallMs >= 250 && end.wallMs < 5_000, `${end.wallMs} ms`);
      await using sandbox = await Sandbox.createOn(backend, { timeoutMs: 400 });
      const result = await sandbox.run("sleep", { args: ["60"] });
      assert.deepEqual([result.timedOut, result.sandboxEnded, result.signal], [true, "wall", "SIGKILL"]);
      assert.equal(await codeOf(sandbox.run("true")), "sandbox_ended");
      assert.equal(await codeOf(sandbox.files.list("/tmp")), "sandbox_ended");
    },
  },
  {
    name: "wall time: one that is over before the sandbox has begun is its end like another, and no failure of the host",
    run: async (backend) => {
      for (let times = 0; times < 4; times++) {
        const { end } = await runScript(backend, "while True: pass", { wallMs: 1 });
        assert.equal(end.cause, "wall");
      }
      await using sandbox = await Sandbox.createOn(backend, { timeoutMs: 1 });
      await sandbox.run("sh", { args: ["-c", "while :; do :; done"] }).catch(() => {});
      assert.equal(await codeOf(sandbox.run("true")), "sandbox_ended");
    },
  },
  {
    name: "output: a script that floods is cut at its limit and ended",
    run: async (backend) => {
      const flood = await runScript(backend, "while True: print('x' * 999)", { outputBytes: 100_000 });
      assert.deepEqual([flood.end.cause, flood.stdout.length], ["output", 100_000]);
    },
  },
];
