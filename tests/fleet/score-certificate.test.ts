/* What a fleet vouches for of scores, and when it does not. The fleet is the one within this process. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";

import { addOpinion, type ChunkRecord, readRecord } from "../../src/fleet/commit.ts";
import { addQuarantine, liftQuarantine } from "../../src/fleet/quarantine.ts";
import {
  checkScoreCertificate,
  type ScoreCertificate,
  writeScoreCertificate,
} from "../../src/fleet/score-certificate.ts";
import { openFleet, recordScores } from "../../src/index.ts";
import { readScores } from "../../src/judge/record/score-folder.ts";
import type { ScoreItem, ScoreResult } from "../../src/model/score.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { FolderObjects } from "../../src/store/objects/folder-objects.ts";
import { add, fenced, right } from "../unit/judge/score-support.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-score-certificate-"));
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

const task = { ...add, limits: { cpuMs: 5000, wallMs: 60_000 } };
const items: readonly ScoreItem[] = [
  { id: "good", task, completion: fenced(right) },
  { id: "again", task, completion: fenced(right) },
  { id: "half", task, completion: fenced("def add(a, b):\n    return 3") },
  { id: "nowhere", task: { ...task, id: "elsewhere", image: "no-such-image" }, completion: fenced(right) },
];
let [dir, where, places] = ["", "", 0];
let store: FolderObjects;

async function record(more: { readonly resume?: boolean } = {}): Promise<ScoreResult[]> {
  return await recordScores({ items, dir, fleet: openFleet("local:", { store: where }), ...more });
}

beforeEach(async () => {
  where = join(folder, `store-${++places}`);
  dir = join(folder, `scores-${places}`);
  store = new FolderObjects(where);
  await record();
});

const certificate = (): ScoreCertificate =>
  JSON.parse(readFileSync(join(dir, "fleet.json"), "utf8")) as ScoreCertificate;

async function firstRecord(): Promise<[string, ChunkRecord]> {
  const [key = ""] = await Array.fromAsync(store.list("chunks/"));
  return [key, (await readRecord(store, key))!];
}

async function quarantine(host: string): Promise<void> {
  await addQuarantine(store, { format: 1, host, at: "", spec: certificate().spec, seeds: [[0, 1]] });
}

it("is about every score, says who gave them, and agrees with the store", async () => {
  expect(certificate()).toMatchObject({
    kind: "scores",
    inputs: readScores(dir).head.digest,
    scores: 4,
    // An equal completion is scored once, and what has no image not at all.
    fromFleet: 2,
    hosts: [(await firstRecord())[1].host],
    mismatches: 0,
    quarantined: [],
  });
  expect(await checkScoreCertificate(dir, store)).toMatchObject({ state: "intact", inStore: 2 });
});

it.each([
  ["a score", { score: 0.75 }],
  ["a verdict", { verdict: "accepted" }],
  ["a digest", { digest: `sha256:${"0".repeat(64)}` }],
])("does not hold once %s is another", async (_, change) => {
  const half = readScores(dir).results.get("half")!;
  writeFileSync(join(dir, "results.ndjson"), `${JSON.stringify({ ...half, ...change })}\n`, { flag: "a" });
  expect(await checkScoreCertificate(dir)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("root"),
  });
});

it("does not hold for other completions, or when it was changed itself", async () => {
  const changed = { ...certificate(), hosts: ["another"] };
  writeFileSync(join(dir, "fleet.json"), JSON.stringify(changed));
  expect(await checkScoreCertificate(dir)).toMatchObject({ state: "altered" });
  rmSync(join(dir, "fleet.json"));
  await record({ resume: true });
  const written = readFileSync(join(dir, "fleet.json"));
  dir = join(folder, `others-${places}`);
  await recordScores({ items: items.slice(0, 1), dir });
  expect(await checkScoreCertificate(dir)).toEqual({ state: "none" });
  writeFileSync(join(dir, "fleet.json"), written);
  expect(await checkScoreCertificate(dir)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("other tasks or completions"),
  });
});

it("is written by a resume where a call was stopped before it, from what the store has", async () => {
  const { root, fromFleet } = certificate();
  const results = readFileSync(join(dir, "results.ndjson"), "utf8");
  rmSync(join(dir, "fleet.json"));
  const records = await Array.fromAsync(store.list("chunks/"));
  await record({ resume: true });
  expect(certificate()).toMatchObject({ root, fromFleet });
  expect(await Array.fromAsync(store.list("chunks/"))).toEqual(records);
  // What has no score is tried again, and is written again; all else is as it was.
  expect(readFileSync(join(dir, "results.ndjson"), "utf8").startsWith(results)).toBe(true);
});

it("is refused where scores may be of a host that is out, or the store says something else", async () => {
  const { spec } = certificate();
  const [key, first] = await firstRecord();
  await quarantine(first.host);
  await expect(writeScoreCertificate(dir, store, spec)).rejects.toMatchObject({
    code: "fleet_disagrees",
    context: { host: first.host, takenBack: true },
  });
  expect(await checkScoreCertificate(dir, store)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("quarantined since"),
  });
  await liftQuarantine(store, first.host);
  await store.put(key, Buffer.from(JSON.stringify({ ...first, root: "0".repeat(64) })));
  await expect(writeScoreCertificate(dir, store, spec)).rejects.toMatchObject({ code: "fleet_disagrees" });
  await store.delete(key);
  await writeScoreCertificate(dir, store, spec);
  expect(certificate().fromFleet).toBeLessThan(2);
  await quarantine("another");
  await expect(writeScoreCertificate(dir, store, spec)).rejects.toMatchObject({
    message: expect.stringContaining("no record of a trusted host"),
    context: { takenBack: true },
  });
});

it("does not hold where a second execution gave something else", async () => {
  const { spec } = certificate();
  const [, { seeds }] = await firstRecord();
  const root = "0".repeat(64);
  await addOpinion(store, { format: 1, spec, seeds, root, host: "b", worker: "b-1", why: "audit" });
  await writeScoreCertificate(dir, store, spec);
  expect(await checkScoreCertificate(dir)).toMatchObject({
    state: "altered",
    certificate: { mismatches: 1 },
  });
  expect(existsSync(join(dir, "results.ndjson"))).toBe(true);
});
