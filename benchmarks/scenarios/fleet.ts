import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";

import { packageVersion } from "../../src/base/package-version.ts";
import type { Chunk } from "../../src/fleet/chunk.ts";
import { openFleet } from "../../src/fleet/open-fleet.ts";
import { BullDispatcher } from "../../src/fleet/queue/bull-dispatcher.ts";
import { BullLanes } from "../../src/fleet/queue/bull-lanes.ts";
import type { LanesOptions } from "../../src/fleet/queue/dispatcher.ts";
import { RedisBackend } from "../../src/fleet/queue/redis-backend.ts";
import { collectRollouts } from "../../src/rollout/collect-rollouts.ts";
import type { BatchConfig } from "../../src/rollout/rollout-config.ts";
import type { RolloutFleet } from "../../src/rollout/rollout-fleet.ts";
import { Host } from "../../tests/fleet/host.ts";
import { RedisServer } from "../../tests/fleet/redis-server.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** Which rollouts are run. */
type Work = Pick<BatchConfig, "envName" | "maxSteps" | "world" | "image">;

/** Waits half a second, as an environment does that asks another program. Hosts of one machine share processors, and not this. */
const waiting = `
import time
import gymnasium


class Waiting(gymnasium.Env):
    observation_space = action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        time.sleep(0.5)
        return 0, 0.0, True, False, {}
`;

/** Rollouts of a second through a fleet; the store is a new one each time, so that nothing is there already. */
async function rateOf(fleet: RolloutFleet, rollouts: number, work: Work): Promise<number> {
  const seeds = Array.from({ length: rollouts }, (_, at) => at);
  const startedAt = performance.now();
  let count = 0;
  for await (const _ of collectRollouts({ ...work, seeds, fleet })) count++;
  if (count !== rollouts) throw new Error(`${count} of ${rollouts} rollouts came back`);
  return rollouts / ((performance.now() - startedAt) / 1000);
}

/** Hosts with a store of their own. */
class Hosts implements AsyncDisposable {
  readonly #redis: RedisServer;
  readonly #store: string;
  readonly #slots: number;
  readonly #work: Work;
  readonly #all: Host[] = [];

  constructor(redis: RedisServer, store: string, slots: number, work: Work) {
    this.#redis = redis;
    this.#store = store;
    this.#slots = slots;
    this.#work = work;
  }

  /** One more, and first rollouts on all of them, with which their zygotes start. */
  async add(): Promise<void> {
    const own = { redis: this.#redis.url, store: this.#store, slots: this.#slots, lanes: 2 };
    this.#all.push(await Host.start({ ...own, host: `host-${this.#all.length}` }));
    await this.rate(4 * this.#all.length * this.#slots);
  }

  /** Rollouts of a second of all of them together. */
  async rate(rollouts: number): Promise<number> {
    rmSync(join(this.#store, "chunks"), { recursive: true, force: true });
    const fleet = openFleet(this.#redis.url, { store: this.#store, audit: 0 });
    return await rateOf(fleet, rollouts, this.#work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map(async (host) => await host.end("SIGTERM")));
  }
}

/** As one host of as many slots, within this process. */
async function rateInProcess(store: string, rollouts: number, work: Work): Promise<number> {
  rmSync(join(store, "chunks"), { recursive: true, force: true });
  return await rateOf(openFleet("local:", { store, audit: 0 }), rollouts, work);
}

/** Rollouts of a second of one host of one slot, and of two. */
async function oneAndTwo(
  redis: RedisServer,
  place: string,
  image: string,
  rollouts: number,
): Promise<readonly [number, number]> {
  const path = join(place, "waiting.py");
  writeFileSync(path, waiting);
  const work: Work = { envName: `${path}:Waiting`, world: "host", image };
  await using pair = new Hosts(redis, mkdtempSync(join(place, "store-")), 1, work);
  await pair.add();
  const one = await pair.rate(rollouts);
  await pair.add();
  return [one, await pair.rate(rollouts)];
}

function noteOf(host: string): LanesOptions["note"] {
  const common = { hostClass: "bench", lanes: 1, slots: 1, store: "", version: packageVersion() };
  return { ...common, id: `${host}-1`, host };
}

/** How long after a host was killed its chunk is begun by another one. */
async function noticedMs(redis: RedisServer, name: string): Promise<number> {
  // Half of the usual ones. A lease that was renewed just now is missed after both, so that no host is missed later.
  const leases = { lockMs: 5_000, checkMs: 2_500 };
  const program = join(import.meta.dirname, "../../src/fleet/worker/queue-agent.ts");
  const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
  const beat = setInterval(() => child.connected && child.send({ kind: "alive" }), 1_000);
  child.send({ kind: "start", url: redis.url, note: noteOf("lost"), images: [], leases });
  const dispatcher = new BullDispatcher(new RedisBackend(redis.url));
  const chunk: Chunk = {
    v: 1,
    id: `bench.${name}`,
    batch: "bench",
    spec: "0".repeat(64),
    seeds: [[0, 1]],
    purpose: "run",
  };
  await dispatcher.offer("bench", chunk, 0);
  await once(child, "message");
  const taken = Promise.withResolvers<number>();
  const lanes = new BullLanes(new RedisBackend(redis.url), {
    note: noteOf("other"),
    images: () => [],
    leases,
    work: async () => {
      taken.resolve(performance.now());
      return { root: "", host: "other" };
    },
  });
  await sleep(1_000);
  clearInterval(beat);
  const killedAt = performance.now();
  child.kill("SIGKILL");
  const ms = (await taken.promise) - killedAt;
  await lanes.close();
  await dispatcher.close();
  return ms;
}

/** What Redis holds more, at most, while a batch of a million rollouts runs. */
async function memoryMiB(redis: RedisServer, place: string, image: string, ms: number): Promise<number> {
  const store = mkdtempSync(join(place, "store-"));
  const host = await Host.start({ redis: redis.url, store, slots: 2, lanes: 2, host: "host" });
  const client = new Redis(redis.socket);
  const used = async (): Promise<number> =>
    Number(/^used_memory:(\d+)/m.exec(await client.info("memory"))?.[1] ?? Number.NaN) / 2 ** 20;
  const before = await used();
  const stop = new AbortController();
  const seeds = Array.from({ length: 1_000_000 }, (_, at) => at);
  const fleet = openFleet(redis.url, { store, audit: 0.005 });
  const config = { envName: "CartPole-v1", maxSteps: 5, image, seeds, fleet, signal: stop.signal };
  const run = collectRollouts(config)
    .results()
    .catch(() => {});
  let most = 0;
  for (let waited = 0; waited < ms; waited += 100) {
    await sleep(100);
    most = Math.max(most, (await used()) - before);
  }
  stop.abort();
  await run;
  client.disconnect();
  await host.end("SIGTERM");
  return most;
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  if (!existsSync("/usr/bin/redis-server"))
    throw new Error("Redis is not installed: apt-get install redis-server");
  const place = mkdtempSync(join(tmpdir(), "sameseed-bench-fleet-"));
  const redis = await RedisServer.start();
  const rollouts = quick ? 100 : 400;
  const rounds = quick ? 1 : 3;
  const cart: Work = { envName: "CartPole-v1", maxSteps: 50, image };
  try {
    say("one host through Redis, and the queue within one process");
    const folder = (): string => mkdtempSync(join(place, "store-"));
    const slots = 2 * availableParallelism();
    const own = folder();
    await rateInProcess(own, 4 * slots, cart);
    await using alone = new Hosts(redis, folder(), slots, cart);
    await alone.add();
    // One after the other in turn, so that both see the same machine.
    const [nears, fars]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      nears.push(await rateInProcess(own, rollouts, cart));
      fars.push(await alone.rate(rollouts));
    }
    const [near, far] = [median(nears), median(fars)];
    await alone[Symbol.asyncDispose]();
    say(`${far.toFixed(1)}/s and ${near.toFixed(1)}/s; two hosts of one slot, and one of them`);
    const [one, two] = await oneAndTwo(redis, place, image, quick ? 16 : 40);
    say(`${two.toFixed(1)}/s and ${one.toFixed(1)}/s; a host that is killed`);
    const noticed: number[] = [];
    for (let round = 0; round < rounds; round++) noticed.push(await noticedMs(redis, String(round)));
    say(`${Math.max(...noticed).toFixed(0)} ms; what Redis holds of a million rollouts`);
    const memory = await memoryMiB(redis, place, image, quick ? 3_000 : 10_000);
    return [
      { name: "queue within one process", value: near, unit: "/s" },
      { name: "one host through Redis", value: far, unit: "/s" },
      {
        name: "one host through Redis / queue within one process",
        value: far / near,
        unit: "x",
        reach: { least: 0.9 },
      },
      { name: "one host of one slot", value: one, unit: "/s" },
      { name: "two hosts of one slot each", value: two, unit: "/s" },
      {
        name: "two hosts of one slot each / one",
        value: two / one,
        unit: "x",
        reach: { least: 1.8 },
      },
      {
        name: "lost host noticed, most of all",
        value: Math.max(...noticed),
        unit: "ms",
        reach: { most: 8_000 },
      },
      {
        name: "memory of Redis for a batch of 10^6 rollouts",
        value: memory,
        unit: "MiB",
        reach: { most: 5 },
      },
    ];
  } finally {
    await redis[Symbol.asyncDispose]();
    rmSync(place, { recursive: true, force: true });
  }
}

/** What a queue between machines costs. */
export const fleetScenario: Scenario = {
  name: "fleet",
  about:
    "Rollouts through Redis beside the queue within one process, two hosts beside one, how soon a lost host is noticed, and what Redis holds.",
  run,
};
