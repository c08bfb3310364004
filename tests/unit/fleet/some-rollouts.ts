import type { RolloutSummary } from "../../../src/model/rollout.ts";

const zeros = `sha256:${"0".repeat(64)}`;

/** A row that says what it is given, and of the rest something. */
export function summaryOf(given: Partial<RolloutSummary>): RolloutSummary {
  return {
    seed: 0,
    outcome: "terminated",
    totalReward: 1,
    steps: 1,
    digest: zeros,
    contentDigest: zeros,
    playDigest: zeros,
    seeded: ["env"],
    warnings: [],
    receipt: {
      backend: "zygote",
      wall: {
        namespaces: ["user"],
        seccomp: zeros,
        network: "none",
        user: { host: 1, inside: 1000 },
        outer: "bubblewrap 0.11.0",
      },
      limits: { wallMs: 1, cpuMs: 1, memoryMb: 1, processes: 1, diskMb: 1, outputBytes: 1 },
      enforcedBy: "cgroup-v2",
      world: { mode: "sealed", addressesFixed: true, hashSeed: 0, numericClass: "x86-64-v3", notHeld: [] },
      image: { name: "some", digest: zeros },
      tier: "T2",
      host: { kernel: "6.1", architecture: "x86_64" },
    },
    timings: { startMs: 1, runMs: 1, totalMs: 2 },
    ...given,
  };
}
