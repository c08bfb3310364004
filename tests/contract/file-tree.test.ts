/* What is packed in one sandbox is what another unpacks, byte for byte and with what is to be known of each file. */
import { afterAll, expect, it } from "vitest";

import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";

afterAll(async () => await closeSandboxes());

const make = `
import os
os.makedirs("a/b"); open("a/b/c", "w").write("hi"); os.link("a/b/c", "a/hard"); os.symlink("/usr/bin/python3", "a/link")
os.symlink("nowhere", "dangling"); os.mkfifo("fifo")
open(b"n\\xff", "wb").write(bytes(range(256)) * 500)
os.mkdir("read-only"); open("read-only/x", "w").write("1"); os.chmod("read-only", 0o555)
os.mkdir("closed"); open("closed/y", "w").write("2"); os.chmod("closed/y", 0); os.chmod("closed", 0)
open("set", "w"); os.chmod("set", 0o6755)
open("/dev/shm/s", "w").write("3"); os.utime("a", ns=(1, 1234567890123456789)); os.utime("set", ns=(5, -1))
`;
/** Everything that can be known of every entry but its inode and change time. */
const describe = `
import hashlib, os, stat, sys
for root in ("/tmp", "/dev/shm"):
    for folder, folders, files in os.walk(root):
        folders.sort(); files.sort()
        for name in ["", *files, *(f for f in folders if os.path.islink(os.path.join(folder, f)))]:
            path = os.path.join(folder, name); at = os.lstat(path); said = ""
            if stat.S_ISREG(at.st_mode) and at.st_mode & 0o400: said = hashlib.sha256(open(path, "rb").read()).hexdigest()
            if stat.S_ISLNK(at.st_mode): said = os.readlink(path)
            print(ascii(path), oct(at.st_mode), at.st_nlink * stat.S_ISREG(at.st_mode), at.st_size * stat.S_ISREG(at.st_mode), at.st_mtime_ns, said)
`;
const python = async (sandbox: Sandbox, program: string): Promise<string> => {
  const { stdoutText, stderrText } = await sandbox.run("python3", { args: ["-I", "-c", program] });
  expect(stderrText).toBe("");
  return stdoutText;
};

it.each(["host", "sealed"] as const)("copies a tree exactly, in the world %s", async (world) => {
  await using source = await Sandbox.create({ world });
  await python(source, make);
  const packed = await source.files.pack();
  await using copy = await Sandbox.create({ world });
  await copy.files.unpack(packed);
  const [one, other] = [await python(source, describe), await python(copy, describe)];
  expect(other.split("\n")).toEqual(one.split("\n"));
  expect(one.split("\n")).toHaveLength(15);
  // The same files are the same bytes, of the copy and of what it was copied from.
  expect((await copy.files.pack()).equals(packed)).toBe(true);
  expect((await source.files.pack()).equals(packed)).toBe(true);
});

it("refuses what it cannot copy, and says why", async () => {
  await using sandbox = await Sandbox.create({
    diskMb: 1,
    env: { PYTHONPATH: "/tmp", PYTHONSTARTUP: "/tmp/tarfile.py" },
  });
  // Modules of the sandbox's own are not taken for the archiver's.
  await sandbox.files.write("tarfile.py", "raise SystemExit(9)");
  const first = await sandbox.files.pack();
  await expect(sandbox.files.pack({ maxBytes: first.length })).resolves.toEqual(first);
  await expect(sandbox.files.pack({ maxBytes: first.length - 1 })).rejects.toMatchObject({
    code: "sandbox_file",
  });
  await expect(sandbox.files.unpack(Buffer.from("no archive"))).rejects.toMatchObject({
    code: "sandbox_file",
  });
  await using large = await Sandbox.create();
  await large.files.write("large", Buffer.alloc(2 << 20));
  const archive = await large.files.pack();
  await expect(sandbox.files.unpack(archive)).rejects.toMatchObject({
    code: "sandbox_file",
    hint: expect.stringContaining("diskMb") as string,
  });
  // A daemon that a command left counts as a process, as does a command that is running.
  await python(
    large,
    "import os, signal\nif os.fork() == 0: os.setsid(); os.closerange(0, 3); signal.pause()",
  );
  await expect(large.files.pack()).rejects.toMatchObject({
    code: "not_copyable",
    hint: expect.stringContaining("end them") as string,
  });
  await large.run("sh", { args: ["-c", "kill -9 -1"] });
  expect((await large.files.pack()).equals(archive)).toBe(true);
  const running = large.startProcess("cat");
  await expect(large.files.pack()).rejects.toMatchObject({ code: "not_copyable" });
  await running.end();
  await running.wait();
  expect((await large.files.pack()).equals(archive)).toBe(true);
  // Nor may one begin while the files are read.
  await large.files.write("more", Buffer.alloc(30 << 20));
  const packing = large.files.pack();
  await Promise.all([expect(packing).rejects.toMatchObject({ code: "not_copyable" }), large.run("true")]);
});
