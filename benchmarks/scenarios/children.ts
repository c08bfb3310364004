import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { figuresOfBoth } from "../both-worlds.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** One step, in which a program is started and heard in a way that `how` names. */
const starter = String.raw`
import subprocess
import sys

import gymnasium as gym

SAYS = "for line in range(400): print('o' * (line % 90), flush=True)"
ANSWERS = "import sys\nfor line in sys.stdin: print(line.upper(), end='', flush=True)"


def program(source, **how):
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", source], stdout=subprocess.PIPE, **how)


def lines(buffered):
    with program(SAYS, bufsize=buffered) as child:
        return sum(len(line) for line in child.stdout)


def talk():
    with program(ANSWERS, stdin=subprocess.PIPE, text=True, bufsize=1) as child:
        heard = 0
        for number in range(50):
            child.stdin.write(f"line {number}\n")
            heard += len(child.stdout.readline())
        child.stdin.close()
        return heard


class Starter(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Discrete(1_000_000)

    def __init__(self, how):
        self.how = how

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        heard = {"waits": lambda: program("pass").wait(), "lines": lambda: lines(-1),
                 "bytes": lambda: lines(0), "talks": talk}[self.how]()
        return heard, 0.0, True, False, {}
`;

const cases: readonly (readonly [how: string, name: string])[] = [
  ["waits", "a program is started and waited for"],
  ["lines", "400 lines of it are read"],
  ["bytes", "400 lines of it are read byte by byte"],
  ["talks", "50 lines are sent to it and answered"],
];

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-bench-"));
  try {
    writeFileSync(join(folder, "starter.py"), starter);
    const figures: Figure[] = [];
    for (const [how, name] of cases) {
      say(`  ${name}`);
      const config = { envName: `${folder}/starter.py:Starter`, envArgs: { how }, image, seed: 0 };
      figures.push(...(await figuresOfBoth(name, config, quick ? 10 : 50)));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it costs that a program's reads of its child are the same in every run. */
export const childrenScenario: Scenario = {
  name: "children",
  about:
    "a rollout that starts a Python and reads what it writes, in the sealed world, beside the same in the host's",
  run,
};
