import { resolveImage } from "../../src/image/image-store.ts";
import type { RunningSandbox } from "../../src/sandbox/contract.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { pageTableMebibytes, privateMebibytes, runningPids, startIdle } from "../idle-sandboxes.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const idle = "import gymnasium, numpy";

async function run({ image, quick }: ScenarioContext): Promise<Figure[]> {
  const backend = new ZygoteBackend(resolveImage(image));
  try {
    const sandboxes: RunningSandbox[] = [];
    for (let count = 0; count < (quick ? 10 : 50); count++)
      sandboxes.push((await startIdle(backend, idle)).sandbox);
    const { slots, sandboxes: children } = runningPids(backend);
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
