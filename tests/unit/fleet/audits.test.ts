import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import type { Chunk } from "../../../src/fleet/chunk.ts";
import { addOpinion, type ChunkRecord } from "../../../src/fleet/commit.ts";
import { Audits } from "../../../src/fleet/drive/audits.ts";
import { type Findings, judge } from "../../../src/fleet/drive/compare-executions.ts";
import type { FleetView } from "../../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../../src/fleet/queue/local-dispatcher.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-audits-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = "5".repeat(64);
const one = "1".repeat(64);

/** A queue that nobody serves: it says what it was offered, and whom it was told not to trust. */
class Told extends LocalDispatcher {
  readonly offered: Chunk[] = [];
  readonly out: string[] = [];
  override async offer(_class: string, chunk: Chunk): Promise<void> {
    this.offered.push(chunk);
  }
  override async quarantine(host: string): Promise<void> {
    this.out.push(host);
  }
}

let places = 0;

function audits(share = 0.5): { store: FolderObjects; dispatcher: Told; audits: Audits } {
  const store = new FolderObjects(join(folder, String(++places)));
  const dispatcher = new Told();
  const common = { id: "b", spec, hostClass: "c", onNote: () => {} };
  return { store, dispatcher, audits: new Audits({ ...common, store, dispatcher, share }) };
}

function recordOf(seed: number): ChunkRecord {
  const pack = { key: "p", digest: one, bytes: 1 };
  const common = { format: 1, spec, root: one, host: "a", worker: "a-1" } as const;
  return { ...common, seeds: [[seed, 1]], pack, numbers: "c", wallMs: 1, at: "" };
}

const view: FleetView = {
  workers: ["a", "b", "c", "d"].map((host) => ({
    id: `${host}-1`,
    host,
    hostClass: "c",
    lanes: 1,
    slots: 1,
    busy: 0,
    store: "",
    images: [],
    version: "1",
    draining: false,
  })),
  batches: [],
  queues: {},
  quarantined: [],
};

/** Votes on every of 20 chunks, one of which is audited for certain but for one time in a million. */
async function voted(roots: Readonly<Record<string, string>>): Promise<Told> {
  const { audits: own, store, dispatcher } = audits();
  for (let seed = 0; seed < 20; seed++) {
    const record = recordOf(seed);
    own.consider(record);
    const { seeds } = record;
    for (const [host, root] of Object.entries(roots))
      await addOpinion(store, { format: 1, spec, seeds, root, host, worker: `${host}-1`, why: "audit" });
  }
  expect(own.isDone).toBe(false);
  await own.look(view, new Set(), 100);
  expect(own.isDone).toBe(true);
  return dispatcher;
}

it.each([2, 3, 4])("is content with %i hosts that agree", async (hosts) => {
  const others = ["b", "c", "d"].slice(0, hosts - 1);
  const dispatcher = await voted(Object.fromEntries(others.map((host) => [host, one])));
  expect([dispatcher.offered, dispatcher.out]).toEqual([[], []]);
});

/** What hosts found: a letter for each seed from 0 on, `.` where a limit ended the rollout. */
function found(by: Readonly<Record<string, string>>): Map<string, Findings> {
  return new Map(
    Object.entries(by).map(([host, leaves]) => [
      host,
      new Map(Array.from(leaves).flatMap((leaf, seed) => (leaf === "." ? [] : [[seed, leaf] as const]))),
    ]),
  );
}

it.each([
  ["agreed", { a: "xy", b: "xy" }],
  ["agreed", { a: "x.", b: ".y" }],
  ["agreed", { a: "xy", b: "..", c: "xy" }],
  ["unclear", { a: "xy", b: "xz" }],
  // The third host says nothing of the seed in question.
  ["unclear", { a: "xy", b: "xz", c: "x." }],
  ["scattered", { a: "x", b: "y", c: "z" }],
  ["scattered", { a: "x", b: "x", c: "y", d: "y" }],
  // Each of two is alone once: no single host explains it.
  ["scattered", { a: "xy", b: "xz", c: "wy", d: "xy" }],
])("is %s where hosts found %j", (is, by) => {
  expect(judge(found(by))).toEqual({ is });
});

it.each([
  ["d", { a: "x", b: "x", c: "x", d: "y" }],
  ["b", { a: "xy", b: "xz", c: ".y" }],
  ["a", { a: "wv", b: "xy", c: "xy" }],
])("finds %s alone in %j", (host, by) => {
  expect(judge(found(by))).toEqual({ is: "odd", host });
});

it("draws chunks that nobody else can name: two drivers of one batch draw others", async () => {
  const drawn = async (): Promise<string[]> => {
    const { audits: own, dispatcher } = audits();
    for (let seed = 0; seed < 100; seed++) own.consider(recordOf(seed));
    await own.look(view, new Set(), 100);
    return dispatcher.offered.map(({ id }) => id);
  };
  const [first, second] = [await drawn(), await drawn()];
  expect(first.length).toBeGreaterThan(20);
  expect(first.length).toBeLessThan(80);
  expect(second).not.toEqual(first);
});

it("has no more audits in the queue than it has room for", async () => {
  const { audits: own, dispatcher } = audits(1);
  for (let seed = 0; seed < 50; seed++) own.consider(recordOf(seed));
  await own.look(view, new Set(), 3);
  expect(dispatcher.offered).toHaveLength(3);
});

it("waits for a host that was there before, and for nobody else", async () => {
  const { audits: own, dispatcher } = audits(1);
  own.consider(recordOf(0));
  const only = (hosts: readonly string[]): FleetView => ({
    ...view,
    workers: view.workers.filter(({ host }) => hosts.includes(host)),
  });
  await own.look(only(["a", "b"]), new Set(["b"]), 3);
  expect(own.isDone).toBe(true);
  own.consider(recordOf(0));
  await own.look(only(["a", "c"]), new Set(), 3);
  expect(dispatcher.offered).toHaveLength(1);
  await own.look(only(["a"]), new Set(), 3);
  expect(own.isDone).toBe(false);
  await own.look(only(["a"]), new Set(["c"]), 3);
  expect(own.isDone).toBe(true);
});
