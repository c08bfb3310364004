import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";

import { NdArray } from "../../../src/model/cbor/ndarray.ts";
import { float, type ActionValue } from "../../../src/model/cbor/typed-value.ts";
import { collectRollouts, runRollout } from "../../../src/rollout/collect-rollouts.ts";
import type { PolicyFunction, Turn } from "../../../src/rollout/policy-function.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { recordRun } from "../../../src/store/record-run.ts";
import { replayRollout } from "../../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../../src/verify/verify-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-caller-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

const cartPole = { envName: "CartPole-v1", seed: 42 } as const;
const alternate: PolicyFunction = ({ step }) => step % 2;

describe("a function as the policy", () => {
  it("gives the records of the same actions as a list", async () => {
    const called = await runRollout({ ...cartPole, policy: alternate });
    const actions = Array.from({ length: called.steps }, (_, at) => (at + 1) % 2);
    const listed = await runRollout({ ...cartPole, policy: { actions } });
    expect(called).toMatchObject({
      outcome: "terminated",
      steps: listed.steps,
      contentDigest: listed.contentDigest,
      playDigest: listed.playDigest,
    });
    // The manifest says who chose, and that is known before the first step.
    expect(called.digest).not.toBe(listed.digest);
    expect(called.trajectory.manifest["spec"]).toMatchObject({
      seats: [{ seat: "agent", policy: { kind: "caller" } }],
    });
  });

  it("is told what a policy in a sandbox is told, with its types", async () => {
    const turns: Turn[] = [];
    const { trajectory } = await runRollout({
      ...cartPole,
      maxSteps: 2,
      policy: async (turn) => {
        turns.push(turn);
        await sleep(1);
        return 1n;
      },
    });
    expect(turns.map(({ seat, step, seed, legal }) => ({ seat, step, seed, legal }))).toEqual([
      { seat: "agent", step: 1, seed: 42, legal: null },
      { seat: "agent", step: 2, seed: 42, legal: null },
    ]);
    const recorded = [...trajectory.steps()].map(({ observation }) => observation);
    expect(turns.map(({ observation }) => (observation as NdArray).toList())).toEqual(recorded.slice(0, 2));
    expect(turns[0]!.observation).toBeInstanceOf(NdArray);
    expect((turns[0]!.observation as NdArray).data).toBeInstanceOf(Float32Array);
    expect(turns[0]!.signal.aborted).toBe(true);
  });

  it("fails alone, with its stack", async () => {
    const results = await collectRollouts({
      envName: "CartPole-v1",
      seeds: [1, 2, 3],
      policy: (turn) => {
        if (turn.seed === 2 && turn.step === 3) throw new TypeError("no idea");
        return alternate(turn);
      },
    }).results();
    expect(results.map(({ outcome }) => outcome)).toEqual(["terminated", "policy_error", "terminated"]);
    const { error, steps } = results[1]!;
    expect({ error, steps }).toMatchObject({
      error: { by: "policy", kind: "raised", type: "TypeError", message: "no idea", seat: "agent", step: 3 },
      steps: 2,
    });
    expect(error!.traceback).toContain("policy-function.test.ts");
  });

  it.each<[string, () => never, string]>([
    [
      "what is no error",
      () => {
        throw "a text";
      },
      "a text",
    ], // oxlint-disable-line no-throw-literal
    [
      "half a character",
      () => {
        throw new Error("\ud800");
      },
      "\ufffd",
    ],
    [
      "a hostile error",
      () => {
        throw {
          get message(): string {
            throw new Error();
          },
          toString: 1,
        };
      },
      "(the error cannot be read: asking it raised)",
    ], // oxlint-disable-line no-throw-literal
  ])("survives %s that it throws", async (_, policy, message) => {
    expect(await runRollout({ ...cartPole, policy })).toMatchObject({
      outcome: "policy_error",
      error: { message },
    });
  });

  it("ends where it is idle, and no other clock counts its time", async () => {
    const idle = await runRollout({ ...cartPole, idleMs: 200, policy: () => new Promise(() => {}) });
    expect(idle).toMatchObject({
      outcome: "wall_limit",
      steps: 0,
      error: { by: "policy", kind: "limit", seat: "agent", step: 1 },
    });
    expect(idle.error!.message).toBe("the caller took longer than 200 ms for one action");
    const slow = await runRollout({
      ...cartPole,
      maxSteps: 4,
      limits: { wallMs: 1000, cpuMs: 1000 },
      policy: async (turn) => {
        await sleep(600);
        return alternate(turn);
      },
    });
    expect(slow).toMatchObject({ outcome: "truncated", steps: 4 });
  });

  it("ends with its caller's signal, which it is told of", async () => {
    const controller = new AbortController();
    let told: AbortSignal | undefined;
    const running = runRollout({
      ...cartPole,
      signal: controller.signal,
      policy: async ({ signal }) => {
        told = signal;
        controller.abort();
        return await new Promise<ActionValue>(() => {});
      },
    });
    await expect(running).rejects.toMatchObject({ code: "aborted" });
    expect(told!.aborted).toBe(true);
  });
});

describe("actions", () => {
  const first = (envName: string, action: unknown) => ({
    envName,
    seed: 1,
    maxSteps: 1,
    policy: () => action as ActionValue,
  });

  it.each<[string, unknown]>([
    ["CartPole-v1", new NdArray("int64", BigInt64Array.of(1n), [])],
    ["CartPole-v1", new NdArray("uint8", Uint8Array.of(1), [])],
    ["Pendulum-v1", [1]],
    ["Pendulum-v1", [0.5]],
    ["Pendulum-v1", Float64Array.of(0.5)],
    ["Pendulum-v1", Int8Array.of(1)],
    ["Pendulum-v1", [float(1)]],
  ])("of %s: %o is one", async (envName, action) => {
    expect(await runRollout(first(envName, action))).toMatchObject({ outcome: "truncated", steps: 1 });
  });

  it.each<[string, unknown]>([
    ["CartPole-v1", 2],
    ["CartPole-v1", -1],
    ["CartPole-v1", float(1)],
    ["CartPole-v1", 0.5],
    ["CartPole-v1", true],
    ["CartPole-v1", "1"],
    ["CartPole-v1", null],
    ["CartPole-v1", [1]],
    ["CartPole-v1", { action: 1 }],
    ["CartPole-v1", 2n ** 70n],
    ["CartPole-v1", Uint8Array.of(1)],
    ["CartPole-v1", new NdArray("float32", Float32Array.of(1), [])],
    ["Pendulum-v1", 1],
    ["Pendulum-v1", [1, 1]],
    ["Pendulum-v1", [Number.NaN]],
    ["Pendulum-v1", [3]],
    ["Pendulum-v1", new NdArray("bool", Uint8Array.of(1))],
  ])("of %s: %o is refused in the referee", async (envName, action) => {
    expect(await runRollout(first(envName, action))).toMatchObject({
      outcome: "illegal_action",
      steps: 0,
      error: { by: "policy", kind: "illegal_action", seat: "agent", step: 1 },
    });
  });

  it("that cannot even be sent are the function's failure", async () => {
    const { outcome, error } = await runRollout(first("CartPole-v1", undefined));
    expect({ outcome, error }).toMatchObject({ outcome: "policy_error", error: { type: "bad_argument" } });
  });
});

describe("a recorded run", () => {
  it("is verified with its recorded actions, says so, and needs its function to go on", async () => {
    const dir = join(folder, "run");
    const config = { envName: "CartPole-v1", seeds: [1, 2, 3, 4], dir } as const;
    const policy: PolicyFunction = (turn) => {
      if (turn.seed === 3 && turn.step === 4) throw new Error("lost");
      return turn.seed === 4 && turn.step === 4 ? 9 : alternate(turn);
    };
    await recordRun({ ...config, policy });
    const verified = await verifyRun(dir);
    expect(verified).toMatchObject({ equal: 2, diverged: [], fedFromRecording: ["agent"] });
    // Failures that are the same prove nothing, whoever failed.
    expect(verified.failed).toEqual([
      { seed: 3, outcome: "policy_error" },
      { seed: 4, outcome: "illegal_action" },
    ]);
    for (const seed of [1, 3, 4]) expect(await replayRollout(dir, seed)).toMatchObject({ equal: true });
    await expect(recordRun({ ...config, resume: true })).rejects.toMatchObject({
      code: "run_differs",
      hint: expect.stringContaining("function") as string,
    });
    expect(await recordRun({ ...config, policy, resume: true })).toMatchObject({ recorded: 4, total: 4 });
  });

  it("says nothing of the kind where its policy can be run again", async () => {
    const dir = join(folder, "listed");
    await recordRun({ envName: "CartPole-v1", seeds: [1], dir });
    expect(await verifyRun(dir)).not.toHaveProperty("fedFromRecording");
  });
});
