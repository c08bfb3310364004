import assert from "node:assert/strict";

import { Sandbox } from "../../sandbox/sandbox.ts";
import { codeOf, sleepMarker, type ContractCheck } from "../contract-check.ts";

const everyByte: Buffer = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

async function* parts(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** What the program of `run` and `startProcess` gets and gives. */
export const commandChecks: readonly ContractCheck[] = [
  {
    name: "standard streams carry exact bytes, however many",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const data = Buffer.concat(Array.from({ length: 6_000 }, () => everyByte));
      for (const input of [data, parts(data, 100_003)]) {
        const echoed = await sandbox.run("cat", { input });
        assert.equal(echoed.exitCode, 0);
        assert.ok(echoed.stdout.equals(data), `${echoed.stdout.length} bytes came back of ${data.length}`);
      }
      const script = "import sys; d = sys.stdin.buffer.read(); sys.stderr.buffer.write(d[::-1])";
      const reversed = await sandbox.run("python3", { args: ["-c", script], input: data });
      assert.ok(reversed.stderr.equals(data.toReversed()));
      assert.equal(reversed.stdout.length, 0);
    },
  },
  {
    name: "handlers are told every byte as it comes",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const told: Buffer[] = [];
      const process = sandbox.startProcess("cat", { onStdout: (data) => void told.push(data) });
      await process.write("first");
      while (Buffer.concat(told).toString() !== "first")
        await new Promise((resolve) => setTimeout(resolve, 5));
      await process.write("second");
      await process.end();
      const result = await process.wait();
      assert.equal(Buffer.concat(told).toString(), "firstsecond");
      assert.equal(result.stdoutText, "firstsecond");
    },
  },
  {
    name: "exit codes and signals are returned, not thrown",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      for (const code of [0, 1, 3, 255]) {
        const result = await sandbox.run("sh", { args: ["-c", `exit ${code}`] });
        assert.deepEqual([result.exitCode, result.signal], [code, null]);
      }
      for (const signal of ["TERM", "SEGV", "KILL", "ABRT"] as const) {
        const result = await sandbox.run("sh", { args: ["-c", `kill -${signal} $$`] });
        assert.deepEqual([result.exitCode, result.signal], [null, `SIG${signal}`]);
      }
    },
  },
  {
    name: "a program that cannot be started gives 127 or 126, and says why",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const missing = await sandbox.run("no-such-program");
      assert.deepEqual([missing.exitCode, missing.startError?.errno], [127, "ENOENT"]);
      const folder = await sandbox.run("/tmp");
      assert.deepEqual([folder.exitCode, folder.startError?.errno], [126, "EACCES"]);
      const nowhere = await sandbox.run("true", { cwd: "/no/such/folder" });
      assert.deepEqual([nowhere.exitCode, nowhere.startError?.errno], [126, "ENOENT"]);
    },
  },
  {
    name: "a program is started exactly once, with its arguments as they are",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const args = [
        "-c",
        'echo started >> /tmp/log; printf "%s\\n" "$@"',
        "sh",
        "a b",
        "$HOME",
        "",
        "'\"\n*",
        "é",
      ];
      const result = await sandbox.run("sh", { args });
      assert.equal(result.stdoutText, `${args.slice(3).join("\n")}\n`);
      assert.equal(await sandbox.files.readText("/tmp/log"), "started\n");
    },
  },
  {
    name: "a program that closes its streams, or never reads, changes nothing for others",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const flood = Buffer.alloc(8_000_000);
      const deaf = sandbox.run("sleep", { args: [sleepMarker()], input: flood, timeoutMs: 500 });
      const closed = await sandbox.run("sh", {
        args: ["-c", "exec 0<&- 1>&- 2>&-; sleep 0.1; exit 7"],
        input: flood,
      });
      assert.equal(closed.exitCode, 7);
      assert.equal((await sandbox.run("echo", { args: ["heard"] })).stdoutText, "heard\n");
      assert.equal((await deaf).timedOut, true);
    },
  },
  {
    name: "output beyond the limit is cut, its program killed, and the sandbox stays usable",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend, { outputBytes: 100_000 });
      const flooded = await sandbox.run("yes");
      assert.deepEqual(
        [flooded.outputTruncated, flooded.signal, flooded.stdout.length],
        [true, "SIGKILL", 100_000],
      );
      const just = await sandbox.run("head", { args: ["-c", "100000", "/dev/zero"] });
      assert.deepEqual([just.outputTruncated, just.exitCode, just.stdout.length], [false, 0, 100_000]);
    },
  },
  {
    name: "a daemon that keeps the streams open does not keep the call waiting",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const line = `sleep ${sleepMarker()} & exec echo over`;
      const result = await sandbox.run("sh", { args: ["-c", line], timeoutMs: 10_000 });
      assert.deepEqual([result.exitCode, result.timedOut, result.stdoutText], [0, false, "over\n"]);
      const flood = await sandbox.run("sh", { args: ["-c", "yes & exec sleep 0.1"], timeoutMs: 10_000 });
      assert.equal(flood.exitCode === 0 || flood.outputTruncated, true);
      assert.equal((await sandbox.run("true")).exitCode, 0);
    },
  },
  {
    name: "a caller's mistake is refused before anything starts",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      assert.equal(await codeOf(sandbox.run("")), "bad_argument");
      assert.equal(await codeOf(sandbox.run("echo", { args: ["a\0b"] })), "bad_argument");
      assert.equal(await codeOf(sandbox.run("echo", { timeoutMs: -1 })), "bad_argument");
      assert.equal(await codeOf(sandbox.files.read("")), "bad_argument");
      assert.equal(await codeOf(Sandbox.createOn(backend, { memoryMb: 0.5 })), "bad_argument");
    },
  },
];
