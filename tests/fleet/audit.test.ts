/*
 * Who computes a thing a second time has audited it. Three hosts, each a worker of this machine with a name of its own; one of
 * them lies in all it gives, consistently, so that only another execution can tell.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { readRecord } from "../../src/fleet/commit.ts";
import { openFleet } from "../../src/fleet/open-fleet.ts";
import { openDispatcher } from "../../src/fleet/queue/open-dispatcher.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { FolderObjects } from "../../src/store/objects/folder-objects.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { Workplace } from "../cli/sameseed.ts";
import { Host } from "./host.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";

// Each audit is another execution, and a host that lies makes the run begin anew.
vi.setConfig({ testTimeout: 180_000 });

const folder = mkdtempSync(join(tmpdir(), "sameseed-fleet-audit-"));
const store = join(folder, "store");
const seeds = Array.from({ length: 12 }, (_, at) => at);
const hosts: Host[] = [];
let redis: RedisServer;

/** Draws from the kernel: with the host's world, each host gives something else. */
const drawing = `
import os
import gymnasium


class Drawing(gymnasium.Env):
    observation_space = gymnasium.spaces.Discrete(256)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return os.urandom(1)[0], {}

    def step(self, action):
        return os.urandom(1)[0], 0.0, True, False, {}
`;

beforeAll(async () => {
  if (!hasRedis) return;
  redis = await RedisServer.start();
  const names = ["a", "b", "liar"];
  const options = { redis: redis.url, store, slots: 1, lanes: 1 };
  hosts.push(
    ...(await Promise.all(
      names.map(async (host) => await Host.start({ ...options, host, lies: host === "liar" })),
    )),
  );
  // A host that has started says so to the queue a little later.
  const dispatcher = await openDispatcher(redis.url);
  const isThere = async (): Promise<void> => expect((await dispatcher.view()).workers).toHaveLength(3);
  await vi.waitFor(isThere, { timeout: 30_000, interval: 100 });
  await dispatcher.close();
});

afterAll(async () => {
  for (const host of hosts) await host.end("SIGKILL");
  await redis?.[Symbol.asyncDispose]();
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs batches until the host that lies was found: the other two may be done with one before it has taken anything. */
async function runUntilFound(): Promise<{ readonly dir: string; readonly seeds: readonly number[] }> {
  for (let batch = 0; ; batch++) {
    const own = seeds.map((seed) => seed + batch * seeds.length);
    const dir = join(folder, `run-${batch}`);
    const config = { envName: "CartPole-v1", seeds: own, maxSteps: 5, dir };
    await recordRun({ ...config, fleet: openFleet(redis.url, { audit: 1 }) });
    const dispatcher = await openDispatcher(redis.url);
    const { quarantined } = await dispatcher.view();
    await dispatcher.close();
    if (quarantined.length > 0) {
      expect(quarantined).toEqual(["liar"]);
      return { dir, seeds: own };
    }
    expect(batch).toBeLessThan(20);
  }
}

/** What is recorded is audited again when somebody asks, with the hosts that are left. */
async function checkAuditAgain(dir: string, seeds: readonly number[]): Promise<void> {
  using place = new Workplace();
  rmSync(join(dir, "fleet.json"));
  const none = await place.run(["fleet", "audit", redis.url, dir]);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("no certificate of a fleet")]);
  await recordRun({
    envName: "CartPole-v1",
    seeds,
    maxSteps: 5,
    dir,
    resume: true,
    fleet: openFleet(redis.url),
  });
  const again = await place.run(["fleet", "audit", redis.url, dir, "--json"]);
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toMatchObject({ rollouts: seeds.length, mismatches: 0 });
}

describe.skipIf(!hasRedis)("an audit on other hosts", () => {
  it("tells an environment that does not follow from its seed from a host that lies", async () => {
    const path = join(folder, "drawing.py");
    writeFileSync(path, drawing);
    const run = recordRun({
      envName: `${path}:Drawing`,
      seeds: seeds.slice(0, 2),
      world: "host",
      dir: join(folder, "drawing"),
      fleet: openFleet(redis.url, { audit: 1 }),
    });
    await expect(run).rejects.toMatchObject({
      code: "fleet_disagrees",
      hint: expect.stringContaining("sameseed audit"),
    });
    const dispatcher = await openDispatcher(redis.url);
    expect((await dispatcher.view()).quarantined).toEqual([]);
    await dispatcher.close();
  });

  it("finds a host that lies, quarantines it, and runs again what it made", async () => {
    const { dir, seeds } = await runUntilFound();
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: seeds.length });
    const certificate: unknown = JSON.parse(readFileSync(join(dir, "fleet.json"), "utf8"));
    expect(certificate).toMatchObject({
      rollouts: seeds.length,
      fromFleet: seeds.length,
      // What the liar said of others' chunks does not count.
      mismatches: 0,
      quarantined: ["liar"],
    });
    await checkAuditAgain(dir, seeds);
    const objects = new FolderObjects(store);
    const { spec } = certificate as { spec: string };
    for await (const key of objects.list(`chunks/${spec}/`))
      expect((await readRecord(objects, key))!.host).not.toBe("liar");
  });
});
