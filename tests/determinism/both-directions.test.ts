/*
 * A check that can only say yes proves nothing. Environments that are not reproducible, ignore their seed or cannot be
 * played must be told from those that can, at the right step and by the right name.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { imagesFolder } from "../../src/base/home.ts";
import { buildImage } from "../../src/image/build-image.ts";
import { removeImage, resolveImage } from "../../src/image/image-store.ts";
import { recordRun, type RecordRunConfig } from "../../src/store/record-run.ts";
import { replayRollout } from "../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { makeLocalWheels } from "../unit/image/local-wheel.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const dishonest = (name: string): string => fixture(`dishonest.py:${name}`);
let runs = 0;

async function record(
  config: Omit<RecordRunConfig, "dir" | "seeds"> & { seeds?: number[] },
): Promise<string> {
  return (await recordRun({ seeds: [1, 2, 3], ...config, dir: join(folder, `run-${runs++}`) })).dir;
}

describe("an environment", () => {
  it("that depends on seed and actions alone verifies", async () => {
    const dir = await record({ envName: dishonest("Walk") });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 3, identicalSeeds: [] });
  });

  it("that ignores its seed is flagged", async () => {
    const dir = await record({
      envName: dishonest("IgnoresItsSeed"),
      policy: { actions: [0, 0, 0] },
      seeds: [1, 2, 3, 4],
    });
    const result = await verifyRun(dir);
    expect(result.identicalSeeds).toEqual([[1, 2, 3, 4]]);
  });

  it("that raises at once is equal to itself and yet not verified", async () => {
    const dir = await record({ envName: dishonest("RaisesAtOnce") });
    expect(await verifyRun(dir)).toMatchObject({
      verified: false,
      equal: 0,
      diverged: [],
      failed: [1, 2, 3].map((seed) => ({ seed, outcome: "env_error" })),
    });
  });

  it("that draws from the kernel's entropy diverges where it first does", async () => {
    const dir = await record({ envName: dishonest("DrawsFromTheKernel"), seeds: [5], world: "host" });
    const result = await verifyRun(dir);
    expect(result).toMatchObject({ verified: false, equal: 0, tier: "none" });
    expect(result.diverged).toMatchObject([
      { seed: 5, firstDivergence: { step: 4, field: "observation", path: "observation[0]" } },
    ]);
    expect(await replayRollout(dir, 5)).toMatchObject({ equal: false, firstDivergence: { step: 4 } });
  });
});

describe("a clock in info", () => {
  it("diverges at its step and path, while the physics are seen to agree", async () => {
    const dir = await record({ envName: dishonest("TellsTheTime"), world: "host" });
    const result = await verifyRun(dir);
    expect(result).toMatchObject({ verified: false, equal: 0, failed: [] });
    expect(result.diverged.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    for (const { firstDivergence } of result.diverged) {
      expect(firstDivergence).toMatchObject({
        step: 3,
        field: "info",
        path: "info.timing.at",
        differing: ["info"],
        expectedType: "int",
      });
      expect(firstDivergence.agreeing).toEqual(
        expect.arrayContaining(["action", "observation", "reward", "terminated", "truncated", "hidden"]),
      );
      expect(firstDivergence.agreeing).not.toContain("info");
      expect(firstDivergence.expected).not.toEqual(firstDivergence.actual);
    }
  });

  it("is repaired by declaring it volatile", async () => {
    const dir = await record({
      envName: dishonest("TellsTheTime"),
      volatileInfo: ["timing.at"],
      world: "host",
    });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 3 });
    expect(await replayRollout(dir, 2)).toMatchObject({ equal: true });
  });
});

describe("in the sealed world", () => {
  it.for(["DrawsFromTheKernel", "TellsTheTime"])("%s is as reproducible as any", async (name) => {
    const dir = await record({ envName: dishonest(name) });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 3, identicalSeeds: [] });
    expect(await verifyRun(dir, { backend: "cold" })).toMatchObject({ verified: true, equal: 3 });
    expect(await replayRollout(dir, 2)).toMatchObject({ equal: true });
  });
});

describe("a policy", () => {
  const source = (body: string): { policy: { source: string } } => ({
    policy: { source: `import os, signal, time\n\n\ndef act(observation, rng):\n    ${body}\n` },
  });

  it("that reads the clock diverges in its actions; the environment replays", async () => {
    const clock = source("return time.time_ns() // 1000 % 2 if observation[2] else 0");
    const dir = await record({ envName: "CartPole-v1", ...clock, seeds: [1], world: "host" });
    const { diverged, verified } = await verifyRun(dir);
    expect(verified).toBe(false);
    // Which of its coin flips comes out otherwise is chance; that one does in a whole episode is nearly not.
    expect(diverged).toMatchObject([{ seed: 1, firstDivergence: { field: "action" } }]);
    expect(await replayRollout(dir, 1)).toMatchObject({ equal: true, recordedOutcome: "terminated" });
  });

  it("that uses only the generator it is given verifies", async () => {
    const dir = await record({ envName: "CartPole-v1", ...source("return int(rng.integers(2))") });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 3 });
  });

  it.for([
    ["raises", "raise KeyError('lost') if observation[0] else 0", "policy_error"],
    ["vanishes", "os._exit(3)", "policy_error"],
    ["breaks the protocol", "os.write(4, b'no frame' * 9) and time.sleep(9)", "protocol_error"],
    ["plays what is no action", "return 17", "illegal_action"],
    ["never answers", "signal.pause()", "wall_limit"],
  ] as const)("that %s replays to the same end", async ([, body, outcome]) => {
    const limits = { wallMs: outcome === "wall_limit" ? 500 : 60_000 };
    const dir = await record({ envName: "CartPole-v1", ...source(body), seeds: [1], limits });
    expect(await replayRollout(dir, 1)).toMatchObject({
      equal: true,
      outcome,
      recordedOutcome: outcome,
      steps: 0,
    });
    expect(await verifyRun(dir)).toMatchObject({ verified: false, failed: [{ seed: 1, outcome }] });
  });
});

describe("another image", () => {
  // It builds two images.
  it("is named before anything is compared", { timeout: 240_000 }, async () => {
    const name = `both-directions-${process.pid}`;
    const environment = join(folder, "counting.py");
    writeFileSync(environment, countingEnvironment);
    const build = async (version: string, body: string): Promise<string> => {
      const wheels = makeLocalWheels(join(folder, version), "tinywheel", body);
      const image = { name, requirements: wheels.lock, findLinks: wheels.findLinks };
      return (await buildImage(image)).manifest.digest;
    };
    const before = await build("before", "VALUE = 1\n");
    try {
      const dir = await record({
        envName: `${environment}:Counting`,
        policy: { actions: [0] },
        image: name,
        seeds: [1],
      });
      expect(await verifyRun(dir)).toMatchObject({ verified: true, imageDifferences: [] });
      const after = await build("after", "VALUE = 2\n");
      await removeImage(before);
      const told: unknown[] = [];
      const result = await verifyRun(dir, {
        onStart: ({ differences }) => told.push(differences),
        onRollout: () => told.push("compared"),
      });
      const differences = [{ what: "files", recorded: before, present: after }];
      expect(told).toEqual([differences, "compared"]);
      expect(result).toMatchObject({
        verified: false,
        imageDifferences: differences,
        diverged: [{ seed: 1, firstDivergence: { step: 0, path: "observation[0]", expected: 1, actual: 2 } }],
      });
      await removeImage(name);
      await expect(verifyRun(dir)).rejects.toMatchObject({ code: "image_missing" });
    } finally {
      for (const digest of [before, name]) await removeImage(digest).catch(() => {});
      rmSync(join(imagesFolder(), "names", `${name}.json`), { force: true });
    }
    expect(resolveImage("gymnasium").name).toBe("gymnasium");
  });
});

const countingEnvironment = `import tinywheel


class Counting:
    action_space = None
    observation_space = None

    def reset(self, seed=None):
        return [tinywheel.VALUE], {}

    def step(self, action):
        return [0], 1.0, True, False, {}
`;
