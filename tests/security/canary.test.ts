import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import type { WorldMode } from "../../src/model/receipt.ts";
import type { Job } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { runGroup, runScript, startScript } from "../../src/testing/contract-check.ts";
import { worlds } from "../worlds.ts";
import { staySource } from "./walls/probe.ts";
import { Canary, readScan, scan, scanSource, type Scan } from "./walls/canary.ts";

/*
 * 32 bytes that nobody else has are put wherever a sandbox, or the program that starts it, can put any. Another sandbox
 * then looks at every byte of its own memory, of all files it sees and of its descriptors. It must find none; and it must
 * find what it planted itself, or it has not looked.
 */

const places = [
  "heap",
  "mapping",
  "sharedMapping",
  "environment",
  "arguments",
  "file",
  "sharedMemory",
  "pipe",
  "stdout",
  "stderr",
] as const;
type Planted = Readonly<Record<(typeof places)[number], Canary>>;

const newBackend = (world: WorldMode): ZygoteBackend =>
  new ZygoteBackend(resolveImage(defaultImageName), { world });
const walls = new Map(worlds.map((world) => [world, newBackend(world)]));

afterAll(async () => {
  for (const wall of walls.values()) await wall.close();
});

function newCanaries(): Planted {
  return Object.fromEntries(places.map((place) => [place, new Canary()])) as Planted;
}

/**
 * Puts each canary in its place, in a way that stays as long as the program. The one on standard output ends its line: any
 * byte may be in it, a brace too, and what a scanner prints is a line that begins with one.
 */
function planting(canaries: Planted): string {
  const of = (place: keyof Planted): string => canaries[place].expression();
  return `
import mmap, os, subprocess, sys
planted = [${of("heap")}]
planted.append(mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)); planted[-1][100:132] = ${of("mapping")}
planted.append(mmap.mmap(-1, 1 << 16)); planted[-1][4000:4032] = ${of("sharedMapping")}
os.environb[b"PLANTED"] = ${of("environment")}
sys.argv.append(os.fsdecode(${of("arguments")}))
planted.append(subprocess.Popen(["/bin/sh", "-c", "sleep 30; true", ${of("arguments")}], stdout=2))
for path, data in (("/tmp/planted", ${of("file")}), ("/dev/shm/planted", ${of("sharedMemory")})):
    with open(path, "wb") as file: file.write(data)
planted.append(os.pipe()); os.write(planted[-1][1], ${of("pipe")})
os.write(1, ${of("stdout")} + b"\\n"); os.write(2, ${of("stderr")})`;
}

/** It looked at a whole interpreter and a whole image, and saw no descriptor but its own. */
function expectWholeLook({ memoryBytes, fileBytes }: Scan): void {
  expect(memoryBytes).toBeGreaterThan(30 << 20);
  expect(fileBytes).toBeGreaterThan(50 << 20);
}

describe.for(worlds)("in the %s world", (world) => {
  const wall = walls.get(world)!;

  test("a scanner finds what it planted itself, everywhere it can be", async () => {
    const canaries = newCanaries();
    const { stdout } = await runScript(wall, `${planting(canaries)}\n${scanSource(canaries, true)}`, {
      memoryMb: 512,
    });
    const { found, ...looked } = readScan(stdout);
    expectWholeLook({ found, ...looked });
    // What was sent is gone from a sandbox; it is in the slot, which the next test is about.
    const kept = places.filter((place) => place !== "stdout" && place !== "stderr");
    expect(Object.keys(found).sort()).toEqual(expect.arrayContaining([...kept].sort()));
    for (const [place, where] of [
      ["heap", "memory"],
      ["mapping", "memory"],
      ["sharedMapping", "memory"],
      ["environment", "environment"],
      ["arguments", "arguments"],
      ["file", "file /tmp/planted"],
      ["sharedMemory", "file /dev/shm/planted"],
      ["pipe", "descriptor"],
    ] as const) {
      expect(
        found[place]?.some((each) => each.startsWith(where)),
        `${place}: ${found[place]?.join()}`,
      ).toBe(true);
    }
  });

  test("the next sandbox in the same slot finds nothing", async () => {
    const canaries = newCanaries();
    await runScript(wall, planting(canaries));
    // The slot is given back a moment after its sandbox's end is known.
    await setTimeout(20);
    const seen = await scan(wall, canaries, { files: true });
    expectWholeLook(seen);
    expect(seen).toMatchObject({ found: {}, descriptors: [0, 1, 2, 3] });
  });

  test("a sandbox in another slot finds nothing while the first one lives", async () => {
    const canaries = newCanaries();
    const planter = await startScript(wall, `${planting(canaries)}\n${staySource}`);
    await setTimeout(100);
    const seen = await scan(wall, canaries, { files: true });
    planter.kill();
    await planter.ended;
    expect(seen).toMatchObject({ found: {}, descriptors: [0, 1, 2, 3] });
  });

  test("a sandbox at the other end of a link finds nothing of this one, nor the seed that stands in its script", async () => {
    const digits = BigInt(`0x${randomBytes(16).toString("hex")}`)
      .toString()
      .padStart(40, "7")
      .slice(0, 32);
    const canaries = { ...newCanaries(), seed: new Canary(Buffer.from(digits)) };
    const planter = `SEED = ${digits}\n${planting(canaries)}\nimport random\nrandom.seed(SEED)\nos.read(4, 1)`;
    const [, scanner] = await runGroup(wall, [planter, scanSource(canaries, true)], [[0, 1]], {
      memoryMb: 512,
    });
    const seen = readScan(scanner!.stdout);
    expectWholeLook(seen);
    expect(seen).toMatchObject({ found: {}, descriptors: [0, 1, 2, 3, 4] });
  });

  test("nothing of the program that starts sandboxes is found in them", async () => {
    const canaries = {
      environment: new Canary(),
      heap: new Canary(),
      file: new Canary(),
      otherJob: new Canary(),
    };
    const folder = mkdtempSync(join(tmpdir(), "sameseed-canary-"));
    const kept = Buffer.from(canaries.heap.bytes());
    writeFileSync(join(folder, "canary"), canaries.file.bytes());
    // Node's environment is text; a scanner looks for what these 32 letters are in memory.
    const text = randomBytes(16).toString("hex");
    const inEnvironment = new Canary(Buffer.from(text));
    process.env["SAMESEED_CANARY"] = text;
    const second = newBackend(world);
    try {
      await runJob(second, canaries.otherJob.bytes());
      const seen = await scan(second, { ...canaries, environment: inEnvironment }, { files: true });
      expect(seen.found).toEqual({});
      expect(kept).toHaveLength(32);
    } finally {
      delete process.env["SAMESEED_CANARY"];
      rmSync(folder, { recursive: true });
      await second.close();
    }
  });
});

/** Another caller's job, with a file in it. */
async function runJob(on: ZygoteBackend, data: Uint8Array): Promise<void> {
  const job: Job = {
    entry: "script",
    name: "other.py",
    source: "pass",
    files: [{ path: "/tmp/other", data: Buffer.concat([Buffer.alloc(1 << 20), data]) }],
    env: {},
  };
  const [running] = await on.start({
    members: [{ job, limits: defaultLimits }],
    links: [],
    onOutput: () => {},
  });
  await running!.ended;
  await setTimeout(20);
}
