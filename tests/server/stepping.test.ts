/* Rollouts over the WebSocket: the same as in the process, each step once, and nothing left of whoever dies. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { NdArray } from "../../src/model/cbor/ndarray.ts";
import { encodePlain } from "../../src/model/cbor/encode-plain.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { serve, type Served } from "./served.ts";
import { SteppingClient } from "./stepping-client.ts";

const cartPole = { env: "CartPole-v1", seed: 42 };
const counter = `import gymnasium as gym

class Counter(gym.Env):
    """Counts the steps that were taken, whatever is asked."""
    observation_space = gym.spaces.Discrete(1000)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        return self.count, 1.0, self.count >= 500, False, {"half": 0.5}
`;

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 24 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

async function connect(lease?: string): Promise<SteppingClient> {
  const client = new SteppingClient(served.port, lease);
  await client.hello();
  return client;
}

describe("a rollout", () => {
  it("has the bytes that it has in the process", async () => {
    const actions = [1, 0, 1, 1, 0];
    const expected = await runRollout({ envName: "CartPole-v1", seed: 42, policy: { actions }, maxSteps: 5 });
    const client = await connect();
    const view = await client.ask("open", { key: "a", config: { ...cartPole, maxSteps: 5 } });
    expect(view.observation).toBeInstanceOf(NdArray);
    expect(view.actionSpace).toMatchObject({ type: "Discrete", n: 2 });
    let last;
    for (const [at, action] of actions.entries())
      last = await client.ask("step", { rollout: view.rollout, seq: at + 1, action });
    expect(last).toMatchObject({ steps: 5, reward: 1, truncated: true, isOver: true });
    const closed = await client.ask("close", { rollout: view.rollout, seq: 6, trajectory: true });
    const summary = JSON.parse(closed.summary);
    expect(summary.contentDigest).toBe(expected.contentDigest);
    expect(closed.trajectory.length).toBeGreaterThan(100);
    client.cut();
  });

  it("takes each step once, however often it is sent and from whichever connection", async () => {
    const first = await connect();
    const { lease } = await first.hello();
    const config = { env: { source: counter, className: "Counter" }, seed: 1 };
    const { rollout } = await first.ask("open", { key: "k", config });
    expect((await first.ask("open", { key: "k", config })).rollout).toBe(rollout);
    const step = { rollout, seq: 1, action: 0 };
    const [a, b] = await Promise.all([first.ask("step", step), first.ask("step", step)]);
    expect([a.observation, b.observation]).toEqual([1, 1]);
    // Cut while a step is under way: its answer is lost, the step is not taken again.
    void first.send("step", { rollout, seq: 2, action: 1 });
    first.cut();
    const second = await connect(lease);
    expect((await second.ask("step", { rollout, seq: 2, action: 1 })).observation).toBe(2);
    await expect(second.ask("step", { rollout, seq: 2, action: 0 })).rejects.toMatchObject({
      code: "key_reused",
    });
    await expect(second.ask("step", { rollout, seq: 1, action: 0 })).rejects.toMatchObject({
      code: "key_reused",
    });
    await expect(second.ask("step", { rollout, seq: 4, action: 0 })).rejects.toMatchObject({
      code: "key_reused",
    });
    expect((await second.ask("step", { rollout, seq: 3, action: 0 })).observation).toBe(3);
    const closed = await second.ask("close", { rollout, seq: 4 });
    expect(JSON.parse(closed.summary).steps).toBe(3);
    expect(await second.ask("close", { rollout, seq: 4 })).toEqual(closed);
    second.cut();
  });

  it("is nobody's but its lease's", async () => {
    const [mine, other] = [await connect(), await connect()];
    const { rollout } = await mine.ask("open", { key: "k", config: cartPole });
    await expect(other.ask("step", { rollout, seq: 1, action: 0 })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(other.ask("view", { rollout })).rejects.toMatchObject({ code: "not_found" });
    mine.cut();
    other.cut();
  });

  it("branches, keeps states and comes back to them", async () => {
    const client = await connect();
    const { rollout } = await client.ask("open", { key: "k", config: cartPole });
    await client.ask("step", { rollout, seq: 1, action: 1 });
    const kept = await client.ask("checkpoint", { rollout, seq: 2 });
    expect(kept.step).toBe(1);
    const { branches } = await client.ask("branch", { rollout, seq: 3, count: 2 });
    const steps = await Promise.all(
      branches.map(
        async ({ view }: { view: { rollout: string } }) =>
          await client.ask("step", { rollout: view.rollout, seq: 1, action: 0 }),
      ),
    );
    const own = await client.ask("step", { rollout, seq: 4, action: 0 });
    expect(encodePlain(steps[0].observation)).toEqual(encodePlain(own.observation));
    expect(encodePlain(steps[1].observation)).toEqual(encodePlain(own.observation));
    const back = await client.ask("rollback", { rollout, seq: 5, checkpoint: kept.checkpoint });
    expect(back.steps).toBe(1);
    const { snapshot } = await client.ask("snapshot", { rollout });
    const copy = await client.ask("open", { key: "s", config: { snapshot } });
    expect(encodePlain(copy.observation)).toEqual(encodePlain(back.observation));
    client.cut();
  });
});

describe("a vector", () => {
  it("steps all environments, in each of Gymnasium's modes", async () => {
    const client = await connect();
    for (const autoreset of ["next_step", "same_step", "disabled"]) {
      const config = { env: "CartPole-v1", count: 3, seeds: 7, autoreset, maxSteps: 2 };
      const view = await client.ask("open_vector", { key: autoreset, config });
      expect(view.observations.shape).toEqual([3, 4]);
      const actions = new NdArray("int64", BigInt64Array.of(0n, 1n, 0n));
      const step = async (seq: number) =>
        await client.ask("step_vector", { vector: view.vector, seq, actions });
      await step(1);
      const ended = await step(2);
      expect([...ended.truncated.data]).toEqual([1, 1, 1]);
      expect(ended.episodes).toHaveLength(3);
      expect(ended.final).toHaveLength(autoreset === "same_step" ? 3 : 0);
      expect(ended.seeds).toEqual(autoreset === "same_step" ? [10, 11, 12] : [7, 8, 9]);
      if (autoreset === "disabled") {
        await expect(step(3)).rejects.toMatchObject({ code: "rollout_over" });
        const again = await client.ask("reset_vector", { vector: view.vector, seq: 4 });
        expect(again.seeds).toEqual([10, 11, 12]);
      } else {
        const next = await step(3);
        expect(next.seeds).toEqual([10, 11, 12]);
        expect([...next.rewards.data]).toEqual(autoreset === "same_step" ? [1, 1, 1] : [0, 0, 0]);
      }
      const { episodes } = await client.ask("close_vector", {
        vector: view.vector,
        seq: autoreset === "disabled" ? 5 : 4,
      });
      expect(episodes.map(({ seed }: { seed: number }) => seed)).toEqual([10, 11, 12]);
    }
    client.cut();
  });
});

describe("a connection", () => {
  it("refuses what is no request, and says so", async () => {
    const text = await connect();
    text.socket.send("hello");
    expect((await text.closed).code).toBe(1003);
    const bytes = await connect();
    bytes.socket.send(Buffer.from([0xff, 1, 2]));
    expect((await bytes.closed).code).toBe(1007);
    expect(bytes.strays[0]).toMatchObject({ id: null, error: { code: "protocol_broken" } });
    const client = await connect();
    await expect(client.ask("fly")).rejects.toMatchObject({ code: "bad_argument" });
    await expect(client.ask("open", { key: "k" })).rejects.toMatchObject({ code: "bad_argument" });
    client.cut();
    expect((await new SteppingClient(served.port, "ls_nobody").closed).code).toBe(4001);
  });

  it("leaves nothing when its lease has not been heard of for as long as it lives", async () => {
    const { json } = await served.call("POST", "/v1/leases", { body: { ttlMs: 500 } });
    const client = await connect(json.lease);
    await client.ask("open", { key: "k", config: cartPole });
    const { used } = served.server.context.slots;
    client.cut();
    await expect.poll(() => served.server.context.slots.used, { timeout: 2500 }).toBe(used - 1);
    expect((await served.call("POST", `/v1/leases/${json.lease}/heartbeat`)).json.error.code).toBe(
      "lease_ended",
    );
  });
});
