/*
 * A run through a fleet is the run that this machine would have made: the same records under the same seeds, whoever dies
 * meanwhile. Hosts are processes of this machine with names of their own; Redis is this test's own, on a socket.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import {
  checkFleetCertificate,
  type FleetCertificate,
  type FleetCheck,
} from "../../src/fleet/certificate.ts";
import { packageVersion } from "../../src/base/package-version.ts";
import { seedsOf } from "../../src/fleet/chunk.ts";
import { readRecord } from "../../src/fleet/commit.ts";
import { leafOf, merkleRoot } from "../../src/fleet/merkle.ts";
import type { RolloutSummary } from "../../src/model/rollout.ts";
import { openDispatcher } from "../../src/fleet/queue/open-dispatcher.ts";
import { openFleet } from "../../src/fleet/open-fleet.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { FolderObjects } from "../../src/store/objects/folder-objects.ts";
import { recordRun, type RecordRunConfig } from "../../src/store/record-run.ts";
import { RunReader } from "../../src/store/run-reader.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { startSameseed, Workplace } from "../cli/sameseed.ts";
import { alive, descendants } from "../lifecycle/left-behind.ts";
import { Host } from "./host.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";
import { checkAudits, checkScores } from "./same-work.ts";

// Every rollout runs three times, hosts die, and leases run out: on a busy machine that takes a minute.
vi.setConfig({ testTimeout: 180_000 });

const folder = mkdtempSync(join(tmpdir(), "sameseed-fleet-"));
const range = (count: number, first = 0): number[] => Array.from({ length: count }, (_, at) => first + at);

const policy = {
  name: "half.py",
  source:
    "def act(observation, rng, info):\n    return int(observation[2] > 0) if rng.random() < 0.5 else int(rng.integers(2))\n",
};

/** Everything of a run that is not the time it took. */
async function contentOf(dir: string): Promise<unknown[]> {
  using reader = await RunReader.open(dir, { checkAll: true });
  return [...reader.rows()].map((row) => [
    { ...row, timings: null },
    reader.trajectory(row.seed).toString("hex"),
  ]);
}

async function rowsOf(dir: string): Promise<RolloutSummary[]> {
  using reader = await RunReader.open(dir);
  return [...reader.rows()];
}

function certificateOf(check: FleetCheck): FleetCertificate {
  if (check.state !== "intact") throw new Error(`the certificate is ${check.state}`);
  return check.certificate;
}

async function checkAltered(dir: string, read: FolderObjects): Promise<void> {
  const path = join(dir, "fleet.json");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace('"mismatches": 0', '"mismatches": 1'));
  expect(await checkFleetCertificate(dir)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("digest"),
  });
  writeFileSync(path, text);
  const [key = ""] = await Array.fromAsync(read.list("chunks/"));
  const record = (await read.get(key))!;
  const { root } = (await readRecord(read, key))!;
  await read.put(key, Buffer.from(record.toString().replace(root, "0".repeat(64))));
  expect(await checkFleetCertificate(dir, read)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("another root"),
  });
  await read.delete(key);
  expect(await checkFleetCertificate(dir, read)).toMatchObject({
    state: "altered",
    why: expect.stringContaining("records of"),
  });
  await read.put(key, record);
  expect(await checkFleetCertificate(dir, read)).toMatchObject({ state: "intact" });
}

let redis: RedisServer;
let store = 0;

async function startHosts(
  names: readonly string[],
  where = join(folder, `store-${++store}`),
): Promise<Host[]> {
  const options = { redis: redis.url, store: where, slots: 2 };
  return await Promise.all(names.map(async (host) => await Host.start({ ...options, host })));
}

beforeAll(async () => {
  if (hasRedis) redis = await RedisServer.start();
});

afterAll(async () => {
  await closeSandboxes();
  await redis?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!hasRedis)("a run through a fleet", () => {
  const config = { envName: "CartPole-v1", seeds: range(36), policy, maxSteps: 20 } satisfies RecordRunConfig;

  it("has the records of a local one, through a killed host and a Redis that lost everything", async () => {
    const local = join(folder, "local");
    await recordRun({ ...config, dir: local });
    const where = join(folder, "store-chaos");
    await using a = (await startHosts(["a"], where))[0]!;
    await using b = (await startHosts(["b"], where))[0]!;
    const below = descendants(a.pid);
    const dir = join(folder, "chaos");
    let recorded = 0;
    const fault = Promise.withResolvers<void>();
    const notes: string[] = [];
    const run = recordRun({
      ...config,
      dir,
      fleet: openFleet(redis.url, { onNote: (line) => notes.push(line) }),
      onRollout: () => {
        if (++recorded === 5) fault.resolve();
      },
    });
    await Promise.race([fault.promise, run]);
    expect(recorded).toBeLessThan(config.seeds.length);
    expect(await a.end("SIGKILL")).toBe("SIGKILL");
    await sleep(500);
    expect(alive(below)).toEqual([]);
    await redis.kill();
    await sleep(300);
    await redis.start();
    await run;
    expect(await contentOf(dir)).toEqual(await contentOf(local));
    expect(recorded).toBe(config.seeds.length);
    const verified = await verifyRun(dir);
    expect(verified).toMatchObject({ verified: true, equal: config.seeds.length });
    // The certificate is about these rollouts and the store's; another row, root or store is not what it says.
    const read = new FolderObjects(where);
    const check = await checkFleetCertificate(dir, read);
    expect(check).toMatchObject({
      state: "intact",
      inStore: 36,
      certificate: { rollouts: 36, fromFleet: 36, mismatches: 0 },
    });
    expect(merkleRoot((await rowsOf(local)).map((row) => leafOf(certificateOf(check).spec, row)))).toBe(
      certificateOf(check).root,
    );
    await checkAltered(dir, read);
    // Nothing of the batch is left in the queue.
    expect(await redis.keysOf(`run-x86-64-v3-v${packageVersion()}:2`)).toEqual([]);
    const keys = await Array.fromAsync(read.list("chunks/"));
    const chunks = await Promise.all(keys.map(async (key) => await readRecord(read, key)));
    expect(chunks.flatMap((chunk) => [...seedsOf(chunk!.seeds)]).toSorted((x, y) => x - y)).toEqual(
      config.seeds,
    );
    expect(await b.end("SIGTERM")).toBe(0);
  });

  it("is what the command line makes of --fleet, with the same output; workers drain", async () => {
    using place = new Workplace({ "half.py": policy.source });
    const where = place.path("store");
    const worker = ["worker", "--redis", redis.url, "--store", where, "--slots", "2", "--host", "a"];
    const { child, ended } = startSameseed(worker, { cwd: place.folder });
    await using _end = { [Symbol.asyncDispose]: async () => void child.kill("SIGKILL") };
    const args = ["run", "CartPole-v1", "--seeds", "1..6", "--policy", "half.py", "--json"];
    const [local, far] = [
      await place.run([...args, "--out", "local"]),
      await place.run([...args, "--out", "far", "--fleet", redis.url]),
    ];
    expect(far.stderr).toContain("recording 6 rollouts in far");
    expect(far.code).toBe(0);
    const plain = ({ stdout }: { readonly stdout: string }): unknown =>
      JSON.parse(stdout, (key, value: unknown) =>
        ["runId", "dir", "timings", "wallMs", "createdAt", "rolloutsPerSecond"].includes(key) ? null : value,
      );
    expect(plain(far)).toEqual(plain(local));
    const evaluation = ["eval", "--env", "CartPole-v1", "--x", "half.py", "--seeds", "1..6", "--json"];
    const [here, there] = [
      await place.run(evaluation),
      await place.run([...evaluation, "--fleet", redis.url]),
    ];
    expect([there.code, there.stdout]).toEqual([0, here.stdout]);
    await checkScores(place, redis.url, where);
    await checkAudits(place, redis.url);
    const status = await place.run(["fleet", "status", redis.url, "--json"]);
    expect(JSON.parse(status.stdout)).toMatchObject({
      workers: [{ host: "a", hostClass: "x86-64-v3", lanes: 2, slots: 2, draining: false }],
      batches: [],
    });
    const nobody = await place.run(["fleet", "cancel", redis.url, "nobody"]);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain("the fleet has no batch nobody");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("ends with 130 where it is interrupted, takes back what it offered, and goes on from the store", async () => {
    using place = new Workplace();
    const where = place.path("store");
    await using _host = (await startHosts(["a"], where))[0]!;
    const args = [
      "run",
      "CartPole-v1",
      "--seeds",
      "1..100",
      "--out",
      "far",
      "--fleet",
      redis.url,
      "--store",
      where,
    ];
    const { child, ended } = startSameseed(args, { cwd: place.folder });
    const dispatcher = await openDispatcher(redis.url);
    await using _queue = { [Symbol.asyncDispose]: async () => await dispatcher.close() };
    const records = new FolderObjects(where);
    const count = async (): Promise<number> => (await Array.fromAsync(records.list("chunks/"))).length;
    await vi.waitFor(async () => expect(await count()).toBeGreaterThan(2), { timeout: 20_000, interval: 50 });
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain(`--fleet ${redis.url}`);
    const queues = async (): Promise<unknown> => {
      const { batches, queues: own } = await dispatcher.view();
      return [batches, own];
    };
    await vi.waitFor(
      async () => expect(await queues()).toEqual([[], { "x86-64-v3": { waiting: 0, running: 0 } }]),
      { timeout: 10_000 },
    );
    const before = await count();
    expect(before).toBeGreaterThan(0);
    const resumed = await place.run([...args, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(resumed.stdout).toContain("100 rollouts");
    expect(await count()).toBeGreaterThan(before);
  });

  it("refuses what only this process could do, before anything is connected", async () => {
    const fleet = openFleet("redis+unix:/nowhere/redis.sock");
    const act = (): number => 0;
    const run = recordRun({ ...config, policy: act, dir: join(folder, "function"), fleet });
    await expect(run).rejects.toMatchObject({ code: "bad_argument" });
  });
});
