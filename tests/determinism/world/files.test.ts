/*
 * Directories, files' times and the machine's names in the sealed world: the same in every sandbox, and changed exactly
 * where an audit changes them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";

import { inParallel } from "../fixtures.ts";
import { runPython, type SealedOptions } from "./sealed-python.ts";

const program = readFileSync(join(import.meta.dirname, "programs", "files.py"), "utf8");
const epochNs = 946_684_800_000_000_000;

const status = z.array(z.number());
const seenSchema = z.object({
  listings: z.array(z.array(z.string())),
  walk: z.array(z.array(z.string())),
  statuses: z.record(z.string(), status),
  kept: z.boolean(),
  changed: z.array(z.boolean()),
  touched: z.array(z.boolean()),
  set: z.array(z.number()),
  image: z.array(status),
  pipes: z.array(status),
  root: z.boolean(),
  names: z.array(z.string()),
  cpus: z.tuple([z.number(), z.array(z.number()), z.nullable(z.array(z.number())), z.number()]),
  disk: z.array(z.number()),
  pid: z.array(z.number()),
  now: z.number(),
});
type Seen = z.infer<typeof seenSchema>;

async function look(options: SealedOptions = {}): Promise<Seen> {
  const { stdout, stderr, ending } = await runPython(program, options);
  expect({ stderr, ending }).toEqual({ stderr: "", ending: "own 0" });
  return seenSchema.parse(JSON.parse(stdout));
}

const byBytes = (names: readonly string[]): string[] =>
  names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));

describe("files in the sealed world", () => {
  it("are the same in 20 sandboxes, one after another and eight at a time", async () => {
    const seen = [
      ...(await inParallel(10, 1, async () => await look())),
      ...(await inParallel(10, 8, async () => await look())),
    ];
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
  });

  it("are listed in the order of their names' bytes, however they are listed", async () => {
    const { listings, walk, root } = await look();
    const names = listings[0]!;
    expect(names.length).toBe(208);
    expect(names).toEqual(byBytes(names));
    for (const listing of listings) expect(listing).toEqual(names);
    expect(walk[0]).toEqual(names.filter((name) => name !== "sub"));
    expect(root).toBe(true);
  });

  it("have logical times, which stay until a file changes", async () => {
    const { statuses, kept, changed, touched, set, image, now } = await look();
    const times = Object.values(statuses).flatMap((one) => one.slice(0, 3));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(epochNs);
    expect(Math.max(...times)).toBeLessThanOrEqual(now * 1e9);
    expect({ kept, changed, touched, set }).toEqual({
      kept: true,
      changed: [true, true],
      touched: [true, true],
      set: [1_700_000_000, 5],
    });
    expect(image).toEqual(image.map(() => [epochNs, epochNs, epochNs]));
  });

  it("count neither the machine's devices nor its pipes", async () => {
    const { statuses, pipes } = await look();
    const devices = new Set([...Object.values(statuses), ...pipes].map((one) => one[3]));
    expect(Math.max(...[...devices].map(Number))).toBeLessThan(16);
    const [first = 0, ...others] = pipes.map((one) => one[4]!);
    expect(first).toBeLessThan(16);
    expect(others).toEqual([first, first + 1, first + 1]);
  });
});

describe("names in the sealed world", () => {
  it("are constants", async () => {
    const { names, cpus, disk } = await look();
    expect(names.slice(0, 3)).toEqual(["Linux", "sandbox", "6.1.0-sealed"]);
    expect(names.at(-1)).toBe("sandbox");
    expect(cpus).toEqual([1, [0], [0, 0, 0], 262_144]);
    expect(disk).toEqual([1 << 30, 0, 1 << 30]);
  });

  it("are the machine's in the host's world", async () => {
    const sealed = await look();
    const host = await look({ world: "host" });
    expect(host.names[2]).not.toBe(sealed.names[2]);
    expect(host.image).not.toEqual(sealed.image);
    expect(host.listings[0]).not.toEqual(sealed.listings[0]);
    expect(host.now).toBeGreaterThan(sealed.now);
  });
});

describe("an audit's change of one thing", () => {
  it("turns listings round, or shuffles them by the salt", async () => {
    const plain = await look();
    const reversed = await look({ settings: { dirents: 1 } });
    const shuffled = await look({ settings: { dirents: 2 } });
    const otherwise = await look({ settings: { dirents: 2, entropy_salt: 7 } });
    expect(reversed.listings[0]).toEqual(plain.listings[0]!.toReversed());
    expect(shuffled.listings[0]).not.toEqual(plain.listings[0]);
    expect(shuffled.listings[0]).not.toEqual(reversed.listings[0]);
    expect(otherwise.listings[0]).not.toEqual(shuffled.listings[0]);
    expect(byBytes(shuffled.listings[0]!)).toEqual(plain.listings[0]);
  });

  it("moves inodes, times, processors, process ids and the host's name", async () => {
    const plain = await look();
    const moved = await look({
      settings: {
        inode_offset: 1000,
        mtime_offset: 3_600_000_000_000,
        cpus: 3,
        pid_offset: 5,
        hostname: "elsewhere",
      },
    });
    const [first] = Object.keys(plain.statuses);
    expect(moved.statuses[first!]![4]).toBe(plain.statuses[first!]![4]! + 1000);
    expect(moved.statuses[first!]![0]).toBeGreaterThan(plain.statuses[first!]![0]! + 3.5e12);
    expect(moved.cpus[0]).toBe(3);
    expect(moved.cpus[1]).toEqual([0, 1, 2]);
    expect(moved.pid.map((pid, index) => pid - plain.pid[index]!)).toEqual([5, 5]);
    expect(moved.names.at(-1)).toBe("elsewhere");
  });
});
