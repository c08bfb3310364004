import { join } from "node:path";

import type { RolloutSummary } from "../../src/model/rollout.ts";
import { executeRollout } from "../../src/rollout/execute-rollout.ts";
import { planRollout } from "../../src/rollout/plan-rollout.ts";
import { resolveOptions, type RolloutConfig } from "../../src/rollout/rollout-config.ts";
import type { SandboxBackend } from "../../src/sandbox/contract.ts";

/* What a soak mixes: rollouts whose bytes are known, among them such as show where things lie in memory, and attackers. */

const fixtures = join(import.meta.dirname, "..", "determinism", "fixtures");
const orders = join(fixtures, "orders.py:ObjectOrders");
const orderingPolicy = join(fixtures, "ordering_policy.py");

/** What honest rollouts play; each under a few seeds. */
export const honestSpecs: readonly Omit<RolloutConfig, "seed">[] = [
  { envName: orders },
  { envName: "CartPole-v1" },
  { envName: "Taxi-v4", maxSteps: 20 },
  { envName: "CartPole-v1", policy: orderingPolicy, maxSteps: 20 },
];
/** The seeds of each honest spec. */
export const honestSeeds: readonly number[] = [42, 7, 123];

/** Small, so that an attack costs little of the machine's time. */
const tight = {
  wallMs: 1500,
  cpuMs: 150,
  memoryMb: 48,
  processes: 12,
  diskMb: 128,
  outputBytes: 1 << 18,
} as const;

const source = (body: string): { readonly source: string } => ({
  source: `import os, signal, time\ndef act(o, rng):\n    ${body}\n`,
});

const hostileFile = join(fixtures, "hostile.py");
const attacks =
  "Spins SpinsInChildren Hoards FillsTmp Forks StartsThreads Floods Garbles Raises Exits Crashes KillsEverything";
const policyAttacks = [
  "raise KeyError(1)",
  "os._exit(3)",
  "os.abort()",
  "os.write(4, bytes(4096)); return 0",
];
const brief = { ...tight, wallMs: 120 };

/** One attack of every kind: each uses up, breaks or floods something. */
export const hostileSpecs: readonly Omit<RolloutConfig, "seed">[] = [
  ...attacks.split(" ").map((name) => ({ envName: `${hostileFile}:${name}`, limits: tight })),
  { envName: `${hostileFile}:Sleeps`, limits: brief },
  ...policyAttacks.map((body) => ({ envName: "CartPole-v1", policy: source(body), limits: tight })),
  { envName: "CartPole-v1", policy: source("signal.pause()"), limits: brief },
];

/** Runs one rollout on a backend. */
export async function play(backend: SandboxBackend, config: RolloutConfig): Promise<RolloutSummary> {
  const { template, limits } = resolveOptions(config);
  const receipt = await backend.receipt();
  const plan = planRollout({ ...template, seed: config.seed }, limits, receipt);
  return (await executeRollout(backend, receipt, plan, limits)).summary;
}
