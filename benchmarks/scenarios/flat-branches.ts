import { resolveImage } from "../../src/image/image-store.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";
import { growthFigures, holdings, type Holdings } from "./flat.ts";

const width = 3;

/** Opens a rollout, steps it, branches it twice, steps a branch, keeps and returns, and closes all of it. */
async function cycle(backend: ZygoteBackend, image: string, seed: number): Promise<void> {
  await using rollout = await openRollout({ envName: "CartPole-v1", seed, image, backend });
  await rollout.step(1);
  const branches = await rollout.branch({ count: 2, engine: "fork" });
  await branches[0]!.step(0);
  const checkpoint = await rollout.checkpoint();
  await rollout.step(0);
  await rollout.rollback(checkpoint);
  for (const branch of branches) await branch.close();
}

/** What is held when no tree is open; the one that is kept ready counts. */
async function settledHoldings(backend: ZygoteBackend): Promise<Holdings> {
  await backend.warmTree();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return holdings(backend);
}

/** What grew so far, on a line: a run that is interrupted has measured what it said last. */
function told(before: Holdings, now: Holdings): string {
  return growthFigures(before, now)
    .map(({ name, value }) => `${name} ${value}`)
    .join("; ");
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const total = quick ? 100 : 10_000;
  const backend = new ZygoteBackend(resolveImage(image), { world: "sealed" });
  try {
    // Some trees at a time: the benchmark takes an hour or so. Only what this process holds is counted, so others may work beside it.
    const play = async (from: number, count: number): Promise<void> => {
      let seed = from;
      const work = async (): Promise<void> => {
        while (seed < from + count) await cycle(backend, image, seed++);
      };
      await Promise.all(Array.from({ length: width }, work));
    };
    await play(0, 20);
    const before = await settledHoldings(backend);
    const part = Math.min(total, 100);
    for (let done = 0; done < total; done += part) {
      await play(20 + done, part);
      say(`  ${done + part} of ${total}: ${told(before, await settledHoldings(backend))}`);
    }
    const after = await settledHoldings(backend);
    return [
      { name: "cycles between the two counts", value: total, unit: "" },
      ...growthFigures(before, after),
    ];
  } finally {
    await backend.close();
  }
}

/** Whether anything grows with the number of rollouts that are branched. */
export const flatBranchesScenario: Scenario = {
  name: "flat-branches",
  about: "what is held before and after 10,000 cycles of open, step, branch, return and close, a tree each",
  run,
};
