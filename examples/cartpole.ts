// CartPole under eight seeds, each rollout in a fresh sandbox of its own, and all of them again in other sandboxes:
// the same seed gives the same bytes. Run it with `node examples/cartpole.ts`; it exits with 0 where all are equal.
// Outside this repository the import is `from "sameseed"`.
import { runRollout, type RolloutResult } from "../src/index.ts";

const seeds = [42, 43, 44, 45, 46, 47, 48, 49];

async function playAll(): Promise<RolloutResult[]> {
  return await Promise.all(seeds.map((seed) => runRollout({ envName: "CartPole-v1", seed })));
}

const first = await playAll();
const again = await playAll();

console.log("seed  outcome     return  steps  digest               again");
for (const [index, { seed, outcome, totalReward, steps, digest }] of first.entries()) {
  const verdict = again[index]?.digest === digest ? "equal" : "DIFFERENT";
  const numbers = `${String(Number(totalReward)).padStart(6)}  ${String(steps).padStart(5)}`;
  console.log(`${seed}    ${outcome}  ${numbers}  ${digest.slice(0, 19)}  ${verdict}`);
}

const mean = first.reduce((sum, { totalReward }) => sum + Number(totalReward), 0) / first.length;
const equal = first.filter(({ digest }, index) => again[index]?.digest === digest).length;
console.log(`\nmean return ${mean}; ${equal} of ${seeds.length} rollouts gave the same bytes again`);
process.exitCode = equal === seeds.length ? 0 : 1;
