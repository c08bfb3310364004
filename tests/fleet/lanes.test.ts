/* What a host's lanes do at a queue on Redis where Redis, a lease or a supervisor is lost. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import { BullDispatcher } from "../../src/fleet/queue/bull-dispatcher.ts";
import { BullLanes } from "../../src/fleet/queue/bull-lanes.ts";
import { RedisBackend } from "../../src/fleet/queue/redis-backend.ts";
import type { ChunkWork } from "../../src/fleet/queue/dispatcher.ts";
import { queueName } from "../../src/fleet/queue/queue-names.ts";
import { AgentProcess } from "../../src/fleet/worker/agent-process.ts";
import { chunk, hostClass, nextQueue, noteOf, report, until } from "./queue-parts.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";

let redis: RedisServer | undefined;
beforeAll(async () => {
  if (hasRedis) redis = await RedisServer.start();
});
afterAll(async () => await redis?.[Symbol.asyncDispose]());
beforeEach(nextQueue);

interface HostAhead extends AsyncDisposable {
  readonly agent: AgentProcess;
  readonly dispatcher: BullDispatcher;
  readonly hosts: () => Promise<string[]>;
  /** Names of chunks that another host runs; waits for the first. */
  readonly runBy: (host: string) => Promise<string[]>;
}

/** A host whose clock is an hour ahead. */
function hostAhead(work: ChunkWork): HostAhead {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-lanes-"));
  const clock = join(folder, "clock");
  writeFileSync(clock, "3600000");
  vi.stubEnv("NODE_OPTIONS", `--import=${join(import.meta.dirname, "chaos", "clock.ts")}`);
  vi.stubEnv("SAMESEED_TEST_CLOCK", clock);
  const own = { images: () => [], onLog: () => {}, leases: { lockMs: 2_000, checkMs: 500 } };
  const agent = new AgentProcess({ ...own, url: redis!.url, note: noteOf("a", 1), work });
  vi.unstubAllEnvs();
  const dispatcher = new BullDispatcher(new RedisBackend(redis!.url));
  let other: BullLanes | undefined;
  return {
    agent,
    dispatcher,
    hosts: async () => (await dispatcher.view()).workers.map(({ host }) => host),
    runBy: async (host) => {
      const ran: string[] = [];
      other = new BullLanes(new RedisBackend(redis!.url), {
        ...own,
        note: noteOf(host, 1),
        work: async ({ id }) => {
          ran.push(id.split(".")[1]!);
          return report;
        },
      });
      await until(async () => ran.length > 0, true, 15_000);
      return ran;
    },
    [Symbol.asyncDispose]: async () => {
      await other?.close();
      await agent.close();
      await dispatcher.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(!hasRedis)("lanes at Redis", () => {
  it("take again after an outage", async () => {
    const dispatcher = new BullDispatcher(new RedisBackend(redis!.url));
    const ran: string[] = [];
    const lanes = new BullLanes(new RedisBackend(redis!.url), {
      note: noteOf("a", 1),
      images: () => [],
      work: async ({ id }) => {
        ran.push(id);
        return report;
      },
    });
    try {
      await dispatcher.offer(hostClass(), chunk("before"), 0);
      await until(async () => [...ran], [chunk("before").id]);
      await redis!.kill();
      // Longer than a worker waits for a chunk, and one second: where BullMQ was known to stop taking any.
      await sleep(3_500);
      await redis!.start();
      await dispatcher.offer(hostClass(), chunk("after"), 0);
      await until(async () => [...ran], [chunk("before").id, chunk("after").id], 20_000);
    } finally {
      await lanes.close();
      await dispatcher.close();
    }
  });

  it("lists workers whatever the clocks of hosts say", async () => {
    const dispatcher = new BullDispatcher(new RedisBackend(redis!.url));
    const lanes = new BullLanes(new RedisBackend(redis!.url), {
      note: noteOf("skewed", 1),
      images: () => [],
      work: async () => report,
    });
    try {
      const hosts = async (): Promise<string[]> => (await dispatcher.view()).workers.map(({ host }) => host);
      await until(hosts, ["skewed"]);
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
      expect(await hosts()).toEqual(["skewed"]);
    } finally {
      vi.useRealTimers();
      await lanes.close();
      await dispatcher.close();
    }
  });

  it("leave what another host must run to it, though their own clock is an hour ahead", async () => {
    await using ahead = hostAhead(async () => report);
    await until(ahead.hosts, ["a"]);
    await ahead.dispatcher.offer(hostClass(), chunk("audit", { purpose: "audit", notHosts: ["a"] }), 0);
    // Long enough for the host that must not run it to have had it.
    await sleep(2_000);
    expect(await ahead.runBy("b")).toEqual(["audit"]);
  });

  it("leave what another host must run to it, though they are killed with a clock that is an hour ahead", async () => {
    await using ahead = hostAhead(async () => report);
    await until(ahead.hosts, ["a"]);
    await ahead.dispatcher.offer(hostClass(), chunk("audit", { purpose: "audit", notHosts: ["a"] }), 0);
    await until(async () => (await redis!.keysOf(`run-${hostClass()}-*:delayed`)).length, 1);
    ahead.agent.kill();
    // The caller asks again and again for what takes long.
    const asking = setInterval(
      () => void ahead.dispatcher.stateOf(hostClass(), chunk("audit").id).catch(() => {}),
      1_000,
    );
    expect(await ahead.runBy("b").finally(() => clearInterval(asking))).toEqual(["audit"]);
  });

  it("leave what they failed to run to another host, though they are killed with a clock that is an hour ahead", async () => {
    const failed = Promise.withResolvers<void>();
    await using ahead = hostAhead(async () => {
      failed.resolve();
      throw new SameseedError("sandbox_failed", "not now");
    });
    await until(ahead.hosts, ["a"]);
    await ahead.dispatcher.offer(hostClass(), chunk("again"), 0);
    await failed.promise;
    // Long enough for the failure to have been told.
    await sleep(500);
    ahead.agent.kill();
    expect(await ahead.runBy("b")).toEqual(["again"]);
  });

  it("keep their number where a lease was lost and its chunk came back before it had ended", async () => {
    const dispatcher = new BullDispatcher(new RedisBackend(redis!.url));
    const first = Promise.withResolvers<void>();
    const all = Promise.withResolvers<void>();
    const begun: string[] = [];
    const agent = new AgentProcess({
      url: redis!.url,
      note: noteOf("a", 2),
      images: () => [],
      leases: { lockMs: 2_000, checkMs: 500 },
      onLog: () => {},
      work: async ({ id }) => {
        begun.push(id.split(".")[1]!);
        if (begun.length === 1) await first.promise;
        if (id.endsWith("z1") || id.endsWith("z2")) await all.promise;
        return report;
      },
    });
    const client = new Redis(redis!.socket);
    try {
      await dispatcher.offer(hostClass(), chunk("x"), 0);
      await until(async () => [...begun], ["x"]);
      // Redis forgets the lease: the chunk is given again, to the same host.
      const lock = (await redis!.keysOf(`${chunk("x").id}:lock`))[0]!;
      await vi.waitFor(
        async () => {
          await client.del(lock);
          expect(begun).toEqual(["x", "x"]);
        },
        { timeout: 10_000, interval: 20 },
      );
      first.resolve();
      for (const name of ["z1", "z2"]) await dispatcher.offer(hostClass(), chunk(name), 0);
      await until(async () => begun.slice(2).toSorted(), ["z1", "z2"]);
    } finally {
      all.resolve();
      client.disconnect();
      await agent.close();
      await dispatcher.close();
    }
  });

  it("leave nothing of a cancelled batch in a log that was cut, which says that no host has what runs", async () => {
    const dispatcher = new BullDispatcher(new RedisBackend(redis!.url));
    const client = new Redis(redis!.socket);
    try {
      await dispatcher.offer(hostClass(), chunk("x"), 0);
      const [id, at] = [chunk("x").id, `sameseed:${queueName(hostClass())}:`];
      await client.lrem(`${at}wait`, 0, id);
      await client.zrem(`${at}prioritized`, id);
      await client.lpush(`${at}active`, id);
      await client.sadd(`${at}stalled`, id, "another");
      expect(await dispatcher.stateOf(hostClass(), id)).toEqual({ at: "running" });
      await dispatcher.cancel(chunk("x").batch);
      expect(await dispatcher.stateOf(hostClass(), id)).toEqual({ at: "absent" });
      expect(await client.smembers(`${at}stalled`)).toEqual(["another"]);
      expect(await client.keys(`${at}*${id}*`)).toEqual([]);
    } finally {
      client.disconnect();
      await dispatcher.close();
    }
  });

  it("end with a supervisor that says nothing any more", async () => {
    const program = join(import.meta.dirname, "../../src/fleet/worker/queue-agent.ts");
    const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
    const ended = once(child, "exit");
    const note = noteOf("stopped", 1);
    child.send({ kind: "start", url: redis!.url, note, images: [], leases: { lockMs: 1_000, checkMs: 500 } });
    expect(await ended).toEqual([1, null]);
    const dispatcher = new BullDispatcher(new RedisBackend(redis!.url));
    expect((await dispatcher.view()).workers.map(({ host }) => host)).not.toContain("stopped");
    await dispatcher.close();
  });
});
