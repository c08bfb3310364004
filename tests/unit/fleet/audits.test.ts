import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import type { Chunk } from "../../../src/fleet/chunk.ts";
import { addOpinion, type ChunkRecord } from "../../../src/fleet/commit.ts";
import { Audits } from "../../../src/fleet/drive/audits.ts";
import type { FleetView } from "../../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../../src/fleet/queue/local-dispatcher.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-audits-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = "5".repeat(64);
const [one, other] = ["1".repeat(64), "2".repeat(64)];

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

function audits(): { store: FolderObjects; dispatcher: Told; audits: Audits } {
  const store = new FolderObjects(join(folder, String(++places)));
  const dispatcher = new Told();
  const common = { id: "b", spec, hostClass: "c", onNote: () => {} };
  return { store, dispatcher, audits: new Audits({ ...common, store, dispatcher, share: 0.5 }) };
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
  await own.look(view);
  expect(own.isDone).toBe(true);
  return dispatcher;
}

it.each([2, 3, 4])("is content with %i hosts that agree", async (hosts) => {
  const others = ["b", "c", "d"].slice(0, hosts - 1);
  const dispatcher = await voted(Object.fromEntries(others.map((host) => [host, one])));
  expect([dispatcher.offered, dispatcher.out]).toEqual([[], []]);
});

it("finds the one of four hosts that stands alone, and nobody where two stand against two", async () => {
  const { audits: own, store, dispatcher } = audits();
  for (let seed = 0; seed < 20; seed++) own.consider(recordOf(seed));
  const say = async (roots: Readonly<Record<string, string>>): Promise<void> => {
    for (let seed = 0; seed < 20; seed++)
      for (const [host, root] of Object.entries(roots)) {
        const { seeds } = recordOf(seed);
        await addOpinion(store, { format: 1, spec, seeds, root, host, worker: `${host}-1`, why: "audit" });
      }
  };
  await say({ b: one, c: other, d: other });
  await expect(own.look(view)).rejects.toMatchObject({
    code: "fleet_disagrees",
    context: { seeds: [[expect.any(Number), 1]] },
  });
  expect(dispatcher.out).toEqual([]);
  await say({ c: one });
  await expect(own.look(view)).rejects.toMatchObject({ context: { host: "d", takenBack: true } });
  expect(dispatcher.out).toEqual(["d"]);
});

it("draws chunks that nobody else can name: two drivers of one batch draw others", async () => {
  const drawn = async (): Promise<string[]> => {
    const { audits: own, dispatcher } = audits();
    for (let seed = 0; seed < 100; seed++) own.consider(recordOf(seed));
    await own.look(view);
    return dispatcher.offered.map(({ id }) => id);
  };
  const [first, second] = [await drawn(), await drawn()];
  expect(first.length).toBeGreaterThan(20);
  expect(first.length).toBeLessThan(80);
  expect(second).not.toEqual(first);
});
