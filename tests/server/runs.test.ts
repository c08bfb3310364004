/* Runs, audits, matchups and scores over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Trajectory } from "../../src/trajectory/trajectory.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { type Answer, serve, type Served } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 12 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

// eslint-disable-next-line typescript/no-explicit-any
function lines({ bytes }: Answer): any[] {
  return bytes
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

const body = { env: "CartPole-v1", maxSteps: 5, seeds: { from: 3, count: 4 } };

describe("a run", () => {
  it("is recorded, read from any index on, verified and replayed", async () => {
    const headers = { "idempotency-key": "run-1" };
    const [a, b] = await Promise.all([
      served.call("POST", "/v1/runs", { body, headers }),
      served.call("POST", "/v1/runs", { body, headers }),
    ]);
    expect([a.status, b.json]).toEqual([201, a.json]);
    const { run } = a.json;
    const all = lines(await served.call("GET", `/v1/runs/${run}/results?follow=true`));
    expect(all.slice(0, 4).map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(all[4].end).toMatchObject({ state: "ended", recorded: 4, error: null });
    expect(lines(await served.call("GET", `/v1/runs/${run}/results?from=2`))).toEqual(all.slice(2));
    const { seed, digest } = all[1].rollout;
    expect((await served.call("GET", `/v1/runs/${run}/rollouts/${seed}`)).json.digest).toBe(digest);
    const recorded = await served.call("GET", `/v1/runs/${run}/trajectories/${digest}`);
    expect(recorded.headers.etag).toBe(`"${digest}"`);
    expect([...new Trajectory(recorded.bytes).steps()]).toHaveLength(6);
    expect((await served.call("GET", `/v1/runs/${run}`)).json.statistics.rollouts).toBe(4);
    expect((await served.call("POST", `/v1/runs/${run}/verify`)).json).toMatchObject({
      verified: true,
      equal: 4,
    });
    const replayed = await served.call("POST", `/v1/runs/${run}/rollouts/${seed}/replay`);
    expect(replayed.json).toMatchObject({ equal: true, digest });
    expect((await served.call("GET", "/v1/runs")).json.runs).toEqual([{ run, state: "ended" }]);
    // A server that is started anew knows it by its folder, in the same order.
    await using again = await serve({ runs: `${served.folder}/runs` });
    expect(lines(await again.call("GET", `/v1/runs/${run}/results?from=2`))).toEqual(all.slice(2));
  });

  it("has an outcome also where its limit is over before a sandbox has begun", async () => {
    const short = { ...body, seeds: [0], limits: { wallMs: 1 } };
    const { run } = (await served.call("POST", "/v1/runs", { body: short })).json;
    const [row, last] = lines(await served.call("GET", `/v1/runs/${run}/results?follow=true`));
    expect([row.rollout.outcome, last.end.error]).toEqual(["wall_limit", null]);
    const { status, json } = await served.call("POST", "/v1/audits", { body: short });
    expect([status, json.verdict]).toEqual([200, "broken"]);
  });

  it("says how it failed, and ends with its lease", async () => {
    const failed = await served.call("POST", "/v1/runs", { body: { ...body, env: "Nowhere-v0" } });
    const [last] = lines(await served.call("GET", `/v1/runs/${failed.json.run}/results?follow=true`));
    expect(last.end).toMatchObject({ state: "failed", error: { code: "unknown_environment" } });
    const { lease } = (await served.call("POST", "/v1/leases", { body: {} })).json;
    const long = { env: "CartPole-v1", seeds: { from: 0, count: 100_000 } };
    const begun = await served.call("POST", "/v1/runs", { body: long, headers: { "sameseed-lease": lease } });
    await served.call("DELETE", `/v1/leases/${lease}`);
    const shown = await served.call("GET", `/v1/runs/${begun.json.run}`);
    expect(shown.json).toMatchObject({ state: "failed", error: { code: "aborted" } });
    expect(served.server.context.slots.used).toBe(0);
    // What was recorded stays, and the run can be gone on with.
    const { recorded } = shown.json;
    const resumed = await served.call("POST", `/v1/runs/${begun.json.run}/resume`, { body: {} });
    expect(resumed.json.state).toBe("running");
    expect(resumed.json.recorded).toBeGreaterThanOrEqual(recorded);
    const cancelled = await served.call("POST", `/v1/runs/${begun.json.run}/cancel`, { body: {} });
    expect(cancelled.json.state).toBe("failed");
  });
});

it("is gone on with once, however many requests wait for room", async () => {
  await using small = await serve({ maxSandboxes: 2 });
  const long = { env: "CartPole-v1", seeds: { from: 0, count: 100_000 }, detached: true };
  const { run } = (await small.call("POST", "/v1/runs", { body: { ...long, concurrency: 1 } })).json;
  await small.call("POST", `/v1/runs/${run}/cancel`, { body: {} });
  const other = (await small.call("POST", "/v1/runs", { body: { ...long, concurrency: 2 } })).json;
  const headers = { "sameseed-queue-ms": "60000" };
  const waiting = [1, 2].map(() => small.call("POST", `/v1/runs/${run}/resume`, { body: {}, headers }));
  await expect.poll(() => small.server.context.slots.waiting).toBe(2);
  await small.call("POST", `/v1/runs/${other.run}/cancel`, { body: {} });
  for (const { status, json } of await Promise.all(waiting))
    expect([status, json.run, json.state]).toEqual([201, run, "running"]);
  expect((await small.call("GET", `/v1/runs/${run}`)).json.state).toBe("running");
  const cancelled = await small.call("POST", `/v1/runs/${run}/cancel`, { body: {} });
  expect(cancelled.json.state).toBe("failed");
  await expect.poll(() => small.server.context.slots.used).toBe(0);
});

it("audits an environment that a client sends as text, and names no path of the server's", async () => {
  const source = `import time
import gymnasium as gym

class Clock(gym.Env):
    observation_space = gym.spaces.Box(0, 1e12, (1,), "float64")
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.low, {}

    def step(self, action):
        return self.observation_space.low + time.time_ns() % 1000, 0.0, True, False, {}
`;
  const env = { source, className: "Clock", name: "clock.py" };
  const { json } = await served.call("POST", "/v1/audits", { body: { env, world: "host" } });
  expect(json).toMatchObject({ env: "clock.py:Clock", verdict: "broken" });
});

it("plays a matchup", async () => {
  const policyX = {
    source: "def choose_action(board, player, rng):\n    return board.index(0) if 0 in board else 0\n",
  };
  const asked = { policyX: "greedy", policyO: "random", seeds: [1], nGames: 4 };
  const { json } = await served.call("POST", "/v1/matchups", { body: asked });
  expect(json.bySeed[0].games).toHaveLength(4);
  expect(json.meanReturn).toBeGreaterThanOrEqual(-1);
  const refused = await served.call("POST", "/v1/matchups", { body: { ...asked, policyX: "/etc/bot.py" } });
  expect(refused.json.error.code).toBe("bad_argument");
  const played = await served.call("POST", "/v1/matchups", { body: { ...asked, policyX, nGames: 2 } });
  expect(played.status).toBe(200);
});

it("takes images by the digests that it lists, and by their beginnings", async () => {
  const { json } = await served.call("GET", "/v1/images");
  const images = json.images as { names: string[]; manifest: { digest: string } }[];
  const { digest } = images.find(({ names }) => names.includes("gymnasium"))!.manifest;
  for (const image of [digest, `sha256:${digest}`, digest.slice(0, 12), `sha256:${digest.slice(0, 7)}`]) {
    const opened = await served.call("POST", "/v1/sandboxes", { body: { image } });
    expect([image, opened.status]).toEqual([image, 201]);
    await served.call("DELETE", `/v1/sandboxes/${opened.json.sandbox}`);
  }
  for (const image of [digest.slice(0, 6), "0".repeat(12)])
    expect((await served.call("POST", "/v1/sandboxes", { body: { image } })).status).toBe(404);
});

it("scores completions", async () => {
  const task = { id: "add", kind: "call", function: "add", tests: [{ args: [1, 2], expected: 3 }] };
  const completion = (sign: string) => `\`\`\`python\ndef add(a, b):\n    return a ${sign} b\n\`\`\``;
  const items = ["+", "-"].map((sign) => ({ completion: completion(sign), task }));
  const { json } = await served.call("POST", "/v1/scores", { body: { items } });
  expect(json.results.map(({ score }: { score: number }) => score)).toEqual([1, 0]);
  for (const image of ["../image.tar.zst", "image.tar.zst"]) {
    const elsewhere = { items: [{ completion: "", task: { ...task, image } }] };
    expect((await served.call("POST", "/v1/scores", { body: elsewhere })).json.error.code).toBe(
      "bad_argument",
    );
  }
  // An image that is not there is the fault of one task: the others have their scores.
  const mixed = [items[0], { completion: completion("+"), task: { ...task, image: "nosuch" } }, items[1]];
  const { results } = (await served.call("POST", "/v1/scores", { body: { items: mixed } })).json;
  expect(results.map(({ score }: { score: number }) => score)).toEqual([1, null, 0]);
  expect(results[1]).toMatchObject({
    verdict: "grader_error",
    message: expect.stringContaining("nosuch") as unknown,
  });
});
