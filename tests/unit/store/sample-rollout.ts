import { digestOf } from "../../../src/base/digest.ts";
import { defaultLimits } from "../../../src/model/limits.ts";
import type { RecordedRollout, RolloutSummary, RunSpec } from "../../../src/model/rollout.ts";
import type { RunManifest } from "../../../src/model/run-manifest.ts";
import type { ExpectedRun } from "../../../src/store/same-run.ts";

/** A spec with `count` seeds from 0. */
export function sampleSpec(count: number): RunSpec {
  return {
    environment: { kind: "gymnasium", id: "CartPole-v1" },
    envArgs: {},
    seats: [{ seat: "agent", policy: { kind: "builtin", name: "random" } }],
    mode: "keep",
    clocks: null,
    maxSteps: null,
    volatileInfo: [],
    seeds: Array.from({ length: count }, (_, seed) => seed),
  };
}

const image = {
  format: 1 as const,
  digest: "ab".repeat(32),
  python: "3.11.7",
  architecture: "x86_64",
  libc: "glibc 2.36",
  packages: { numpy: "2.0.0" },
  runtime: "cd".repeat(32),
  lock: "ef".repeat(32),
  sizeBytes: 1000,
  files: 10,
};

/** A run of `count` seeds. */
export function sampleManifest(count: number, spec: RunSpec = sampleSpec(count)): RunManifest {
  return {
    format: 2,
    runId: "sample-run",
    spec,
    image: { name: "gymnasium", manifest: image },
    limits: defaultLimits,
    backend: "zygote",
    world: "sealed",
    createdAt: "2026-01-02T03:04:05.000Z",
    sameseedVersion: "0.1.0",
  };
}

/** What resumes {@link sampleManifest}. */
export function sampleExpected(count: number): ExpectedRun {
  return { spec: sampleSpec(count), imageDigest: image.digest, world: "sealed" };
}

/** A rollout whose bytes follow from its seed. */
export function sampleRollout(seed: number, changes: Partial<RolloutSummary> = {}): RecordedRollout {
  const trajectory = Buffer.from(`SSTRAJ1\nseed ${seed} ${digestOf(String(seed)).repeat(1 + (seed % 5))}`);
  const summary: RolloutSummary = {
    seed,
    outcome: "terminated",
    totalReward: seed / 2,
    steps: 10 + (seed % 7),
    digest: digestOf(trajectory),
    contentDigest: digestOf(`content ${seed}`),
    playDigest: digestOf(`play ${seed}`),
    seeded: ["env", "action_space"],
    warnings: [],
    receipt: {
      backend: "zygote",
      wall: {
        namespaces: ["pid", "mount"],
        seccomp: "0".repeat(64),
        network: "none",
        user: { host: 64919, inside: 1000 },
        outer: "bubblewrap 0.9.0",
      },
      limits: defaultLimits,
      enforcedBy: "cgroup-v2",
      world: { mode: "host", addressesFixed: true, hashSeed: 0, numericClass: "x86-64-v3", notHeld: [] },
      image: { name: "gymnasium", digest: image.digest },
      tier: "T1",
      host: { kernel: "6.1.0", architecture: "x86_64" },
    },
    timings: { startMs: 1, runMs: 2, totalMs: 3 },
    ...changes,
  };
  return { summary, trajectory, seats: [] };
}
