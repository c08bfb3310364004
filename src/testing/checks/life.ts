import assert from "node:assert/strict";

import { defaultLimits } from "../../model/limits.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import {
  ask,
  codeOf,
  countMarked,
  eventually,
  runScript,
  sleepMarker,
  startScript,
  type ContractCheck,
} from "../contract-check.ts";

/** Leaves its session, ignores every signal it can, and sleeps. */
const stubborn = (marker: string): string =>
  `import os, signal\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError, ValueError): pass\n` +
  `if os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\nos.execvp('sleep', ['sleep', '${marker}'])`;

/** How sandboxes and their programs end. */
export const lifeChecks: readonly ContractCheck[] = [
  {
    name: "a command's time limit kills it with everything it started",
    run: async (backend) => {
      const marker = sleepMarker();
      await using sandbox = await Sandbox.createOn(backend);
      const line = `sleep ${marker} & sleep ${marker} & python3 -c "$STUBBORN"; sleep ${marker}`;
      const env = { STUBBORN: stubborn(marker) };
      const result = await sandbox.run("sh", { args: ["-c", line], env, timeoutMs: 1_500 });
      assert.deepEqual([result.timedOut, result.exitCode, result.signal], [true, null, "SIGKILL"]);
      assert.ok(await eventually(() => countMarked(marker) === 0), "something survived");
      assert.equal((await sandbox.run("true")).exitCode, 0);
    },
  },
  {
    name: "a command can be signalled, and killed through its handle",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const line = "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.02; done";
      const ready = Promise.withResolvers<void>();
      const process = sandbox.startProcess("sh", { args: ["-c", line], onStdout: () => ready.resolve() });
      await ready.promise;
      process.kill("SIGTERM");
      const result = await process.wait();
      assert.deepEqual([result.exitCode, result.stdoutText], [5, "ready\ncaught\n"]);
      const other = sandbox.startProcess("sleep", { args: ["60"] });
      other.kill();
      assert.equal((await other.wait()).signal, "SIGKILL");
    },
  },
  {
    name: "an abort kills the command, and rejects when it is dead",
    run: async (backend) => {
      const marker = sleepMarker();
      await using sandbox = await Sandbox.createOn(backend);
      const abort = new AbortController();
      const call = codeOf(sandbox.run("sleep", { args: [marker], signal: abort.signal }));
      assert.ok(await eventually(() => countMarked(marker) === 1), "it was never started");
      abort.abort();
      assert.equal(await call, "aborted");
      assert.ok(await eventually(() => countMarked(marker) === 0), "it survived");
      assert.equal(await codeOf(sandbox.run("true", { signal: AbortSignal.abort() })), "aborted");
      assert.equal((await sandbox.run("true")).exitCode, 0);
    },
  },
  {
    name: "a sandbox's signal ends it while it is made and later",
    run: async (backend) => {
      assert.equal(await codeOf(Sandbox.createOn(backend, { signal: AbortSignal.abort() })), "aborted");
      const abort = new AbortController();
      await using sandbox = await Sandbox.createOn(backend, { signal: abort.signal });
      const call = codeOf(sandbox.run("sleep", { args: ["60"] }));
      abort.abort();
      assert.equal(await call, "aborted");
      assert.equal(await codeOf(sandbox.run("true")), "aborted");
    },
  },
  {
    name: "close ends everything, however it tries to stay, and may be called again",
    run: async (backend) => {
      const marker = sleepMarker();
      const sandbox = await Sandbox.createOn(backend);
      await sandbox.run("python3", { args: ["-c", stubborn(marker)] });
      await sandbox.run("sh", { args: ["-c", `for i in 1 2 3 4 5; do sleep ${marker} & done`] });
      const running = codeOf(sandbox.run("sleep", { args: [marker] }));
      assert.ok(await eventually(() => countMarked(marker) === 7), `${countMarked(marker)} of 7 run`);
      await Promise.all([sandbox.close(), sandbox.close()]);
      assert.equal(countMarked(marker), 0);
      assert.equal(await running, "sandbox_closed");
      await sandbox.close();
      assert.equal(await codeOf(sandbox.run("true")), "sandbox_closed");
      assert.equal(await codeOf(sandbox.files.read("/tmp/x")), "sandbox_closed");
    },
  },
  {
    name: "the agent outlives what its programs send it",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const storm =
        "import os, signal\nfor turn in range(3000):\n  for s in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, 64):\n    try: os.kill(1, s)\n    except OSError: pass\n" +
        "for s in range(1, 65):\n  try: os.kill(1, s)\n  except OSError: pass\n" +
        "for _ in range(500):\n  if os.fork() == 0:\n    if os.fork() == 0: os._exit(0)\n    os._exit(0)\n  os.wait()";
      const stormed = await sandbox.run("python3", { args: ["-c", storm] });
      assert.equal(stormed.exitCode, 0, stormed.stderrText);
      const all = await sandbox.run("sh", { args: ["-c", "kill -9 -1"] });
      assert.notEqual(all.sandboxEnded, "own");
      assert.equal((await sandbox.run("echo", { args: ["here"] })).stdoutText, "here\n");
    },
  },
  {
    name: "a script's own end is reported as it was",
    run: async (backend) => {
      const ends: [source: string, exitCode: number | null, signal: string | null][] = [
        ["", 0, null],
        ["import sys; sys.exit(9)", 9, null],
        ["raise ValueError('seen')", 1, null],
        ["import os; os._exit(200)", 200, null],
        ["import ctypes; ctypes.string_at(0)", null, "SIGSEGV"],
      ];
      for (const [source, exitCode, signal] of ends) {
        const { end, stderr } = await runScript(backend, source);
        assert.deepEqual([end.cause, end.exitCode, end.signal], ["own", exitCode, signal], source);
        if (source.includes("seen")) assert.match(stderr, /check\.py.*ValueError: seen/s);
      }
    },
  },
  {
    name: "a script is killed by its handle and by its caller's signal",
    run: async (backend) => {
      const sleeper = "import time\nwhile True: time.sleep(1)";
      const killed = await startScript(backend, sleeper);
      killed.kill();
      killed.kill();
      assert.equal((await killed.ended).cause, "killed");
      const at = await backend.start({
        members: [0, 1].map(() => ({
          job: { entry: "script", name: "check.py", source: sleeper, files: [], env: {} },
          limits: defaultLimits,
        })),
        links: [[0, 1]],
        onOutput: () => {},
      });
      for (const each of at) each.kill();
      for (const each of at) assert.equal((await each.ended).cause, "killed", "killed before it ran");
      const abort = new AbortController();
      const aborted = await startScript(backend, sleeper, abort.signal);
      abort.abort();
      assert.equal((await aborted.ended).cause, "killed");
    },
  },
  {
    name: "input that is never read keeps nobody from ending the sandbox",
    run: async (backend) => {
      const deaf = await startScript(backend, "import time; time.sleep(60)");
      for (let part = 0; part < 64; part++) deaf.send(Buffer.alloc(64 * 1024));
      deaf.kill();
      assert.equal((await deaf.ended).cause, "killed");
    },
  },
  {
    name: "sixteen sandboxes at once each have their own answer",
    run: async (backend) => {
      const answers = await Promise.all(
        Array.from({ length: 16 }, async (_, index) => {
          await using sandbox = await Sandbox.createOn(backend);
          await sandbox.files.write("/tmp/own", String(index));
          const { stdoutText } = await sandbox.run("sh", {
            args: ["-c", "sleep 0.1; cat /tmp/own; ls /tmp"],
          });
          return stdoutText;
        }),
      );
      assert.deepEqual(
        answers,
        Array.from({ length: 16 }, (_, index) => `${index}own\n`),
      );
      const scripts = Array.from({ length: 16 }, (_, index) => ask(backend, `print(${index})`));
      assert.deepEqual(
        await Promise.all(scripts),
        Array.from({ length: 16 }, (_, index) => index),
      );
    },
  },
];
