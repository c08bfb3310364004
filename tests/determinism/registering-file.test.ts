/* A file that registers its environments instead of defining the class that is asked for. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const registers = `import gymnasium
from gymnasium.envs.classic_control import CartPoleEnv

def register_envs():
    gymnasium.register(id="slow/Cart-v3", entry_point=CartPoleEnv, max_episode_steps=7)
    gymnasium.register(id="Cart", entry_point=CartPoleEnv, max_episode_steps=5)

register_envs()
`;

test("an id that a file registers is made with the wrappers that come with it", async () => {
  const file = join(folder, "own.py");
  writeFileSync(file, registers);
  const play = async (name: string): ReturnType<typeof runRollout> =>
    await runRollout({ envName: `${file}:${name}`, seed: 1 });
  expect(await play("slow/Cart-v3")).toMatchObject({ outcome: "truncated", steps: 7 });
  expect(await play("Cart")).toMatchObject({ outcome: "truncated", steps: 5 });
  expect((await play("CartPoleEnv")).steps).toBeGreaterThan(7);
  await expect(play("slow/Carts-v3")).rejects.toThrow(
    "no environment slow/Carts-v3; did you mean slow/Cart-v3?",
  );
  await expect(play("Carts")).rejects.toThrow("own.py has no class Carts");
  await expect(play("../Cart")).rejects.toThrow("does not name the environment's class in the file");
});
