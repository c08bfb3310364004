import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it, vi } from "vitest";

import type { Chunk } from "../../../src/fleet/chunk.ts";
import { addOpinion, type ChunkRecord } from "../../../src/fleet/commit.ts";
import { Audits, type AuditSetting } from "../../../src/fleet/drive/audits.ts";
import {
  type Finding,
  type Findings,
  findingsOf,
  judge,
} from "../../../src/fleet/drive/compare-executions.ts";
import type { ChunkState } from "../../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../../src/fleet/queue/local-dispatcher.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";
import { summaryOf } from "./some-rollouts.ts";

/** What can be read of what a host made; of other hosts nothing can. */
const readable = new Map<string, Findings>();
beforeEach(() => readable.clear());
vi.mock("../../../src/fleet/drive/compare-executions.ts", async (original) => ({
  ...(await original()),
  readFindings: async (_store: unknown, { host }: { readonly host: string }) => readable.get(host),
}));

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

function audits(
  share = 0.5,
  more: Partial<AuditSetting> = {},
  dispatcher: Told = new Told(),
): {
  store: FolderObjects;
  dispatcher: Told;
  audits: Audits;
  notes: string[];
  later: (ms: number) => void;
} {
  const notes: string[] = [];
  let now = 0;
  const store = new FolderObjects(join(folder, String(++places)));
  const common = { id: "b", spec, hostClass: "c", onNote: (line: string) => void notes.push(line) };
  const own = new Audits({ ...common, store, dispatcher, share, ...more }, () => now);
  return { store, dispatcher, audits: own, notes, later: (ms) => void (now += ms) };
}

function recordOf(seed: number): ChunkRecord {
  const pack = { key: "p", digest: one, bytes: 1 };
  const common = { format: 1, spec, root: one, host: "a", worker: "a-1" } as const;
  return { ...common, seeds: [[seed, 1]], pack, numbers: "c", wallMs: 1, at: "" };
}

const none: ReadonlySet<string> = new Set();
const hosts: ReadonlySet<string> = new Set(["a", "b", "c", "d"]);

/** Votes on every of 20 chunks, one of which is audited for certain but for one time in a million. */
async function voted(roots: Readonly<Record<string, string>>): Promise<Told> {
  const { audits: own, store, dispatcher } = audits();
  for (let seed = 0; seed < 20; seed++) {
    const record = recordOf(seed);
    await own.consider(record, none);
    const { seeds } = record;
    for (const [host, root] of Object.entries(roots))
      await addOpinion(store, { format: 1, spec, seeds, root, host, worker: `${host}-1`, why: "audit" });
  }
  expect(own.isDone).toBe(false);
  await own.look(hosts, none, 100);
  expect(own.isDone).toBe(true);
  return dispatcher;
}

it("only says that hosts differ where what they ran is a stranger's: nobody is judged, and nothing ends", async () => {
  const told: (readonly string[])[] = [];
  const onDifference = (_: ChunkRecord, hosts: readonly string[]): void => void told.push(hosts);
  const { audits: own, store, dispatcher } = audits(1, { onDifference });
  const record = recordOf(0);
  await own.consider(record, none);
  const other = { ...record, root: "2".repeat(64), host: "b", worker: "b-1", why: "audit" } as const;
  const { format, spec: of, seeds, root, host, worker, why, pack } = other;
  await addOpinion(store, { format, spec: of, seeds, root, host, worker, why, pack });
  for (const [name, leaf] of [
    ["a", "x"],
    ["b", "y"],
  ] as const)
    readable.set(name, new Map([[0, { leaf, isClaimed: true }]]));
  await own.look(hosts, none, 100);
  expect(own.isDone).toBe(true);
  expect(told).toEqual([["a", "b"]]);
  expect(dispatcher.out).toEqual([]);
});

/** A queue in which nothing is ever taken, and which says with which priority it was asked. */
class Busy extends Told {
  readonly priorities: number[] = [];
  override async offer(hostClass: string, own: Chunk, priority = -1): Promise<void> {
    await super.offer(hostClass, own);
    this.priorities.push(priority);
  }
  override async stateOf(): Promise<ChunkState> {
    return { at: this.priorities.length === 0 ? "absent" : "waiting" };
  }
}

it("does not let an audit wait for ever behind a fleet that has always more to do", async () => {
  const dispatcher = new Busy();
  const { audits: own, later } = audits(1, { priority: 3 }, dispatcher);
  await own.consider(recordOf(0), none);
  for (let seconds = 0; seconds < 60; seconds++) {
    await own.look(hosts, none, 100);
    later(1_000);
  }
  // Behind everything at first, then as any chunk of its batch; and that is once.
  expect(dispatcher.priorities).toEqual([2_000, 3]);
});

it.each([2, 3, 4])("is content with %i hosts that agree", async (hosts) => {
  const others = ["b", "c", "d"].slice(0, hosts - 1);
  const dispatcher = await voted(Object.fromEntries(others.map((host) => [host, one])));
  expect([dispatcher.offered, dispatcher.out]).toEqual([[], []]);
});

/** What hosts found: a letter for each seed from 0 on, `.` where a limit ended the rollout. */
function found(by: Readonly<Record<string, string>>, isClaimed = true): Map<string, Findings> {
  return new Map(
    Object.entries(by).map(([host, leaves]) => [
      host,
      new Map(
        Array.from(leaves).flatMap((leaf, seed) =>
          leaf === "." ? [] : [[seed, { leaf, isClaimed }] as const],
        ),
      ),
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

it("blames no host for a coin: who stands alone is at fault where the others' receipts claim that all do the same", () => {
  const coin = { a: "x", b: "y", c: "x" };
  expect(judge(found(coin))).toEqual({ is: "odd", host: "b" });
  expect(judge(found(coin, false))).toEqual({ is: "scattered" });
  // What the odd one claims of itself does not save it, nor do seeds of which nobody says anything else.
  const [claimed, unclaimed] = [found({ a: "xz", c: "xz" }), found({ b: "yz" }, false)];
  expect(judge(new Map([...claimed, ...unclaimed]))).toEqual({ is: "odd", host: "b" });
});

it("knows from a receipt what is claimed of other hosts", () => {
  const { receipt } = summaryOf({});
  const hostWorld = { ...receipt.world, mode: "host" } as const;
  const claims = [
    receipt,
    { ...receipt, tier: "T1" } as const,
    { ...receipt, tier: "none" } as const,
    { ...receipt, world: hostWorld },
  ].map((own) => findingsOf(spec, [{ summary: summaryOf({ receipt: own }) }]).get(0)!.isClaimed);
  expect(claims).toEqual([true, false, false, false]);
});

it("draws chunks that nobody else can name: two drivers of one batch draw others", async () => {
  const drawn = async (): Promise<string[]> => {
    const { audits: own, dispatcher } = audits();
    for (let seed = 0; seed < 100; seed++) await own.consider(recordOf(seed), none);
    await own.look(hosts, none, 100);
    return dispatcher.offered.map(({ id }) => id);
  };
  const [first, second] = [await drawn(), await drawn()];
  expect(first.length).toBeGreaterThan(20);
  expect(first.length).toBeLessThan(80);
  expect(second).not.toEqual(first);
});

it("has no more audits in the queue than it has room for", async () => {
  const { audits: own, dispatcher } = audits(1);
  for (let seed = 0; seed < 50; seed++) await own.consider(recordOf(seed), none);
  await own.look(hosts, none, 3);
  expect(dispatcher.offered).toHaveLength(3);
});

it("waits for hosts in the beginning, later for one that was there shortly before, and for nobody else", async () => {
  const { audits: own, dispatcher, later } = audits(1);
  await own.consider(recordOf(0), none);
  // A host that starts with the batch has not said yet that it is there.
  await own.look(new Set(["a"]), none, 3);
  expect(own.isDone).toBe(false);
  later(9_000);
  await own.look(new Set(["a", "c"]), none, 3);
  expect(dispatcher.offered).toHaveLength(1);
  later(29_000);
  await own.look(new Set(["a"]), none, 3);
  expect(own.isDone).toBe(false);
  later(2_000);
  await own.look(new Set(["a"]), none, 3);
  expect(own.isDone).toBe(true);
  await own.consider(recordOf(1), none);
  await own.look(new Set(["a", "c"]), none, 3);
  expect(own.isDone).toBe(false);
  await own.look(new Set(["a"]), new Set(["c"]), 3);
  expect(own.isDone).toBe(true);
});

it("waits for the host of another record, and gives up all at once that wait for it, however little room there is", async () => {
  const { audits: own, dispatcher, later, notes } = audits(1);
  await own.look(new Set(["a"]), none, 1);
  later(11_000);
  for (let seed = 0; seed < 50; seed++) await own.consider(recordOf(seed), none);
  await own.consider({ ...recordOf(50), host: "b" }, none);
  await own.look(new Set(["a"]), none, 1);
  // What waits keeps nothing out of the queue that somebody can run.
  expect(dispatcher.offered.map(({ seeds }) => seeds)).toEqual([[[50, 1]]]);
  later(31_000);
  await own.look(new Set(["a"]), none, 1);
  expect(own.isDone).toBe(false);
  for (let times = 0; times < 5; times++) {
    later(4_000);
    await own.look(new Set(["a"]), none, 1);
  }
  own.sayGiven();
  expect([own.isDone, notes]).toEqual([true, ["51 chunks could not be audited: no other host took them"]]);
});

it("gives up no chunk of which another host says something else that cannot be read", async () => {
  const { audits: own, store, later } = audits(1);
  const record = recordOf(0);
  await own.consider(record, none);
  await own.look(hosts, none, 3);
  for (const [found, root] of Object.entries({ a: one, c: one, d: "2".repeat(64) })) {
    if (found !== "d") readable.set(found, new Map([[0, { leaf: "x", isClaimed: true }]]));
    if (found === "a") continue;
    const { seeds } = record;
    await addOpinion(store, { format: 1, spec, seeds, root, host: found, worker: found, why: "audit" });
  }
  later(60_000);
  await expect(own.look(new Set(["a", "c"]), none, 3)).rejects.toMatchObject({
    code: "fleet_disagrees",
    context: { hosts: ["a", "c", "d"] },
  });
});

it("looks at every chunk that a lease or a hedge contradicts, drawn or not, and counts that as a vote", async () => {
  const { audits: own, store, dispatcher } = audits(0);
  const at = (host: string): Finding => ({ leaf: host === "b" ? "y" : "x", isClaimed: true });
  for (const host of ["a", "b", "c"]) readable.set(host, new Map([[0, at(host)]]));
  const record = recordOf(0);
  const { seeds } = record;
  const pack = { key: "q", digest: one, bytes: 1 };
  const common = { format: 1, spec, seeds } as const;
  await addOpinion(store, { ...common, root: one, host: "c", worker: "c-1", why: "hedge" });
  await own.consider(record, none);
  expect(own.isDone).toBe(true);
  await addOpinion(store, { ...common, root: "2".repeat(64), host: "b", worker: "b-1", why: "lease", pack });
  await own.consider(record, new Set(["b"]));
  expect(own.isDone).toBe(true);
  await own.consider(record, none);
  await own.look(hosts, none, 3);
  expect(dispatcher.offered).toMatchObject([{ purpose: "audit", notHosts: ["a", "b"] }]);
  await addOpinion(store, { ...common, root: one, host: "c", worker: "c-1", why: "audit" });
  await expect(own.look(hosts, none, 3)).rejects.toMatchObject({ context: { host: "b", takenBack: true } });
  expect(dispatcher.out).toEqual(["b"]);
});
