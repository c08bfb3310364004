/*
 * A program that has a stepped rollout open with copied branches and a checkpoint, one whose function never answers, and some
 * that are stepped together, and ends in the way it is told.
 */
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import { openRollouts } from "../../src/rollout/open-rollouts.ts";

const [, , ending] = process.argv;
const rollout = await openRollout({ envName: "CartPole-v1", seed: 1 });
await rollout.step(1);
const branches = await rollout.branch({ count: 3, engine: "fork" });
await branches[0]!.step(0);
await rollout.checkpoint();
const several = await openRollouts({ envName: "CartPole-v1", count: 3, seeds: 1 });
await several.step([0, 1, 0]);
if (ending !== "idle") {
  const asked = Promise.withResolvers<void>();
  void runRollout({
    envName: "CartPole-v1",
    seed: 2,
    policy: () => {
      asked.resolve();
      return new Promise<never>(() => {});
    },
  });
  await asked.promise;
}
console.log("ready");
// Where nobody kills it, it is over when nothing is left to do: what waits for a step does not keep it.
if (ending === "throw") throw new Error("thrown on purpose");
