import type { MutatedWall } from "./mutated-wall.ts";
import { encodeJob } from "../../../src/sandbox/job.ts";
import { encodeStart, type WireLink } from "../../../src/sandbox/zygote/wire.ts";
import type { Slot } from "../../../src/sandbox/zygote/slot.ts";
import { rawSource, type Probe } from "./probe.ts";

const mebibyte = 1024 * 1024;

/**
 * Leaves a link's end in an inbox, as a host does that gives up between two starts, and lets the inbox's slot take
 * another link; through where it is given the one that was left.
 */
export const staleLink: Probe = {
  name: "link end left in an inbox",
  run: async (wall) => {
    const [left, taker, maker] = [
      await wall.zygote.newSlot(),
      await wall.zygote.newSlot(),
      await wall.zygote.newSlot(),
    ];
    const quiet = "import os\ntry: os.read(4, 1)\nexcept OSError: pass";
    const make = (token: bigint): WireLink => ({ kind: "make", peer: taker.index, token });
    const stale = run(wall, left, `${rawSource}\nos.write(4, b'stale')\nwait_really(1)`, [make(1n)]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fresh = run(wall, maker, `import os\nos.write(4, b'fresh')\n${quiet}`, [make(2n)]);
    const link: WireLink = { kind: "take", peer: maker.index, token: 2n };
    const taken = await run(wall, taker, "import os\nprint(os.read(4, 5).decode())", [link]);
    await Promise.all([stale, fresh]);
    return { through: taken.trim() === "stale", seen: taken.trim() };
  },
};

async function run(
  wall: MutatedWall,
  slot: Slot,
  source: string,
  links: readonly WireLink[],
): Promise<string> {
  let stdout = "";
  const start = {
    addressSpaceBytes: wall.zygote.ready.addressSpaceBytes + 256 * mebibyte,
    fileBytes: mebibyte,
    tmpBytes: mebibyte,
    shmBytes: mebibyte,
    wallUs: 5_000_000,
    cpuUs: 5_000_000,
    cpuSeconds: 6,
    processes: 16,
    openFiles: 64,
    links,
    bare: false,
    announce: false,
  };
  const job = encodeJob({ entry: "script", name: "linked.py", source, files: [], env: {} });
  const running = slot.prepare({
    calledAt: performance.now(),
    outputBytes: mebibyte,
    memoryBytes: 64 << 20,
    cpuMs: 5_000,
    wallMs: 5_000,
    onOutput: (_channel, data) => (stdout += data.toString()),
  });
  slot.begin(encodeStart(start, job));
  await running.ended;
  return stdout;
}
