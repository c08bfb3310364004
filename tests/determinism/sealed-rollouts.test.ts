/*
 * The sealed world as rollouts have it by default: what a receipt says of it, what its ledger counts, and that what was
 * asked for is had or refused.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { homeFolder } from "../../src/base/home.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import { collectRollouts, runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { replayRollout } from "../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const asks = (name: string): string => fixture(`asks.py:${name}`);
const ledgers = (rollout: RolloutResult): readonly unknown[] =>
  [...rollout.trajectory.records()].map(({ ledger }) => ledger);
const infos = (rollout: RolloutResult): readonly unknown[] =>
  [...rollout.trajectory.steps()].map(({ info }) => info);

describe("the receipt", () => {
  it("says which world it was, as the zygote says, and the manifest holds what of it decides bytes", async () => {
    const sealed = await runRollout({ envName: "CartPole-v1", seed: 1 });
    const { world, tier } = sealed.receipt;
    expect(world).toMatchObject({ mode: "sealed", hashSeed: 0, clock: { epoch: "2000-01-01T00:00:00Z" } });
    expect(world.notHeld.filter((what) => what.startsWith("numeric-fingerprint"))).toEqual([]);
    expect(tier).toBe(world.notHeld.length === 0 ? "T2" : "T1");
    const { mode, addressesFixed, hashSeed, numericClass, clock } = world;
    const decisive = { mode, addressesFixed, hashSeed, numericClass, clock };
    expect(sealed.trajectory.manifest["world"]).toEqual(decisive);
    const host = await runRollout({ envName: "CartPole-v1", seed: 1, world: "host" });
    expect(host.receipt).toMatchObject({ tier: "T1", world: { mode: "host" } });
    expect(host.receipt.world.clock).toBeUndefined();
    expect(host.contentDigest, "an environment that asks nothing").toBe(sealed.contentDigest);
    expect(host.digest).not.toBe(sealed.digest);
  });
});

describe("the ledger", () => {
  it("counts what each step asked, and nothing where nothing was", async () => {
    const rollout = await runRollout({ envName: asks("Asks"), seed: 3 });
    expect(rollout.outcome).toBe("terminated");
    const [reset, ...steps] = ledgers(rollout);
    expect(reset).toBeUndefined();
    expect(steps).toMatchObject([
      undefined,
      { clock: 3 },
      { sleep: 1 },
      { entropy: 16 },
      { listing: 1 },
      undefined,
      undefined,
    ]);
  });

  it.for(["CartPole-v1", "FrozenLake-v1", "Blackjack-v1", "Pendulum-v1"])(
    "of %s is empty",
    async (envName) => {
      const rollout = await runRollout({ envName, seed: 5, maxSteps: 30 });
      expect(ledgers(rollout).filter((ledger) => ledger !== undefined)).toEqual([]);
    },
  );

  it("of a policy's process is not the environment's", async () => {
    const rollout = await runRollout({ envName: "CartPole-v1", seed: 5, policy: fixture("asks.py") });
    expect(rollout.outcome).toBe("terminated");
    expect(ledgers(rollout).filter((ledger) => ledger !== undefined)).toEqual([]);
  });

  it("holds what a step asked that failed, and not what describing the failure asked", async () => {
    const rollout = await runRollout({ envName: asks("FailsWhileAsking"), seed: 5 });
    expect(rollout.outcome).toBe("env_error");
    expect(ledgers(rollout)).toEqual([undefined, { clock: 1 }]);
  });

  it("is not there in the host's world", async () => {
    const rollout = await runRollout({ envName: asks("Asks"), seed: 3, world: "host", maxSteps: 2 });
    expect(ledgers(rollout)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("what is asked", () => {
  it("is the same for a seed and another for the next", async () => {
    const seeds = [7, 8];
    const [first, second] = await collectRollouts({ envName: asks("Asks"), seeds }).results();
    const [again] = await collectRollouts({ envName: asks("Asks"), seeds: [7], backend: "cold" }).results();
    expect(infos(again!)).toEqual(infos(first!));
    expect(infos(first!)[4]).not.toEqual(infos(second!)[4]);
    expect(infos(first!)[2]).toEqual(infos(second!)[2]);
    expect(JSON.stringify(infos(first!)[2])).toContain("94668480");
  });

  it("shifts nothing behind the next step's boundary", async () => {
    const [less, more] = [
      await runRollout({ envName: asks("ReadsLess"), seed: 7 }),
      await runRollout({ envName: asks("ReadsMore"), seed: 7 }),
    ];
    expect(infos(more)).toEqual(infos(less));
  });

  it("by a policy verifies and replays, too", async () => {
    const policy = fixture("asks.py");
    const { dir } = await recordRun({
      envName: asks("Asks"),
      policy,
      seeds: [1, 2, 3],
      dir: join(folder, "asked"),
    });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 3 });
    expect(await verifyRun(dir, { backend: "cold", concurrency: 1 })).toMatchObject({ verified: true });
    expect(await replayRollout(dir, 2)).toMatchObject({ equal: true });
  });
});

describe("a run folder", () => {
  it("keeps its world, and is not resumed in another", async () => {
    const dir = join(folder, "kept");
    const run = { envName: asks("ReadsMore"), seeds: [1, 2], dir, resume: true } as const;
    await recordRun({ ...run, world: "host" });
    expect(JSON.parse(readFileSync(join(dir, "run.json"), "utf8"))).toMatchObject({ world: "host" });
    await expect(recordRun(run)).rejects.toMatchObject({ code: "run_differs", message: /world/ });
    expect(await verifyRun(dir), "clocks that differ").toMatchObject({ verified: false, equal: 0 });
  });
});

describe("what was asked for", () => {
  it("is refused where the image's zygote is in no sealed world", async () => {
    const image = resolveImage("gymnasium");
    expect(existsSync(join(image.rootfs, "opt/sameseed/libworld.so"))).toBe(true);
    // The library is not loaded: what every image is like that was built before there was one.
    const pins = { environment: { LD_PRELOAD: "/opt/sameseed/gone.so" } };
    const backend = new ZygoteBackend(image, { world: "sealed", pins });
    try {
      await expect(backend.receipt()).rejects.toMatchObject({ code: "world_unavailable" });
    } finally {
      await backend.close();
    }
  });

  it("is refused where the image was built for another protocol, before it gets a job", async () => {
    const image = resolveImage("gymnasium");
    const former = mkdtempSync(join(homeFolder(), ".former-"));
    const rootfs = join(former, "rootfs");
    try {
      // A copy, not links: what an image is sealed with includes the time of the last link.
      execFileSync("cp", ["-a", image.rootfs, rootfs]);
      chmodSync(former, 0o755);
      const program = join(rootfs, "opt/sameseed/sameseed/zygote.py");
      const source = readFileSync(program, "utf8").replace("_zygote.PROTOCOL", "_zygote.PROTOCOL - 1");
      writeFileSync(program, source);
      const backend = new ZygoteBackend({ ...image, rootfs, seal: null }, { world: "sealed" });
      await expect(backend.receipt()).rejects.toMatchObject({
        code: "image_outdated",
        hint: expect.stringContaining("build") as string,
      });
      await backend.close();
    } finally {
      rmSync(former, { recursive: true, force: true });
    }
  });

  it("ends a job that wants a sealed world in a zygote that has none", async () => {
    const backend = new ZygoteBackend(resolveImage("gymnasium"));
    let said = "";
    try {
      const world = { key: "00".repeat(32) };
      const job = {
        entry: "script",
        name: "s.py",
        source: "print('ran')",
        files: [],
        env: {},
        world,
      } as const;
      const [running] = await backend.start({
        members: [{ job, limits: defaultLimits }],
        links: [],
        onOutput: (_member, _channel, data) => (said += data.toString()),
      });
      expect((await running!.ended).exitCode).toBe(1);
      expect(said).toContain("the sealed world this job was made for cannot be had here");
      expect(said).not.toContain("ran");
    } finally {
      await backend.close();
    }
  });
});

describe("the global generators", () => {
  it("refuse to draw before a script has seeded them, and work as ever after", async () => {
    const backend = new ZygoteBackend(resolveImage("gymnasium"), { world: "sealed" });
    const source = `
import random
try:
    random.random()
except RuntimeError as error:
    print(error)
random.seed(3)
print(random.random() == random.Random(3).random())
`;
    let said = "";
    try {
      const job = { entry: "script", name: "s.py", source, files: [], env: {} } as const;
      const [running] = await backend.start({
        members: [{ job, limits: defaultLimits }],
        links: [],
        onOutput: (_member, _channel, data) => (said += data.toString()),
      });
      await running!.ended;
    } finally {
      await backend.close();
    }
    expect(said).toMatch(/^random\.random\(\) before the harness seeded it: .*\nTrue\n$/);
  });
});

describe("an open sandbox", () => {
  const program =
    "import os, time, uuid; print(time.time(), os.urandom(4).hex(), uuid.uuid4(), os.cpu_count())";
  const ask = async (options: { readonly world?: "sealed"; readonly seed?: number }): Promise<string> => {
    await using sandbox = await Sandbox.create(options);
    expect((await sandbox.receipt()).world.mode).toBe(options.world ?? "host");
    return (await sandbox.run("python3", { args: ["-c", program] })).stdoutText;
  };

  it("is in the host's world unless it asks, and in a sealed one follows from its seed", async () => {
    const [first, again, other, host] = await Promise.all([
      ask({ world: "sealed", seed: 7 }),
      ask({ world: "sealed", seed: 7 }),
      ask({ world: "sealed", seed: 8 }),
      ask({}),
    ]);
    expect(first).toMatch(/^9466848\d\d\.\d+ [0-9a-f]{8} \S{36} 1\n$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(host).not.toMatch(/^9466848/);
  });

  it("has no seed in the host's world", async () => {
    await expect(Sandbox.create({ seed: 7 })).rejects.toMatchObject({ code: "bad_argument" });
  });
});
