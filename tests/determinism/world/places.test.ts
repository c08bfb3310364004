/**
 * Where things lie in memory does not hang on where an image lies, nor on the numbers its files have there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { imagesFolder } from "../../../src/base/home.ts";
import { resolveImage } from "../../../src/image/image-store.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython } from "./sealed-python.ts";

const source = (path: string): string => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));
const program = `
import { resolveImage } from ${source("../../../src/image/image-store.ts")};
import { closeSandboxes, runRollout } from ${source("../../../src/index.ts")};
import { ZygoteBackend } from ${source("../../../src/sandbox/zygote/backend.ts")};
const pins = { freeAddresses: true };
const free = process.env.FREE && new ZygoteBackend(resolveImage("gymnasium"), { world: "sealed", pins });
const rollout = await runRollout({
  envName: ${source("fixtures")} + "/" + process.env.ENVIRONMENT,
  policy: { actions: [0, 0, 0] },
  seed: 1,
  ...(free && { backend: free }),
});
const { digest, outcome, receipt, totalReward } = rollout;
console.log(JSON.stringify({ digest, outcome, totalReward, tier: receipt.tier, notHeld: receipt.world.notHeld }));
await free?.close();
await closeSandboxes();
`;

afterAll(closeSandboxes);

const image = resolveImage("gymnasium");

interface Way {
  /** A class of a fixture. */
  readonly environment?: string;
  /** The program that starts the host. */
  readonly through?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** One rollout in a mount namespace of its own, in which a shell's lines were done before. */
function rollOut(
  lines: string,
  folder: string,
  { environment = "places.py:Places", through = "", variables = {} }: Way = {},
): unknown {
  const command = `${lines}\nexec ${through} "$0" --input-type=module -e "$1"`;
  const args = ["--mount", "sh", "-euc", command, process.execPath];
  const run = spawnSync("unshare", [...args, program], {
    encoding: "utf8",
    env: {
      ...process.env,
      ...variables,
      ENVIRONMENT: environment,
      NOTHING: folder,
      IMAGES: imagesFolder(),
      IMAGE: dirname(image.rootfs),
    },
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

/**
 * Starts a program for which a system call is refused: its number on x86-64, its number on arm64, which argument decides, whether
 * it `is` or is `not`, and what.
 */
const refuse = `
import ctypes, os, platform, struct, sys
number, arm, argument, is_or_not, what = sys.argv[1:6]
number = int(number if platform.machine() == "x86_64" else arm)
hit, miss = (0, 1) if is_or_not == "is" else (1, 0)
code = [
    (0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16 + 8 * int(argument)), (0x15, hit, miss, int(what, 0)),
    (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000),
]
text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
program = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(text))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[6], sys.argv[6:])
`;

/** Meets every file of four folders, and prints how many there are, how many numbers they have, and for how many stat says another. */
const meetFiles = `
import os
met = [(n, entry.inode(), entry.path) for n in range(4) for entry in os.scandir(f"{os.environ['NOTHING']}/{n}")]
others = sum(os.stat(path).st_ino != inode for _, inode, path in met)
print(len(met), len({(n, inode) for n, inode, _ in met}), others)
`;

/** Prints how much the world's library took: holes of less than a MiB for each library. */
const tellTaken = `
taken = 0
for line in open("/proc/self/maps"):
    at, rights, *rest = line.split()
    if rights == "---p" and len(rest) == 3:
        begin, end = (int(one, 16) for one in at.split("-"))
        taken += end - begin
print("nothing" if taken == 0 else "holes" if taken < 32 << 20 else "more")
`;

/** Prints where a file is mapped twice over, in units of 2 MiB. */
const mapTwice = `
import ctypes, sys
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
with open(sys.argv[1], "rb") as file:
    at = [libc.mmap(None, (4 << 20) + 4096, 1, 2, file.fileno(), 0) for _ in range(2)]
print([one % (2 << 20) == 0 for one in at] != [True, True])
`;

/** Whether shared memory is in pages of 64 KiB: a setting of the host's, from Linux 6.11 on. */
const sharedPages = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/shmem_enabled";

describe("where things lie in memory", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sameseed-places-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("is the same where the image lies on another file system, as in a container", () => {
    const plain = rollOut(":", folder);
    const once = 'mount -t overlay overlay -o "lowerdir=$IMAGES:$NOTHING" "$IMAGES"';
    expect(plain).toMatchObject({ outcome: "truncated", tier: "T2", notHeld: [] });
    expect(rollOut(once, folder)).toEqual(plain);
  });

  it("is told as not held where the kernel refuses the zygote an overlay of its own", () => {
    // Two are as many as it lays on one another, and these number files and folders by different devices.
    const once = 'mount -t overlay overlay -o "xino=off,lowerdir=$IMAGES:$NOTHING" "$IMAGES"';
    expect(rollOut(`${once}\n${once}`, folder)).toMatchObject({
      outcome: "truncated",
      tier: "T1",
      notHeld: ["layout"],
    });
  });

  it("is told as not held where folders have other numbers in a listing than of their own", () => {
    const mixed =
      'mount -t tmpfs tmpfs "$NOTHING"\nmount -t overlay overlay -o "xino=off,lowerdir=$IMAGES:$NOTHING" "$IMAGES"';
    expect(rollOut(mixed, folder)).toMatchObject({ outcome: "truncated", tier: "T1", notHeld: ["layout"] });
  });

  // Of the file systems that a test can have anywhere, this one says another size.
  it.skipIf(!existsSync("/sys/kernel/mm/transparent_hugepage/shmem_enabled"))(
    "is told as not held where the image's file system says that its blocks are of another size",
    () => {
      const copied =
        'mount -t tmpfs tmpfs "$NOTHING"\ncp -a "$IMAGE" "$NOTHING/image"\nmount -o remount,huge=always "$NOTHING"\nmount --bind "$NOTHING/image" "$IMAGE"';
      expect(rollOut(copied, folder)).toMatchObject({
        outcome: "truncated",
        tier: "T1",
        notHeld: ["layout"],
      });
    },
  );

  it.runIf(existsSync(sharedPages))("is the same where the host has shared memory in larger pages", () => {
    const before = readFileSync(sharedPages, "utf8").replace(/.*\[(.*)\].*/s, "$1");
    const plain = rollOut(":", folder);
    try {
      writeFileSync(sharedPages, "always");
      expect(rollOut(":", folder)).toEqual(plain);
    } finally {
      writeFileSync(sharedPages, before);
    }
  });

  it("is told as not held where the kernel has no overlays, though it maps files alike", () => {
    const copied =
      'mount -t tmpfs tmpfs "$NOTHING"\ncp -a "$IMAGE" "$NOTHING/image"\nmount --bind "$NOTHING/image" "$IMAGE"';
    // Only an overlay is mounted with read-only, nosuid and nodev at once.
    const way = { through: 'python3 -c "$REFUSE" 165 40 3 is 7', variables: { REFUSE: refuse } };
    expect(rollOut(copied, folder, way)).toMatchObject({
      outcome: "truncated",
      tier: "T1",
      notHeld: ["layout"],
    });
  });

  it("is the same where the image's files have other numbers", () => {
    const copied =
      'mount -t tmpfs tmpfs "$NOTHING"\ncp -a "$IMAGE" "$NOTHING/image"\nmount --bind "$NOTHING/image" "$IMAGE"';
    expect(rollOut(copied, folder)).toEqual(rollOut(":", folder));
  });

  it.each(["-R", "-L", "-X"])("is the same where setarch %s started the host", (option) => {
    expect(rollOut(":", folder, { through: `setarch ${option}` })).toEqual(rollOut(":", folder));
  });

  it.each([
    // 0xffffffff asks what is set; there is no 0xfffffffe.
    ["always", "0 not 0xfffffffe"],
    ["but for the question", "0 not 0xffffffff"],
  ])("is told where addresses cannot be fixed, with the stack's limit all the same (%s)", (_, when) => {
    const way = {
      environment: "stack.py:Stack",
      through: `python3 -c "$REFUSE" 135 92 ${when}`,
      variables: { REFUSE: refuse },
    };
    expect(rollOut("ulimit -s unlimited", folder, way)).toMatchObject({
      outcome: "truncated",
      totalReward: 8008,
      tier: "T1",
      notHeld: expect.arrayContaining(["addresses"]),
    });
  });

  it.each(["env", "setarch -R"])("is free for an audit, with the stack's limit (%s)", (through) => {
    const way = { environment: "stack.py:Stack", through, variables: { FREE: "1" } };
    expect(rollOut("ulimit -s unlimited", folder, way)).toMatchObject({
      outcome: "truncated",
      totalReward: 8008,
      notHeld: expect.arrayContaining(["addresses"]),
    });
  });

  // -L lays it out from below, where all that is free lies above the line.
  it.each(["-R", "-RL"])("is evened out by taking holes and no more (setarch %s)", (option) => {
    const world = join(image.rootfs, "opt/sameseed/libworld.so");
    const run = spawnSync("setarch", [option, "env", `LD_PRELOAD=${world}`, "python3", "-c", tellTaken], {
      encoding: "utf8",
    });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({ stdout: "holes\n", stderr: "" });
  });

  it("tells 140000 files of an image apart", () => {
    const lines = `
mount -t tmpfs tmpfs "$NOTHING"
mkdir "$NOTHING/files" "$NOTHING/nothing" "$NOTHING/0" "$NOTHING/1" "$NOTHING/2" "$NOTHING/3"
seq 35000 | (cd "$NOTHING/files" && xargs touch)
mount -o remount,ro "$NOTHING"
for i in 0 1 2 3; do mount -t overlay overlay -o "lowerdir=$NOTHING/files:$NOTHING/nothing" "$NOTHING/$i"; done
exec env LD_PRELOAD="$WORLD" python3 -c "$0"`;
    const run = spawnSync("unshare", ["--mount", "sh", "-euc", lines, meetFiles], {
      encoding: "utf8",
      env: { ...process.env, NOTHING: folder, WORLD: join(image.rootfs, "opt/sameseed/libworld.so") },
    });
    expect({ stdout: run.stdout, stderr: run.stderr }).toEqual({
      stdout: "140000 140000 0\n",
      stderr: "",
    });
  });

  it.each(["sealed", "host"] as const)("is known to the zygote (%s)", async (world) => {
    const file = join(image.rootfs, "opt/sameseed/sameseed/zygote.py");
    const onHost = spawnSync("python3", ["-c", mapTwice, file], { encoding: "utf8" }).stdout;
    const { stdout, stderr } = await runPython(
      "from sameseed import _zygote\nprint(_zygote.layout_is_even('/opt/sameseed/sameseed/zygote.py'))",
      { world },
    );
    expect({ stdout, stderr }).toEqual({ stdout: world === "sealed" ? "True\n" : onHost, stderr: "" });
  });
});
