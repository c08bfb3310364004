/* What a host of a fleet does by itself: its spool, its patience with a store, how its store is mounted, which specs it plays. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import { packageVersion } from "../../../src/base/package-version.ts";
import { Semaphore } from "../../../src/base/semaphore.ts";
import { chooseHosts } from "../../../src/fleet/drive/choose-hosts.ts";
import { decodeSpec, encodeSpec, fleetSpec } from "../../../src/fleet/fleet-spec.ts";
import type { FleetView } from "../../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../../src/fleet/queue/local-dispatcher.ts";
import { Spool, SpoolFile } from "../../../src/fleet/spool.ts";
import type { ImageSupply } from "../../../src/fleet/worker/image-supply.ts";
import { patiently } from "../../../src/store/objects/patience.ts";
import { runChunk, specKey } from "../../../src/fleet/worker/run-chunk.ts";
import { mountProblem } from "../../../src/fleet/worker/shared-folder.ts";
import { Lanes } from "../../../src/judge/lanes.ts";
import { resolveOptions } from "../../../src/rollout/rollout-config.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";

const home = mkdtempSync(join(tmpdir(), "sameseed-fleet-host-"));
vi.stubEnv("SAMESEED_HOME", home);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

it("plays specs of its own version and scripts alone; both are in a spec's hash", () => {
  const spec = fleetSpec(resolveOptions({ envName: "CartPole-v1" }), "0".repeat(64), "c");
  const { bytes, hash } = encodeSpec(spec);
  expect(decodeSpec(bytes, hash)).toEqual(spec);
  for (const other of [
    { ...spec, version: "0.0.0" },
    { ...spec, harness: "0".repeat(64) },
  ]) {
    const own = encodeSpec(other);
    expect(own.hash).not.toBe(hash);
    expect(() => decodeSpec(own.bytes, own.hash)).toThrow(/are Sameseed .*'s, and this is/);
  }
});

it("removes the spool of processes that are gone, and its own when it is done", () => {
  const gone = join(home, "spool", ".build-1-1-1-00000000");
  mkdirSync(gone, { recursive: true });
  utimesSync(gone, 0, 0);
  const first = new Spool();
  const second = new Spool();
  expect([gone, first.folder, second.folder].map(existsSync)).toEqual([false, true, true]);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
  expect(existsSync(first.folder)).toBe(false);
});

it("reads from a file what was added to it, in any order", () => {
  using spool = new Spool();
  using file = new SpoolFile(spool.path("x"), "new");
  expect([file.append(Buffer.from("one")), file.append(Buffer.from("two"))]).toEqual([0, 3]);
  expect([file.read(3, 3).toString(), file.read(0, 3).toString(), file.size]).toEqual(["two", "one", 6]);
  using again = new SpoolFile(file.path, "there");
  expect(again.digest()).toBe(file.digestOfAppended());
  expect(() => file.read(4, 3)).toThrow(/shorter|io_failed|failed/);
});

it("removes from a store what was begun long ago, and lists nothing that is not whole", async () => {
  const root = join(home, "store");
  const store = new FolderObjects(root);
  await store.put("chunks/a/x.json", Buffer.from("x"));
  const [old, fresh] = ["old", "fresh"].map((name) => join(root, ".parts", name));
  for (const path of [old!, fresh!]) writeFileSync(path, "part");
  utimesSync(old!, 0, 0);
  await store.sweep();
  expect([old!, fresh!].map(existsSync)).toEqual([false, true]);
  expect(existsSync(dirname(fresh!))).toBe(true);
  expect(await Array.fromAsync(store.list("chunks/"))).toEqual(["chunks/a/x.json"]);
});

it("waits for a store that is full or away, for a minute and for nothing else", async () => {
  const waits: number[] = [];
  const log: string[] = [];
  const how = {
    signal: new AbortController().signal,
    onLog: (line: string) => log.push(line),
    wait: async (ms: number) => void waits.push(ms),
  };
  let tries = 0;
  const full = async (): Promise<void> => {
    if (++tries < 4) throw new SameseedError("disk_full", "no space");
  };
  await patiently(full, how);
  expect([tries, waits, log]).toEqual([4, [200, 400, 800], ["no space; waiting for the store"]]);
  waits.length = 0;
  const never = patiently(async () => await Promise.reject(new SameseedError("io_failed", "away")), how);
  await expect(never).rejects.toMatchObject({ code: "io_failed" });
  expect(waits.reduce((sum, ms) => sum + ms)).toBeGreaterThanOrEqual(60_000);
  waits.length = 0;
  const other = patiently(async () => await Promise.reject(new SameseedError("internal", "x")), how);
  await expect(other).rejects.toMatchObject({ code: "internal" });
  expect(waits).toEqual([]);
});

it("waits for a store that fails to give a record, a spec or an image", async () => {
  const spec = fleetSpec(resolveOptions({ envName: "CartPole-v1" }), "0".repeat(64), "c");
  const { bytes, hash } = encodeSpec(spec);
  const tries: string[] = [];
  const once = <T>(what: string, then: () => T): T => {
    tries.push(what);
    if (tries.filter((own) => own === what).length > 1) return then();
    throw new SameseedError("io_failed", "away");
  };
  const store = new FolderObjects(join(home, "failing"));
  vi.spyOn(store, "get").mockImplementation(async (key) =>
    once(key.split("/")[0]!, () => (key === specKey(hash) ? bytes : undefined)),
  );
  const ensure = async (): Promise<void> =>
    once("image", () => {
      throw new SameseedError("image_damaged", "as far as it goes");
    });
  const gate = new Semaphore(1);
  const place = {
    store,
    images: { digests: [], ensure } as unknown as ImageSupply,
    slots: 1,
    gate,
    tests: new Lanes(1, gate),
    host: "a",
    worker: "a-1",
    hostClass: "c",
    onLog: () => {},
  };
  const chunk = { v: 1, id: "i", batch: "b", spec: hash, seeds: [[0, 1]], purpose: "run" } as const;
  const running = runChunk(place, chunk, new AbortController().signal);
  await expect(running).rejects.toMatchObject({ code: "image_damaged" });
  expect(tries).toEqual(["chunks", "chunks", "specs", "specs", "image", "image"]);
  // A store that answers and has no such spec is another one: nobody waits a minute for it.
  const other = { ...place, store: new FolderObjects(join(home, "another")) };
  const elsewhere = { ...chunk, spec: "7".repeat(64) };
  await expect(runChunk(other, elsewhere, new AbortController().signal)).rejects.toMatchObject({
    code: "protocol_broken",
    message: expect.stringContaining("another does not have the spec 777777777777"),
  });
});

it("lets no quarantined host choose the class that a batch runs on", async () => {
  const common = { slots: 1, busy: 0, store: "s", images: [], version: packageVersion(), draining: false };
  const workers = [
    { ...common, id: "a-1", host: "a", hostClass: "c", lanes: 2 },
    { ...common, id: "b-1", host: "b", hostClass: "d", lanes: 9 },
  ];
  class Viewed extends LocalDispatcher {
    override async view(): Promise<FleetView> {
      return { workers, batches: [], queues: {}, quarantined: ["b"] };
    }
  }
  const how = { store: undefined, onNote: () => {}, signal: new AbortController().signal };
  expect(await chooseHosts(new Viewed(), how)).toEqual({ hostClass: "c", store: "s" });
});

const mounts = [
  "/dev/sda / ext4 rw 0 0",
  "queue:/x /srv nfs4 rw,vers=4.2,lookupcache=pos 0 0",
  "queue:/y /srv/bad nfs rw,vers=3 0 0",
  "queue:/z /srv/a\\040b nfs rw 0 0",
].join("\n");

it.each([
  ["/home/x", undefined],
  ["/srv/store", undefined],
  ["/srv/badge", undefined],
  ["/srv/bad", "/srv/bad"],
  ["/srv/bad/store", "/srv/bad"],
  ["/srv/a b/store", "/srv/a b"],
])("knows whether NFS at %j forgets what is new: %j", (folder, point) => {
  const problem = mountProblem(folder, mounts);
  if (point === undefined) expect(problem).toBeUndefined();
  else expect(problem).toContain(`${point} remembers`);
});
