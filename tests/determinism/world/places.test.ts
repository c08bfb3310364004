/**
 * Where things lie in memory does not hang on where an image lies, nor on the numbers its files have there.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { imagesFolder } from "../../../src/base/home.ts";
import { resolveImage } from "../../../src/image/image-store.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython } from "./sealed-python.ts";

const program = `
import { closeSandboxes, runRollout } from ${JSON.stringify(fileURLToPath(new URL("../../../src/index.ts", import.meta.url)))};
const rollout = await runRollout({
  envName: ${JSON.stringify(fileURLToPath(new URL("fixtures/places.py", import.meta.url)))} + ":Places",
  policy: { actions: [0, 0, 0] },
  seed: 1,
});
const { digest, outcome, receipt } = rollout;
console.log(JSON.stringify({ digest, outcome, tier: receipt.tier, notHeld: receipt.world.notHeld }));
await closeSandboxes();
`;

afterAll(closeSandboxes);

const image = resolveImage("gymnasium");

/** One rollout in a mount namespace of its own, in which a shell's lines were done before. */
function rollOut(lines: string, folder: string): unknown {
  const args = ["--mount", "sh", "-euc", `${lines}\nexec "$0" --input-type=module -e "$1"`, process.execPath];
  const run = spawnSync("unshare", [...args, program], {
    encoding: "utf8",
    env: { ...process.env, NOTHING: folder, IMAGES: imagesFolder(), IMAGE: dirname(image.rootfs) },
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

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

  it("is the same where the image's files have other numbers", () => {
    const copied =
      'mount -t tmpfs tmpfs "$NOTHING"\ncp -a "$IMAGE" "$NOTHING/image"\nmount --bind "$NOTHING/image" "$IMAGE"';
    expect(rollOut(copied, folder)).toEqual(rollOut(":", folder));
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
