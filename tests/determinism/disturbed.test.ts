/*
 * What one environment or policy does, it does to itself: its rollout ends with the outcome that says what happened, and
 * rollouts beside it record the bytes they record when they are alone.
 */
import { describe, expect, it } from "vitest";

import type { Limits } from "../../src/model/limits.ts";
import type { FaultOwner, Outcome } from "../../src/model/outcome.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { PolicyInput, RolloutConfig } from "../../src/rollout/rollout-config.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import { fixture, inParallel, temporaryFolder } from "./fixtures.ts";

interface Hostile {
  readonly name: string;
  readonly config: RolloutConfig;
  readonly outcome: Outcome;
  readonly type: string;
  readonly by: FaultOwner;
  /** Only where control groups are: without them nothing counts this. */
  readonly counted?: boolean;
}

temporaryFolder();
const tight = { cpuMs: 60_000, wallMs: 60_000, processes: 16, memoryMb: 64, diskMb: 256 };

/** What happens in an environment at its second step, so at most one step is recorded. */
const environments: readonly Hostile[] = (
  [
    ["Spins", "cpu_limit", "limit", { cpuMs: 250 }],
    ["SpinsInChildren", "cpu_limit", "limit", { cpuMs: 250 }, true],
    ["Sleeps", "wall_limit", "limit", { wallMs: 600 }],
    ["Hoards", "memory_limit", "MemoryError", {}],
    ["FillsTmp", "memory_limit", "limit", {}, true],
    ["Forks", "process_limit", "BlockingIOError", {}],
    ["StartsThreads", "process_limit", "RuntimeError", {}],
    ["Floods", "output_limit", "limit", { outputBytes: 1 << 20 }],
    ["Garbles", "protocol_error", "ProtocolError", {}],
    ["Raises", "env_error", "ValueError", {}],
    ["Exits", "env_error", "exit", {}],
    ["Crashes", "env_error", "signal", {}],
  ] as const
).map(([name, outcome, type, limits, counted = false]) => ({
  name: `an environment that ${name}`,
  config: { envName: fixture(`hostile.py:${name}`), seed: 1, limits: { ...tight, ...limits } },
  outcome,
  type,
  by: "environment",
  counted,
}));

function policy(body: string): PolicyInput {
  const imports = "import ctypes, os, signal, threading, time";
  return { source: `${imports}\n\n\ndef act(observation, rng):\n    ${body}\n    return 0\n` };
}

const hoard = `x = [bytearray(1 << 20) for _ in range(4096)]`;
const fill = `f = open("/tmp/f", "wb")\n    while True: f.write(bytes(1 << 20))`;
const forks = `\n    while True:\n        if os.fork() == 0: signal.pause()`;

const policies: readonly Hostile[] = (
  [
    ["spins", "while True: pass", "cpu_limit", "limit", { cpuMs: 250 }],
    ["waits for nothing", "signal.pause()", "wall_limit", "limit", { wallMs: 600 }],
    ["hoards", hoard, "memory_limit", "MemoryError", {}],
    ["fills /tmp", fill, "memory_limit", "limit", {}, true],
    ["forks", forks, "process_limit", "BlockingIOError", {}],
    ["floods", "while True: os.write(1, bytes(1 << 16))", "output_limit", "limit", { outputBytes: 1 << 20 }],
    ["garbles its link", "os.write(4, b'\\xff' * 64); signal.pause()", "protocol_error", "LinkError", {}],
    ["raises", "raise KeyError(3)", "policy_error", "KeyError", {}],
    ["exits", "os._exit(7)", "policy_error", "exit", {}],
    ["crashes", "ctypes.string_at(0)", "policy_error", "signal", {}],
    ["plays what is no action", "return 17", "illegal_action", "IllegalAction", {}],
  ] as const
).map(([name, body, outcome, type, limits, counted = false]) => ({
  name: `a policy that ${name}`,
  config: { envName: "CartPole-v1", seed: 1, policy: policy(body), limits: { ...tight, ...limits } },
  outcome,
  type,
  by: "policy",
  counted,
}));

/** Rollouts that mind their own business; the writer of garbage must not reach their results either. */
const honest: readonly RolloutConfig[] = [
  { envName: "CartPole-v1", seed: 7 },
  { envName: "Acrobot-v1", seed: 8, maxSteps: 40 },
  { envName: fixture("orders.py:ObjectOrders"), seed: 9 },
  { envName: "CartPole-v1", seed: 10, policy: fixture("ordering_policy.py"), maxSteps: 40 },
  { envName: "CartPole-v1", seed: 11, policy: policy("os.write(3, b'\\x01garbage')") },
];

const limited: Partial<Limits> = { wallMs: 60_000 };

const enforcedBy = (await sharedBackend("gymnasium", "zygote", "host").receipt()).enforcedBy;
const hostile = [...environments, ...policies].filter(
  ({ counted }) => counted !== true || enforcedBy !== "rlimits",
);

describe("at concurrency 8, among crashed, hung and greedy neighbours", () => {
  const results: RolloutResult[] = [];
  const quiet: string[] = [];
  const beside: { readonly which: number; readonly digest: string }[] = [];

  it("honest rollouts record what they record alone", async () => {
    for (const config of honest) {
      const { digest, outcome } = await runRollout({ ...config, limits: limited });
      expect(["terminated", "truncated"]).toContain(outcome);
      quiet.push(digest);
    }
    expect(new Set(quiet).size).toBe(honest.length);
    // Three honest ones after each hostile one: of eight at one time, about two are hostile.
    await inParallel(4 * hostile.length, 8, async (index) => {
      if (index % 4 === 0) {
        results[index / 4] = await runRollout(hostile[index / 4]!.config);
        return;
      }
      const which = index % honest.length;
      const { digest } = await runRollout({ ...honest[which]!, limits: limited });
      beside.push({ which, digest });
    });
    expect(beside.filter(({ which, digest }) => digest !== quiet[which])).toEqual([]);
    expect(beside).toHaveLength(3 * hostile.length);
  });

  it.for(hostile.map(({ name }, index) => [name, index] as const))("%s ends as such", ([, index]) => {
    const { outcome, type, by, config } = hostile[index]!;
    const result = results[index]!;
    expect(result).toMatchObject({ outcome, error: { type, by } });
    // A process that ends without a word takes along what it had not sent yet.
    const silent = ["limit", "exit", "signal", "ProtocolError"].includes(type);
    expect(result.steps).toBe(by === "policy" || (silent && result.steps === 0) ? 0 : 1);
    expect(result.totalReward).toBe(result.steps);
    expect(result.receipt.limits).toMatchObject(config.limits ?? {});
  });

  it("one whose caller gives up is not a result, and disturbs nobody", async () => {
    const controller = new AbortController();
    const given = runRollout({
      envName: fixture("hostile.py:Sleeps"),
      seed: 1,
      signal: controller.signal,
    });
    const neighbour = runRollout({ ...honest[2]!, limits: limited });
    setTimeout(() => controller.abort(), 200);
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    expect((await neighbour).digest).toBe(quiet[2]);
  });
});
