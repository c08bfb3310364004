import { readdirSync, readFileSync, type Dirent } from "node:fs";
import { join } from "node:path";

import { resolveImage } from "../../src/image/image-store.ts";
import { executeRollout } from "../../src/rollout/execute-rollout.ts";
import { planRollout } from "../../src/rollout/plan-rollout.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** What must not grow with the number of rollouts. */
export interface Holdings {
  readonly processes: number;
  readonly mounts: number;
  readonly descriptors: number;
  readonly cgroups: number;
  readonly zygoteKibibytes: number;
}

function descendants(pid: number): number[] {
  return childPids(pid).flatMap((child) => [child, ...descendants(child)]);
}

function residentKibibytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
}

/** The control groups of this process, in all hierarchies: others may come and go on the same machine. */
function ownCgroups(folder = "/sys/fs/cgroup", isOwn = false): number {
  let count = 0;
  for (const entry of listFolder(folder)) {
    if (!entry.isDirectory()) continue;
    const isIn = isOwn || entry.name.startsWith(`sameseed-${process.pid}-`);
    count += (isIn ? 1 : 0) + ownCgroups(join(folder, entry.name), isIn);
  }
  return count;
}

/** What is in a group; nothing where it was another program's and is gone. */
function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** What this process and everything below it hold. */
export function holdings(backend: ZygoteBackend): Holdings {
  const processes = descendants(process.pid);
  const zygotes = backend.zygotePids;
  return {
    processes: processes.length,
    mounts: zygotes.reduce(
      (sum, pid) => sum + readFileSync(`/proc/${pid}/mountinfo`, "latin1").split("\n").length,
      0,
    ),
    descriptors: [process.pid, ...processes].reduce(
      (sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length,
      0,
    ),
    cgroups: ownCgroups(),
    zygoteKibibytes: [...zygotes, ...zygotes.flatMap(childPids)].reduce(
      (sum, pid) => sum + residentKibibytes(pid),
      0,
    ),
  };
}

async function play(backend: ZygoteBackend, image: string, from: number, count: number): Promise<void> {
  const options = resolveOptions({ envName: "CartPole-v1", image });
  const receipt = await backend.receipt();
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + count) {
      const plan = planRollout({ ...options.template, seed: next++ }, options.limits, receipt);
      await executeRollout(backend, receipt, plan, options.limits);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const total = quick ? 1000 : 20_000;
  const backend = new ZygoteBackend(resolveImage(image));
  try {
    await play(backend, image, 0, 500);
    const before = holdings(backend);
    for (let done = 0; done < total; done += 1000) {
      await play(backend, image, 500 + done, 1000);
      if (done % 5000 === 0) say(`  ${done + 1000} of ${total}`);
    }
    const after = holdings(backend);
    return [
      { name: "rollouts between the two counts", value: total, unit: "" },
      ...growthFigures(before, after),
    ];
  } finally {
    await backend.close();
  }
}

/** What grew between two counts. */
export function growthFigures(before: Holdings, after: Holdings): Figure[] {
  const growth = (name: keyof Holdings): number => after[name] - before[name];
  return [
    { name: "processes, growth", value: growth("processes"), unit: "", reach: { most: 0 } },
    { name: "mounts, growth", value: growth("mounts"), unit: "", reach: { most: 0 } },
    { name: "descriptors, growth", value: growth("descriptors"), unit: "", reach: { most: 0 } },
    { name: "control groups, growth", value: growth("cgroups"), unit: "", reach: { most: 0 } },
    {
      name: "zygote and slots, resident, growth",
      value: growth("zygoteKibibytes") / 1024,
      unit: "MiB",
      reach: { most: 0.5 },
    },
  ];
}

/** Whether anything grows with the number of rollouts. */
export const flatScenario: Scenario = {
  name: "flat",
  about: "processes, mounts, descriptors, control groups and zygote memory before and after 20,000 rollouts",
  run,
};
