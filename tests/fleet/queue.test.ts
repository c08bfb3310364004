/*
 * What every queue owes the two that use it, whichever queue it is. Hosts are lanes within this process, whose work is the
 * test's own; whole hosts that die are in run.test.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import type { ChunkWork, Dispatcher, Lanes } from "../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../src/fleet/queue/local-dispatcher.ts";
import type { BullBackend } from "../../src/fleet/queue/bull-backend.ts";
import { BullDispatcher } from "../../src/fleet/queue/bull-dispatcher.ts";
import { BullLanes } from "../../src/fleet/queue/bull-lanes.ts";
import { PostgresBackend } from "../../src/fleet/queue/postgres-backend.ts";
import { RedisBackend } from "../../src/fleet/queue/redis-backend.ts";
import { hasPostgres, PostgresServer } from "./postgres-server.ts";
import { chunk, hostClass, nextQueue, noteOf, queueNumber, report, until } from "./queue-parts.ts";
import { hasRedis, RedisServer } from "./redis-server.ts";

interface Queue {
  readonly dispatcher: Dispatcher;
  readonly serve: (host: string, work: ChunkWork, lanes?: number) => Lanes;
  readonly close: () => Promise<void>;
}

let redis: RedisServer | undefined;
let postgres: PostgresServer | undefined;

const leases = { lockMs: 2_000, checkMs: 1_000 };

/** A queue of BullMQ, wherever that keeps it. */
function bull(open: () => BullBackend): Queue {
  const dispatcher = new BullDispatcher(open());
  const all: Lanes[] = [];
  return {
    dispatcher,
    serve: (host, work, lanes = 1) => {
      const own = new BullLanes(open(), { note: noteOf(host, lanes), images: () => [], work, leases });
      all.push(own);
      return own;
    },
    close: async () => {
      await Promise.all(all.map(async (own) => await own.close()));
      await dispatcher.close();
    },
  };
}

/** Work that says when it begins, and ends where it is stopped. */
function untilStopped(begins: () => void): ChunkWork {
  return async (_chunk, signal) => {
    begins();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    throw new SameseedError("aborted", "ended");
  };
}

const queues: Readonly<Record<string, () => Queue>> = {
  "in this process": () => {
    const dispatcher = new LocalDispatcher();
    return {
      dispatcher,
      serve: (host, work, lanes = 1) =>
        dispatcher.serve({ note: noteOf(host, lanes), images: () => [], work }),
      close: async () => await dispatcher.close(),
    };
  },
  ...(hasRedis ? { "on Redis": () => bull(() => new RedisBackend(redis!.url)) } : {}),
  ...(hasPostgres ? { "on PostgreSQL": () => bull(() => new PostgresBackend(postgres!.url)) } : {}),
};

beforeAll(async () => {
  if (hasRedis) redis = await RedisServer.start();
  if (hasPostgres) postgres = await PostgresServer.start();
});
afterAll(async () => {
  await redis?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

describe.each(Object.entries(queues))("a queue %s", (_name, open) => {
  async function using(work: (queue: Queue) => Promise<void>): Promise<void> {
    nextQueue();
    const queue = open();
    try {
      await work(queue);
    } finally {
      await queue.close();
    }
  }

  it("gives each chunk to one host, once, however often it is offered", async () => {
    await using(async ({ dispatcher, serve }) => {
      const ran: string[] = [];
      const ended: string[] = [];
      dispatcher.onEnd((id) => ended.push(id));
      for (const name of ["x", "y", "x", "x"]) await dispatcher.offer(hostClass(), chunk(name), 0);
      expect(await dispatcher.stateOf(hostClass(), chunk("x").id)).toEqual({ at: "waiting" });
      for (const host of ["a", "b"])
        serve(host, async ({ id }) => {
          ran.push(id);
          await sleep(20);
          return report;
        });
      for (const name of ["x", "y"])
        await until(async () => await dispatcher.stateOf(hostClass(), chunk(name).id), { at: "absent" });
      expect(ran.toSorted()).toEqual([chunk("x").id, chunk("y").id]);
      await until(async () => ended.toSorted(), [chunk("x").id, chunk("y").id]);
    });
  });

  it("gives chunks in the order they came, those of a lower number first", async () => {
    await using(async ({ dispatcher, serve }) => {
      const ran: string[] = [];
      const offers = { late: 5, first: 0, second: 0, later: 9 };
      for (const [name, priority] of Object.entries(offers))
        await dispatcher.offer(hostClass(), chunk(name), priority);
      serve("a", async ({ id }) => {
        ran.push(id.split(".")[1]!);
        return report;
      });
      await until(async () => [...ran], ["first", "second", "late", "later"]);
    });
  });

  it("tries again what may succeed, three times, and nothing else", async () => {
    await using(async ({ dispatcher, serve }) => {
      const tries: Record<string, number> = {};
      serve("a", async ({ id }) => {
        tries[id] = (tries[id] ?? 0) + 1;
        throw id.endsWith("never")
          ? new SameseedError("world_unavailable", "not here", { hint: "elsewhere" })
          : new SameseedError("sandbox_failed", "not now");
      });
      for (const name of ["never", "again"]) await dispatcher.offer(hostClass(), chunk(name), 0);
      const failed = (kind: string, code: string, message: string, hint?: string): unknown => ({
        at: "failed",
        failure: { kind, host: "a", error: { code, message, ...(hint === undefined ? {} : { hint }) } },
      });
      const stateOf = async (name: string): Promise<unknown> =>
        await dispatcher.stateOf(hostClass(), chunk(name).id);
      await until(
        async () => await stateOf("never"),
        failed("refused", "world_unavailable", "not here", "elsewhere"),
      );
      await until(async () => await stateOf("again"), failed("error", "sandbox_failed", "not now"), 20_000);
      expect(tries).toEqual({ [chunk("never").id]: 1, [chunk("again").id]: 3 });
      await dispatcher.withdraw(hostClass(), chunk("again").id);
      expect(await stateOf("again")).toEqual({ at: "absent" });
    });
  });

  it("gives what a leaving host gives back to another", async () => {
    await using(async ({ dispatcher, serve }) => {
      const begun = Promise.withResolvers<void>();
      const leaving = serve("a", untilStopped(begun.resolve));
      await dispatcher.offer(hostClass(), chunk("x"), 0);
      await begun.promise;
      const ran: string[] = [];
      await leaving.close();
      serve("b", async ({ id }) => {
        ran.push(id);
        return report;
      });
      await until(async () => [...ran], [chunk("x").id]);
    });
  });

  it("forgets what a leaving host gives back of a batch that was ended", async () => {
    await using(async ({ dispatcher, serve }) => {
      const begun = Promise.withResolvers<void>();
      const leaving = serve("a", untilStopped(begun.resolve));
      await dispatcher.offer(hostClass(), chunk("x"), 0);
      await begun.promise;
      await dispatcher.cancel(`b${queueNumber()}`);
      await leaving.close();
      await until(async () => await dispatcher.stateOf(hostClass(), chunk("x").id), { at: "absent" });
    });
  });

  it("forgets what fails of a batch that was ended meanwhile", async () => {
    await using(async ({ dispatcher, serve }) => {
      const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      serve("a", async () => {
        begun.resolve();
        await ended.promise;
        throw new SameseedError("bad_policy", "it fails everywhere");
      });
      await dispatcher.offer(hostClass(), chunk("x"), 0);
      await begun.promise;
      await dispatcher.cancel(`b${queueNumber()}`);
      ended.resolve();
      await until(async () => await dispatcher.stateOf(hostClass(), chunk("x").id), { at: "absent" });
    });
  });

  it("ends a batch: what runs within two seconds, what waits for good", async () => {
    await using(async ({ dispatcher, serve }) => {
      const ran: string[] = [];
      const aborted = Promise.withResolvers<number>();
      serve("a", async ({ id, batch }, signal) => {
        ran.push(id);
        if (batch !== `b${queueNumber()}`) return report;
        const from = performance.now();
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        aborted.resolve(performance.now() - from);
        throw new SameseedError("aborted", "ended");
      });
      for (const name of ["x", "y", "z"]) await dispatcher.offer(hostClass(), chunk(name), 0);
      await until(async () => [...ran], [chunk("x").id]);
      await dispatcher.cancel(`b${queueNumber()}`);
      expect(await dispatcher.isCancelled(`b${queueNumber()}`)).toBe(true);
      await aborted.promise;
      await dispatcher.offer(
        hostClass(),
        chunk("other", { id: `c${queueNumber()}.other`, batch: `c${queueNumber()}` }),
        0,
      );
      await until(async () => [...ran], [chunk("x").id, `c${queueNumber()}.other`]);
      for (const name of ["x", "y", "z"])
        await until(async () => await dispatcher.stateOf(hostClass(), chunk(name).id), { at: "absent" });
    });
  });

  it("keeps a chunk from hosts that are not to run it, and everything from a quarantined one", async () => {
    await using(async ({ dispatcher, serve }) => {
      const ran: string[] = [];
      const bad = `bad${queueNumber()}`;
      await dispatcher.quarantine(bad);
      const work =
        (host: string): ChunkWork =>
        async ({ id }) => {
          ran.push(`${host} ${id.split(".")[1]}`);
          return report;
        };
      serve("a", work("a"));
      serve(bad, work(bad));
      await sleep(1200);
      await dispatcher.offer(hostClass(), chunk("x", { notHosts: ["a"] }), 0);
      await dispatcher.offer(hostClass(), chunk("y"), 0);
      await until(async () => [...ran], ["a y"]);
      serve("b", work("b"));
      await until(async () => [...ran], ["a y", "b x"]);
      expect((await dispatcher.view()).quarantined).toContain(bad);
      await dispatcher.release(bad);
      await dispatcher.offer(hostClass(), chunk("z", { notHosts: ["a", "b"] }), 0);
      await until(async () => [...ran], ["a y", "b x", `${bad} z`]);
    });
  });

  it("lets what runs end where a host is drained, and gives it nothing more", async () => {
    await using(async ({ dispatcher, serve }) => {
      const ran: string[] = [];
      const lanes = serve("a", async ({ id }) => {
        ran.push(id);
        await sleep(300);
        return report;
      });
      await dispatcher.offer(hostClass(), chunk("x"), 0);
      await until(async () => [...ran], [chunk("x").id]);
      await until(async () => (await dispatcher.view()).workers.map(({ host }) => host), ["a"]);
      const drained = lanes.drain();
      await dispatcher.offer(hostClass(), chunk("y"), 0);
      await drained;
      expect(ran).toEqual([chunk("x").id]);
      expect(await dispatcher.stateOf(hostClass(), chunk("x").id)).toEqual({ at: "absent" });
      expect(await dispatcher.stateOf(hostClass(), chunk("y").id)).toEqual({ at: "waiting" });
      expect((await dispatcher.view()).workers).toEqual([]);
    });
  });

  it("tells of batches until they are over", async () => {
    await using(async ({ dispatcher }) => {
      const note = {
        id: `n${queueNumber()}`,
        hostClass: hostClass(),
        weight: 2,
        title: "",
        done: 1,
        total: 9,
      };
      await dispatcher.note(note);
      expect((await dispatcher.view()).batches).toContainEqual(note);
      await dispatcher.forget(note.id);
      expect((await dispatcher.view()).batches).not.toContainEqual(note);
    });
  });
});
