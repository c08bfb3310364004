import assert from "node:assert/strict";

import { isSameseedError } from "../../base/error.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import { codeOf, type ContractCheck } from "../contract-check.ts";

async function errnoOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "no error";
  } catch (error) {
    return isSameseedError(error) ? error.context["errno"] : error;
  }
}

/** What `files` of a sandbox does. */
export const fileChecks: readonly ContractCheck[] = [
  {
    name: "files come back byte for byte, and folders are made for them",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend, { diskMb: 32 });
      const data = Buffer.alloc(9_000_001, "\0\xff\r\n\u{1f600}");
      await sandbox.files.write("/tmp/a/b/c.bin", data);
      assert.ok((await sandbox.files.read("a/b/c.bin")).equals(data));
      await sandbox.files.write("/tmp/a/b/c.bin", "");
      assert.equal((await sandbox.files.read("/tmp/a/b/c.bin")).length, 0);
      await sandbox.files.write("/tmp/run.sh", "#!/bin/sh\necho ran\n", { mode: 0o755 });
      assert.equal((await sandbox.run("/tmp/run.sh")).stdoutText, "ran\n");
    },
  },
  {
    name: "listings are sorted, typed, and complete for any name",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const script =
        "import os\nos.mkdir('/tmp/d'); os.chdir('/tmp/d')\n" +
        "os.mkfifo('pipe'); os.mkdir('sub'); os.symlink('/nowhere', 'link')\n" +
        "open(b'\\xff\\xfe', 'w').write('odd')\nfor n in range(700): open(f'f{n:03}', 'w').close()";
      assert.equal((await sandbox.run("python3", { args: ["-c", script] })).exitCode, 0);
      const entries = await sandbox.files.list("/tmp/d");
      assert.equal(entries.length, 704);
      assert.deepEqual(
        entries.filter(({ type }) => type !== "file").map(({ name, type }) => [name, type]),
        [
          ["link", "link"],
          ["pipe", "other"],
          ["sub", "directory"],
        ],
      );
      const odd = entries.at(-1)!;
      assert.equal(odd.sizeBytes, 3);
      assert.equal(await sandbox.files.readText(`/tmp/d/${odd.name}`), "odd");
      await sandbox.files.remove(`/tmp/d/${odd.name}`);
      assert.equal((await sandbox.files.list("/tmp/d")).length, 703);
    },
  },
  {
    name: "pipes, devices, sockets and loops are refused, and nothing waits for them",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      await sandbox.run("sh", { args: ["-c", "ln -s loop loop; ln -s /dev/zero zero"] });
      await sandbox.run("python3", { args: ["-c", "import os; os.mkfifo('/tmp/pipe')"] });
      for (const path of ["/tmp/pipe", "/tmp/zero", "/dev/full", "/tmp/loop", "/tmp"]) {
        assert.equal(await codeOf(sandbox.files.read(path)), "sandbox_file", `reading ${path}`);
        assert.equal(await codeOf(sandbox.files.write(path, "x")), "sandbox_file", `writing ${path}`);
      }
      assert.equal(await errnoOf(sandbox.files.read("/tmp/none")), "ENOENT");
      assert.equal(await errnoOf(sandbox.files.write("/opt/x", "x")), "EROFS");
      assert.equal(await codeOf(sandbox.files.read("/bin/sh", { maxBytes: 10 })), "sandbox_file");
    },
  },
  {
    name: "a file that grows while it is read, and an abort, end the call alone",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      await sandbox.files.write("/tmp/some", Buffer.alloc(1_000_000));
      assert.equal(await codeOf(sandbox.files.read("/tmp/some", { signal: AbortSignal.abort() })), "aborted");
      const growing = sandbox.startProcess("sh", { args: ["-c", "exec yes > /tmp/grows"] });
      const seen = await codeOf(sandbox.files.read("/tmp/grows", { maxBytes: 100_000 }));
      assert.ok(seen === "sandbox_file" || seen === "no error", seen);
      growing.kill();
      await growing.wait();
      assert.equal((await sandbox.files.read("/tmp/some")).length, 1_000_000);
    },
  },
  {
    name: "whole trees are removed, however deep and whatever their rights",
    run: async (backend) => {
      await using sandbox = await Sandbox.createOn(backend);
      const script =
        "import os\nos.mkdir('/tmp/t'); os.chdir('/tmp/t'); open('keep', 'w').close()\n" +
        "for _ in range(3000): os.mkdir('d' * 200); os.chdir('d' * 200); open('f', 'w').close()\n" +
        "os.chdir('/tmp/t'); os.makedirs('a/b/c'); os.symlink('/tmp', 'a/up'); os.chmod('a/b', 0); os.chmod('a', 0)";
      const made = await sandbox.run("python3", { args: ["-c", script] });
      assert.equal(made.exitCode, 0, made.stderrText);
      await sandbox.files.write("/tmp/beside", "stays");
      assert.equal(await errnoOf(sandbox.files.remove("/tmp/t")), "ENOTEMPTY");
      await sandbox.files.remove("/tmp/t", { recursive: true });
      assert.deepEqual(
        (await sandbox.files.list("/tmp")).map(({ name }) => name),
        ["beside"],
      );
    },
  },
];
