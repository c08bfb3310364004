import { readFileSync } from "node:fs";

import { resolveImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import type { RunningSandbox } from "../../src/sandbox/contract.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const idle = "import os, gymnasium, numpy\nos.write(3, b'x')\nimport time\ntime.sleep(600)\n";

/** Private memory of a process in MiB: what would come back if it ended. */
function privateMebibytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
  return (kibibytes("Private_Clean") + kibibytes("Private_Dirty")) / 1024;
}

/** Page tables of a process in MiB; private too, and not in `smaps_rollup`. */
function pageTableMebibytes(pid: number): number {
  return Number(/^VmPTE:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) / 1024;
}

async function startIdle(backend: ZygoteBackend): Promise<RunningSandbox> {
  const ready = Promise.withResolvers<void>();
  const [sandbox] = await backend.start({
    members: [
      {
        job: { entry: "script", name: "idle.py", source: idle, files: [], env: {} },
        limits: { ...defaultLimits, wallMs: 600_000 },
      },
    ],
    links: [],
    onOutput: () => ready.resolve(),
  });
  await ready.promise;
  return sandbox!;
}

async function run({ image, quick }: ScenarioContext): Promise<Figure[]> {
  const backend = new ZygoteBackend(resolveImage(image));
  try {
    const sandboxes: RunningSandbox[] = [];
    for (let count = 0; count < (quick ? 10 : 50); count++) sandboxes.push(await startIdle(backend));
    const slots = backend.zygotePids.flatMap(childPids);
    const children = slots.flatMap(childPids);
    const each = children.map((pid) => privateMebibytes(pid));
    const tables = children.map((pid) => pageTableMebibytes(pid));
    const slot = slots.map((pid) => privateMebibytes(pid) + pageTableMebibytes(pid));
    for (const sandbox of sandboxes) sandbox.kill();
    await Promise.all(sandboxes.map(({ ended }) => ended));
    return [
      { name: "private memory, idle sandbox with numpy and gymnasium", value: median(each), unit: "MiB" },
      { name: "its page tables", value: median(tables), unit: "MiB" },
      { name: "its slot, private with page tables", value: median(slot), unit: "MiB" },
      {
        name: "private memory and page tables per idle sandbox",
        value: median(each) + median(tables),
        unit: "MiB",
        reach: { most: 3 },
      },
    ];
  } finally {
    await backend.close();
  }
}

/** What an idle sandbox costs. */
export const memoryScenario: Scenario = {
  name: "memory",
  about: "private memory of an idle sandbox whose Python has used numpy and gymnasium",
  run,
};
