import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type FleetWorker, startFleetWorker } from "../../src/fleet/worker/fleet-worker.ts";
import { openObjects } from "../../src/store/objects/open-objects.ts";
import { openPatiently } from "../../src/store/objects/patient-objects.ts";
import { probeS3 } from "../../src/store/objects/probe-s3.ts";
import { S3Objects } from "../../src/store/objects/s3-objects.ts";
import { readS3Url, s3Credentials } from "../../src/store/objects/s3-place.ts";
import { type Fault, FaultyWay } from "./faulty-way.ts";
import { describeObjects, listed } from "./objects-suite.ts";
import { credentials, freePort, openTestStore } from "./s3-server.ts";

const server = await openTestStore();
const { base, isMoto } = server;
const folder = mkdtempSync(join(tmpdir(), "sameseed-s3-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

const least = 5 * 1024 * 1024;
const settings = { attempts: 3, pieceBytes: least, pageKeys: 10 };

describeObjects(
  "S3",
  async () => await Promise.resolve(new S3Objects(readS3Url(server.fresh()), s3Credentials(), settings)),
  // Moto looks whether there is an object and then writes it: of many at once, two may succeed.
  { fileBytes: 2 * least + 99, inTurn: isMoto },
);

describe("on a faulty way", () => {
  let way: FaultyWay;
  let store: S3Objects;
  let place: string;
  beforeAll(async () => {
    const { endpoint = "" } = readS3Url(base);
    way = await FaultyWay.open(endpoint);
    place = server.fresh().replace(endpoint, way.endpoint);
    store = new S3Objects(readS3Url(place), s3Credentials(), settings);
  });
  afterAll(async () => {
    store.close();
    await way[Symbol.asyncDispose]();
  });

  /** A store that was not asked anything yet: whoever waited often is not asked again as often. */
  function patient(fault: Fault, attempts: number): S3Objects & Disposable {
    const idle = fault === "stalled" ? { idleMs: 500 } : {};
    const own = new S3Objects(readS3Url(place), s3Credentials(), { ...settings, ...idle, attempts });
    return Object.assign(own, { [Symbol.dispose]: () => own.close() });
  }

  const passing: readonly Fault[] = ["busy", "cut before", "cut after", "stalled"];
  it.each(passing)("writes and reads all the same where a request is %s", async (fault) => {
    using store = patient(fault, 6);
    const key = `passing/${fault.replace(" ", "-")}`;
    way.first(2, "PUT", fault);
    await store.put(key, Buffer.from("one"));
    way.first(2, "GET", fault);
    expect((await store.get(key))?.toString()).toBe("one");
  });

  it("is waited for where it is full as it is opened, and not where its bucket is wrong", async () => {
    const log: string[] = [];
    const how = { signal: new AbortController().signal, onLog: (line: string) => log.push(line) };
    way.first(2, "PUT", "full");
    const opened = await openPatiently(place, how);
    opened.close();
    expect(log).toEqual([expect.stringMatching(/the store is full .*; waiting for the store$/)]);
    const [bucket = ""] = /(?<=^s3:\/\/)[^/]+/.exec(place) ?? [];
    await expect(openPatiently(place.replace(bucket, "nowhere-at-all"), how)).rejects.toMatchObject({
      code: "io_failed",
    });
    expect(log).toHaveLength(1);
  });

  it("is waited for by a host that starts while it is full, until it is to end", async () => {
    const log: string[] = [];
    const redis = `redis://127.0.0.1:${await freePort()}`;
    const start = async (signal: AbortSignal): Promise<FleetWorker> =>
      await startFleetWorker({ redis, store: place, signal, onLog: (line) => log.push(line) });
    const waits = expect.stringMatching(/the store is full .*; waiting for the store$/);
    way.first(2, "PUT", "full");
    const worker = await start(new AbortController().signal);
    expect(worker.note.store).toContain(place);
    await worker.drain(0);
    expect(log.filter((line) => /waiting for the store/.test(line))).toEqual([waits]);
    way.first(100, "PUT", "full");
    await expect(start(AbortSignal.timeout(500))).rejects.toMatchObject({ code: "disk_full" });
    way.fault = () => undefined;
  });

  it("reads all the same where an answer breaks off or has another bit, in pieces too", async () => {
    const [source, target] = [join(folder, "in"), join(folder, "out")];
    const bytes = Buffer.alloc(least + 99, "an image");
    writeFileSync(source, bytes);
    way.fault = () => undefined;
    await store.putFile("broken", source);
    for (const fault of ["cut amid", "flipped"] as const) {
      way.first(2, "GET", fault);
      expect((await store.get("broken"))?.equals(bytes)).toBe(true);
    }
    way.first(2, "GET", "cut amid");
    expect(await store.getFile("broken", target)).toBe(true);
    expect(readFileSync(target).equals(bytes)).toBe(true);
  });

  it("knows its own object where the answer was lost", async () => {
    way.first(1, "PUT", "cut after");
    expect(await store.putIfAbsent("lost-answer", Buffer.from("one"))).toBe(true);
    way.fault = () => undefined;
    expect(await store.putIfAbsent("lost-answer", Buffer.from("one"))).toBe(false);
  });

  it("never gives bytes that were not written", async () => {
    way.fault = () => undefined;
    await store.put("flipped", Buffer.from("one"));
    way.first(99, "GET", "flipped");
    const target = join(folder, "flipped");
    const refused = { code: "run_damaged", message: expect.stringContaining("another digest") as string };
    await expect(store.get("flipped")).rejects.toMatchObject(refused);
    await expect(store.getFile("flipped", target)).rejects.toMatchObject(refused);
    expect(existsSync(target)).toBe(false);
  });

  it.each([
    ["busy", "io_failed", /try later/],
    ["cut before", "io_failed", /did not answer/],
    ["stalled", "io_failed", /did not answer/],
    ["full", "disk_full", /free some space/],
  ] as const)("says what to do where every request is %s, and writes nothing", async (fault, code, hint) => {
    using store = patient(fault, 2);
    const key = `never/${fault.replace(" ", "-")}`;
    way.first(99, "PUT", fault);
    const hinted = { code, hint: expect.stringMatching(hint) as string };
    await expect(store.put(key, Buffer.from("one"))).rejects.toMatchObject(hinted);
    await expect(store.putIfAbsent(`${key}/absent`, Buffer.from("one"))).rejects.toMatchObject(hinted);
    way.fault = () => undefined;
    if (fault !== "stalled") expect(await store.has(key)).toBe(false);
  });

  it("leaves no pieces where a file could not be written whole", async () => {
    const source = join(folder, "in");
    writeFileSync(source, Buffer.alloc(least + 99));
    way.fault = ({ url = "" }) => (url.includes("partNumber=2") ? "full" : undefined);
    way.requests.length = 0;
    await expect(store.putFile("pieces", source)).rejects.toMatchObject({ code: "disk_full" });
    expect(way.requests.at(-1)).toMatch(/^DELETE .*uploadId=/);
    expect(await store.has("pieces")).toBe(false);
  });

  // A real server sees that a header is missing which was signed.
  it.skipIf(!isMoto).each([
    ["unconditional", /conditional|If-None-Match/],
    ["whole", /parts of objects/],
  ] as const)("refuses a server whose requests are %s", async (fault, said) => {
    way.fault = () => fault;
    await expect(openObjects(place)).rejects.toMatchObject({
      code: "io_failed",
      message: expect.stringMatching(said) as string,
      hint: expect.stringContaining("Ceph") as string,
    });
    way.fault = () => undefined;
    await expect(openObjects(place)).resolves.toBeDefined();
  });

  it("asks for no more at once than there are connections for", async () => {
    way.fault = () => undefined;
    way.most = 0;
    const keys = Array.from({ length: 80 }, (_, at) => `at-once/${at}`);
    await Promise.all(keys.map(async (key) => await store.put(key, Buffer.from(key))));
    expect(way.most).toBeGreaterThan(8);
    expect(way.most).toBeLessThanOrEqual(32);
    expect((await listed(store, "at-once/")).length).toBe(keys.length);
  });

  it("writes nothing to a store that is only read", async () => {
    way.fault = () => undefined;
    way.requests.length = 0;
    await probeS3(store, "read");
    expect(way.requests.map((line) => line.split(" ")[0])).toEqual(["GET"]);
  });
});

it("says what to do where there is no bucket, no server, or no right", async () => {
  const noBucket = base.replace(/s3:\/\/[^/?]+/, "s3://no-such-bucket-here");
  await expect(openObjects(noBucket)).rejects.toMatchObject({
    code: "io_failed",
    hint: expect.stringContaining("make the bucket") as string,
  });
  const noServer = readS3Url(`s3://x-y?endpoint=http://127.0.0.1:${await freePort()}`);
  const store = new S3Objects(noServer, credentials, { attempts: 1 });
  await expect(store.get("x")).rejects.toMatchObject({
    code: "io_failed",
    hint: expect.stringContaining("did not answer") as string,
  });
  if (isMoto) return;
  const { url } = readS3Url(base);
  const stranger = new S3Objects(readS3Url(url), { ...s3Credentials(), secretAccessKey: "another" });
  await expect(stranger.get("x")).rejects.toMatchObject({
    code: "io_failed",
    hint: expect.stringContaining("AWS_ACCESS_KEY_ID") as string,
  });
});

it("shows no secret in whatever it throws", async () => {
  const secret = "a-secret-that-nobody-may-see";
  const closed = readS3Url(`s3://x-y?endpoint=http://127.0.0.1:${await freePort()}`);
  const store = new S3Objects(closed, { accessKeyId: "id", secretAccessKey: secret }, { attempts: 1 });
  const error: unknown = await store.put("x", Buffer.from("")).catch((thrown: unknown) => thrown);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  expect(JSON.stringify(error)).not.toContain(secret);
});
