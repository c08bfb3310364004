/* What a fleet vouches for, and when it does not. The fleet is the one within this process. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";

import { packageVersion } from "../../src/base/package-version.ts";
import {
  checkFleetCertificate,
  type FleetCertificate,
  writeFleetCertificate,
} from "../../src/fleet/certificate.ts";
import { addOpinion, type ChunkRecord, readRecord, recordKey } from "../../src/fleet/commit.ts";
import { readChunkRollouts } from "../../src/fleet/drive/read-chunk-rollouts.ts";
import { Fleet } from "../../src/fleet/open-fleet.ts";
import { addQuarantine, liftQuarantine } from "../../src/fleet/quarantine.ts";
import { LocalDispatcher } from "../../src/fleet/queue/local-dispatcher.ts";
import { collectRollouts, openFleet, recordRun } from "../../src/index.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";
import { engineOf } from "../../src/rollout/rollout-fleet.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { FolderObjects } from "../../src/store/objects/folder-objects.ts";
import { withOneBitTurned } from "./lying.ts";
import { packOf } from "./pack-of.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-certificate-"));
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

const config = { envName: "CartPole-v1", seeds: [1, 2, 3, 4], maxSteps: 3 };
let [dir, where, places] = ["", "", 0];
let store: FolderObjects;

beforeEach(async () => {
  where = join(folder, `store-${++places}`);
  dir = join(folder, `run-${places}`);
  store = new FolderObjects(where);
  await recordRun({ ...config, dir, fleet: openFleet("local:", { store: where }) });
});

const certificate = (): FleetCertificate =>
  JSON.parse(readFileSync(join(dir, "fleet.json"), "utf8")) as FleetCertificate;

async function quarantine(host: string): Promise<void> {
  await addQuarantine(store, { format: 1, host, at: "", spec: certificate().spec, seeds: [[0, 1]] });
}

async function resume(): Promise<void> {
  await recordRun({ ...config, dir, resume: true, fleet: openFleet("local:", { store: where }) });
}

async function firstRecord(): Promise<[string, ChunkRecord]> {
  const [key = ""] = await Array.fromAsync(store.list("chunks/"));
  return [key, (await readRecord(store, key))!];
}

it("is written by a resume where a run was stopped before it, and by none where rows have no record", async () => {
  const { root, fromFleet } = certificate();
  rmSync(join(dir, "fleet.json"));
  await resume();
  expect(certificate()).toMatchObject({ root, fromFleet });
  rmSync(join(dir, "fleet.json"));
  const [key, record] = await firstRecord();
  await store.delete(key);
  await expect(resume()).rejects.toMatchObject({
    code: "fleet_disagrees",
    message: expect.stringContaining("has no certificate"),
    hint: expect.stringContaining("--out"),
    context: { seeds: [record.seeds[0]![0]] },
  });
  expect(existsSync(join(dir, "fleet.json"))).toBe(false);
});

it("is refused where a record has another root, or rows may be of a host that is out", async () => {
  const { spec } = certificate();
  const [key, record] = await firstRecord();
  await quarantine(record.host);
  await expect(writeFleetCertificate(dir, store, spec)).rejects.toMatchObject({
    code: "fleet_disagrees",
    context: { host: record.host, takenBack: true },
  });
  expect(await checkFleetCertificate(dir, store)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("quarantined since"),
  });
  await liftQuarantine(store, record.host);
  await quarantine("another");
  await writeFleetCertificate(dir, store, spec);
  await store.put(key, Buffer.from(JSON.stringify({ ...record, root: "0".repeat(64) })));
  await expect(writeFleetCertificate(dir, store, spec)).rejects.toMatchObject({
    code: "fleet_disagrees",
    message: expect.stringContaining("other rollouts"),
    // The row may be of a host that is out, whose record another run has made anew.
    context: { takenBack: true },
  });
  await liftQuarantine(store, "another");
  await expect(writeFleetCertificate(dir, store, spec)).rejects.not.toMatchObject({
    context: { takenBack: true },
  });
  await store.delete(key);
  await writeFleetCertificate(dir, store, spec);
  expect(certificate()).toMatchObject({ rollouts: 4, fromFleet: 3 });
  await quarantine("another");
  await expect(writeFleetCertificate(dir, store, spec)).rejects.toMatchObject({
    context: { seeds: [record.seeds[0]![0]] },
  });
});

it("does not hold where a second execution of a trusted host gave something else", async () => {
  const { spec } = certificate();
  const [, { seeds }] = await firstRecord();
  const root = "0".repeat(64);
  await addOpinion(store, { format: 1, spec, seeds, root, host: "b", worker: "b-1", why: "hedge" });
  await quarantine("b");
  await writeFleetCertificate(dir, store, spec);
  expect(await checkFleetCertificate(dir)).toMatchObject({ state: "intact" });
  await liftQuarantine(store, "b");
  await writeFleetCertificate(dir, store, spec);
  expect(await checkFleetCertificate(dir)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("1 second executions"),
    certificate: { mismatches: 1 },
  });
});

it("is asked for again where it counts a mismatch, and the call does not end well while it does", async () => {
  const { spec } = certificate();
  const [, { seeds }] = await firstRecord();
  // Nobody can look at what it found.
  const other = { format: 1, spec, seeds, root: "0".repeat(64), host: "b", worker: "b-1" } as const;
  await addOpinion(store, { ...other, why: "hedge" });
  await writeFleetCertificate(dir, store, spec);
  const undecided = { code: "fleet_disagrees", message: expect.stringContaining("no third one can tell") };
  await expect(resume()).rejects.toMatchObject(undecided);
  const fleet = openFleet("local:", { store: where });
  await expect(engineOf(fleet).audit(dir, new AbortController().signal)).rejects.toMatchObject(undecided);
  // No host is asked about one that contradicts itself; the certificate counts it.
  const own = { ...other, host: (await firstRecord())[1].host };
  await addOpinion(store, { ...own, why: "lease" });
  await expect(resume()).rejects.toMatchObject({ code: "fleet_disagrees", context: { mismatches: 1 } });
  await store.delete((await Array.fromAsync(store.list("audits/")))[0]!);
  await resume();
  expect(await checkFleetCertificate(dir)).toMatchObject({ state: "intact" });
});

it("counts seeds of a larger chunk where its pack has the run's rollouts of them", async () => {
  const { spec } = certificate();
  const taken: RecordedRollout[] = [];
  for (const key of await Array.fromAsync(store.list("chunks/"))) {
    const record = (await readRecord(store, key))!;
    using rollouts = await readChunkRollouts(store, record, key);
    taken.push(...rollouts);
    await store.delete(key);
  }
  taken.sort((a, b) => a.summary.seed - b.summary.seed);
  const put = async (rollouts: readonly RecordedRollout[]): Promise<string> => {
    const { bytes, root, pack } = packOf(spec, rollouts);
    await store.put(pack.key, bytes);
    const made = { format: 1, spec, seeds: [[1, 4]], root, pack } as const;
    const record: ChunkRecord = { ...made, host: "b", worker: "b-1", numbers: "c", wallMs: 1, at: "" };
    await store.put(recordKey(record), Buffer.from(JSON.stringify(record)));
    return pack.key;
  };
  const pack = await put(taken);
  dir = `${dir}-part`;
  await recordRun({ ...config, seeds: [1, 3], dir, fleet: openFleet("local:", { store: where }) });
  expect(certificate()).toMatchObject({ rollouts: 2, fromFleet: 2, chunks: 1, hosts: ["b"] });
  expect(await checkFleetCertificate(dir, store)).toMatchObject({ state: "intact", inStore: 2 });
  await store.delete(pack);
  expect(await checkFleetCertificate(dir, store)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("of 0 rollouts"),
  });
  await writeFleetCertificate(dir, store, spec);
  expect(certificate()).toMatchObject({ rollouts: 2, fromFleet: 0 });
  await put([withOneBitTurned(taken[0]!), ...taken.slice(1)]);
  await expect(writeFleetCertificate(dir, store, spec)).rejects.toMatchObject({
    message: expect.stringContaining("other rollouts"),
  });
});

it("is about seeds that are there once", async () => {
  const twice = collectRollouts({
    ...config,
    seeds: [1, 2, 1],
    fleet: openFleet("local:", { store: where }),
  });
  await expect(twice.results()).rejects.toMatchObject({ code: "bad_argument", context: { seed: 1 } });
});

it("is audited in the run's store by hosts of the run's class, whatever today's workers are", async () => {
  const { root, store: own } = certificate();
  const today = new LocalDispatcher();
  const note = { id: "z-1", host: "z", hostClass: "z", lanes: 9, slots: 1, store: `folder:${folder}/today` };
  today.serve({
    note: { ...note, version: packageVersion() },
    images: () => [],
    work: async () => await Promise.reject(new Error("nobody asks this host")),
  });
  const fleet = new Fleet(async () => today, { weight: 1, priority: 0, audit: 0 });
  await fleet.audit(dir, new AbortController().signal);
  expect(certificate()).toMatchObject({ root, store: own, mismatches: 0, fromFleet: 4 });
});
