import { resolveImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import type { GroupPlan, RunningSandbox } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median, quantile } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** The first thing the job does with the warm interpreter: use gymnasium's types, then say so. */
const firstByteJob = "import os, gymnasium, numpy\ngymnasium.spaces.Discrete(2)\nos.write(3, b'x')\n";
const burst = 100;

/** Starts one sandbox and waits for the first byte its Python code writes, then for its end. */
async function firstByte(
  start: (plan: GroupPlan) => Promise<readonly RunningSandbox[]>,
  source: string,
): Promise<number> {
  const calledAt = performance.now();
  const byte = Promise.withResolvers<number>();
  const [sandbox] = await start({
    members: [
      { job: { entry: "script", name: "bench.py", source, files: [], env: {} }, limits: defaultLimits },
    ],
    links: [],
    onOutput: (_member, channel) => {
      if (channel === "stream") byte.resolve(performance.now() - calledAt);
    },
  });
  void sandbox!.ended.then(() => byte.reject(new Error("the sandbox ended without a byte")), byte.reject);
  const ms = await byte.promise;
  await sandbox!.ended;
  return ms;
}

/** All of a burst are running when each has written its byte and none has ended. */
async function burstMs(backend: ZygoteBackend): Promise<number> {
  const calledAt = performance.now();
  const started = Array.from({ length: burst }, async () => {
    const byte = Promise.withResolvers<void>();
    const [sandbox] = await backend.start({
      members: [
        {
          job: {
            entry: "script",
            name: "bench.py",
            source: `${firstByteJob}import time\ntime.sleep(60)\n`,
            files: [],
            env: {},
          },
          limits: defaultLimits,
        },
      ],
      links: [],
      onOutput: (_member, channel) => {
        if (channel === "stream") byte.resolve();
      },
    });
    await byte.promise;
    return sandbox!;
  });
  const running = await Promise.all(started);
  const ms = performance.now() - calledAt;
  for (const sandbox of running) sandbox.kill();
  await Promise.all(running.map(({ ended }) => ended));
  return ms;
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const rounds = quick ? 200 : 1000;
  const backend = new ZygoteBackend(resolveImage(image), { allowBare: true });
  try {
    await backend.warm(1);
    const walled: number[] = [];
    const bare: number[] = [];
    for (let round = -20; round < rounds; round++) {
      const a = await firstByte((plan) => backend.start(plan), firstByteJob);
      const b = await firstByte((plan) => backend.startBare(plan), firstByteJob);
      if (round < 0) continue;
      walled.push(a);
      bare.push(b);
    }
    say("  cold starts");
    const cold: number[] = [];
    for (let round = 0; round < (quick ? 5 : 15); round++) {
      cold.push((await coldPython(image, "import os, gymnasium\nos.write(1, b'x')")).firstByteMs);
    }
    say("  bursts");
    await backend.warm(burst);
    const bursts: number[] = [];
    for (let round = 0; round < (quick ? 3 : 11); round++) bursts.push(await burstMs(backend));
    const [p50, p99] = [median(walled), quantile(walled, 0.99)];
    return [
      { name: "bare fork, call to first byte, p50", value: median(bare), unit: "ms" },
      { name: "walled, call to first byte, p50", value: p50, unit: "ms" },
      { name: "walled, p99", value: p99, unit: "ms" },
      { name: "bubblewrap + python + import gymnasium, p50", value: median(cold), unit: "ms" },
      { name: "walled p50 / bare fork p50", value: p50 / median(bare), unit: "x", reach: { most: 2.5 } },
      { name: "cold p50 / walled p50", value: median(cold) / p50, unit: "x", reach: { least: 40 } },
      { name: "walled p99 / p50", value: p99 / p50, unit: "x", reach: { most: 3 } },
      { name: `burst of ${burst}, all running, p50`, value: median(bursts), unit: "ms" },
      {
        name: `burst of ${burst} / walled p50`,
        value: median(bursts) / p50,
        unit: "x",
        reach: { most: 120 },
      },
    ];
  } finally {
    await backend.close();
  }
}

/** How fast a walled, fresh interpreter answers. */
export const startScenario: Scenario = {
  name: "start",
  about:
    "one fully walled sandbox from the call in Node to the first byte its Python writes, beside a bare fork and a cold start",
  run,
};
