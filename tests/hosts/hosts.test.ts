/* The parts of `npm run hosts` that need no machine. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";

import { librariesOf, wheelWords } from "./cross-image.ts";
import { engineTools, hereCommand } from "./here.ts";
import { engines, hosts, machines } from "./host-list.ts";
import { machineCommand, readTold } from "./machine.ts";
import { isOther } from "./other-architecture.ts";
import { loadOrder, mountsBelow } from "./root-file-system.ts";

const dependencies = `kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/char/virtio-console.ko.zst: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
`;

it("modules are loaded after those they need, each once, however they are spelt and packed", () => {
  expect(loadOrder(dependencies, ["virtio_blk", "virtio_console", "ext4"])).toEqual([
    "kernel/drivers/virtio/virtio.ko",
    "kernel/drivers/virtio/virtio_ring.ko",
    "kernel/drivers/block/virtio_blk.ko.xz",
    "kernel/drivers/char/virtio-console.ko.zst",
  ]);
});

it("of a machine that was cut off, whole lines count", () => {
  const line = '{"session":"service","step":"doctor","ok":true,"detail":""}';
  expect(readTold(`${line}\n${line.slice(0, 20)}`).map(({ step }) => step)).toEqual(["doctor"]);
});

it("every host has a name of its own", () => {
  expect(new Set(hosts.map(({ name }) => name)).size).toBe(hosts.length);
});

it("no machine changes the disks that are kept between runs, and each tells where its results are read", () => {
  const files = {
    kernel: "/k",
    initramfs: "/i",
    root: "/root.ext4",
    suite: "/suite.ext4",
    folder: "/folder",
  };
  for (const host of machines) {
    const { words } = machineCommand(host, files);
    const disks = words.filter((word) => /\.ext4/.test(word));
    expect(disks, host.name).toHaveLength(2);
    for (const disk of disks)
      expect(disk).toMatch(host.machine === "user-mode" ? /^ubd\d=\/folder\/\w+\.changes,/ : /,snapshot=on$/);
    expect(words.join(" ")).toMatch(
      host.machine === "user-mode" ? /sameseed\.told=\/folder/ : /path=\/folder\/results\.jsonl/,
    );
  }
});

it("an image for another architecture gets that one's wheels, whole and hashed", () => {
  const words = wheelWords("/a.lock", "3.11", "/to").join(" ");
  for (const word of [
    "manylinux_2_28_aarch64",
    "--require-hashes",
    "--only-binary=:all:",
    "--python-version 3.11",
  ])
    expect(words).toContain(word);
  expect(words).not.toContain("x86_64");
});

it("an image for another architecture gets every library that its files lead to, or is not made", () => {
  const needs: Readonly<Record<string, readonly string[]>> = {
    "/lib/libstdc++.so.6": ["libm.so.6", "libc.so.6"],
    "/lib/libm.so.6": ["libc.so.6", "libstdc++.so.6"],
  };
  const find = (name: string): string | undefined => (name.includes("gone") ? undefined : `/lib/${name}`);
  const close = (...names: string[]): ReadonlyMap<string, string> =>
    librariesOf(names, new Set(["libc.so.6"]), find, (file) => needs[file] ?? []);
  expect([...close("libstdc++.so.6")]).toEqual([
    ["libstdc++.so.6", "/lib/libstdc++.so.6"],
    ["libm.so.6", "/lib/libm.so.6"],
  ]);
  expect(() => close("libstdc++.so.6", "libgone.so.1")).toThrow("the image needs libgone.so.1");
});

it("the corpus has more wall time where a machine is slower than hardware and its time is this host's", () => {
  for (const { name, isCounted = false, patience = 1 } of machines)
    expect(patience > 1, name).toBe(!isCounted);
});

it("a host is of another architecture than this one by its packages", () => {
  const others = (here: string): string[] =>
    machines.filter((host) => isOther(host, here)).map(({ name }) => name);
  expect(others("x64")).toEqual(["debian12-arm64"]);
  expect(others("arm64")).toEqual(
    machines.map(({ name }) => name).filter((name) => name !== "debian12-arm64"),
  );
});

it("an emulated machine counts its time by instructions where its host says so, and of another architecture always", () => {
  const files = { kernel: "/k", initramfs: "/i", root: "/r", suite: "/s", folder: "/f" };
  for (const host of machines.filter(({ machine }) => machine !== "user-mode")) {
    const words = machineCommand(host, files).words.join(" ");
    expect(words.includes("-icount shift=0"), host.name).toBe(host.isCounted === true);
    if (host.architecture === "arm64") expect(host.isCounted, host.name).toBe(true);
  }
});

it("a machine ends with the program that runs it, when that is told to end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-machine-"));
  const pidFile = join(folder, "pid");
  const kernel = join(folder, "kernel");
  writeFileSync(
    kernel,
    `#!/bin/sh\necho $$ > ${pidFile}.part; mv ${pidFile}.part ${pidFile}; exec sleep 60\n`,
    {
      mode: 0o755,
    },
  );
  const files = { kernel, root: "/r", suite: "/s", folder };
  const code = `const { runMachine } = await import(${JSON.stringify(join(import.meta.dirname, "machine.ts"))});
    await runMachine({ machine: "user-mode" }, ${JSON.stringify(files)}, 60_000);`;
  const runner = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
  try {
    await vi.waitUntil(() => existsSync(pidFile), { timeout: 20_000 });
    const machine = Number(readFileSync(pidFile, "utf8"));
    runner.kill("SIGTERM");
    await once(runner, "close");
    // One that has ended stays in the list until its new parent has looked.
    const isThere = (): boolean => {
      try {
        return !/\) Z /.test(readFileSync(`/proc/${machine}/stat`, "latin1"));
      } catch {
        return false;
      }
    };
    await vi.waitUntil(() => !isThere(), { timeout: 20_000 });
  } finally {
    runner.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}, 60_000);

it("of a tree that was cut off, what is mounted in it is taken out before it is removed", () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-tree-"));
  const others = join(folder, "others");
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "dev/shm"), { recursive: true });
  mkdirSync(others);
  writeFileSync(join(others, "kept"), "");
  const code = `const { removeTree } = await import(${JSON.stringify(join(import.meta.dirname, "root-file-system.ts"))});
    removeTree(${JSON.stringify(tree)});`;
  const script = 'mount --bind "$0" "$1"; shift; exec "$@"';
  const words = [others, join(tree, "dev/shm"), process.execPath, "--input-type=module", "-e", code];
  try {
    const { status, stderr } = spawnSync("unshare", ["-r", "-m", "sh", "-e", "-c", script, ...words], {
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    expect([existsSync(tree), existsSync(join(others, "kept"))]).toEqual([false, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("mounts below a folder are told from those beside it, however their names are written", () => {
  const line = (path: string): string => `56 27 0:39 / ${path} rw - tmpfs tmpfs rw\n`;
  const info = ["/a/tree", "/a/tree/dev", "/a/tree/dev/sh\\040m", "/a/tree2/dev"].map(line).join("");
  expect(mountsBelow(info, "/a/tree")).toEqual(["/a/tree/dev", "/a/tree/dev/sh m"]);
});

it("every session of every host is one that its program knows how to start", () => {
  const program = readFileSync(join(import.meta.dirname, "guest/sessions.sh"), "utf8");
  for (const { name, sessions } of hosts)
    for (const session of sessions) expect(program, `${name} ${session}`).toContain(`\n    ${session})`);
  expect(Object.keys(engineTools)).toEqual(engines.map(({ name }) => name));
});

/** Told from every other process by its time. */
const leftProcess = `sleep 100${process.pid}`;

/** A suite whose sessions leave a file in each folder that engines and accounts write to, and a process. */
function leavingSuite(folder: string): string {
  mkdirSync(join(folder, "suite/guest"), { recursive: true });
  mkdirSync(join(folder, "suite/home/images"), { recursive: true });
  mkdirSync(join(folder, "suite/nothing"));
  const guest = join(folder, "suite/guest");
  writeFileSync(join(guest, "here.sh"), readFileSync(join(import.meta.dirname, "guest/here.sh")));
  const left = ["/etc", "/var/lib", "/home", "/root", "/run", "/tmp", "$suite"].map(
    (each) => `${each}/left-behind`,
  );
  const lines = left.map((file) => `echo made > ${file} && cat ${file} >> "$results"`);
  writeFileSync(
    join(guest, "sessions.sh"),
    `${lines.join("\n")}\n${leftProcess} &\nkill -0 $! && echo runs >> "$results"\n`,
  );
  return join(folder, "suite");
}

it("what containers here are started with leaves neither files nor processes", () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-here-"));
  try {
    const suite = leavingSuite(folder);
    // Below /tmp a folder is hidden from those that look through a view of their own.
    const results = openSync(join(folder, "results.jsonl"), "w+");
    const { program, words } = hereCommand(suite, folder);
    const told = [...words.slice(0, -1), "/proc/self/fd/3"];
    const { status, stderr } = spawnSync("unshare", ["-r", program, ...told], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe", results],
    });
    closeSync(results);
    expect(status, stderr).toBe(0);
    const lines = readFileSync(join(folder, "results.jsonl"), "utf8").trim().split("\n");
    expect(lines).toEqual([...Array<string>(7).fill("made"), "runs"]);
    for (const each of ["/etc", "/var/lib", "/home", "/root", "/run", tmpdir(), suite])
      expect(existsSync(join(each, "left-behind")), each).toBe(false);
    const running = readdirSync("/proc").map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
      } catch {
        return ""; // no process, or one that has ended
      }
    });
    expect(running).not.toContain(leftProcess);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("the program that hides this host's folders does nothing where it would hide them from everybody", () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-here-"));
  try {
    const suite = leavingSuite(folder);
    const results = join(folder, "results.jsonl");
    // In a view of its own all the same, so that this test harms nothing where that is not held.
    const words = ["-r", "-m", "sh", join(suite, "guest/here.sh"), suite, results];
    expect([spawnSync("unshare", words).status, existsSync(results)]).toEqual([1, false]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
