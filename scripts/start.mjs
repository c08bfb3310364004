// `npm start`: sets up, runs CartPole under eight seeds, each in a fresh sandbox, then all of them again to compare.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, sameseed, setUp } from "./steps.mjs";

function main() {
  const ready = setUp();
  if (ready !== 0) return ready;
  const folder = freshFolder();
  const ran = sameseed(["run", "CartPole-v1", "--seeds", "42..49", "--out", folder]);
  if (ran === 130 || !existsSync(join(root, folder))) return ran;
  return Math.max(ran, sameseed(["verify", folder]));
}

/** The first unused `runs/cartpole-N`; the run itself makes the folder. */
function freshFolder() {
  mkdirSync(join(root, "runs"), { recursive: true });
  for (let number = 1; ; number++) {
    const folder = join("runs", `cartpole-${number}`);
    if (!existsSync(join(root, folder))) return folder;
  }
}

process.exitCode = main();
