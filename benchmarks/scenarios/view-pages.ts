/*
 * The viewer's pages as a reader waits for them: from asking for the address until the page shows what it is about, in
 * Chromium. Each large page stands beside a small one of the same kind, opened in turn with it.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { recordRun } from "../../src/store/record-run.ts";
import { ViewServer } from "../../src/view/view-server.ts";
import { median } from "../quantiles.ts";
import type { Figure } from "../scenario.ts";

const browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const rounds = 5;

const program = `import gymnasium, numpy as np
from gymnasium.spaces import Box, Discrete

class Screens(gymnasium.Env):
    observation_space = Box(0, 255, (210, 160, 3), np.uint8)
    action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.integers(0, 255, (210, 160, 3), dtype=np.uint8), {}
    def step(self, action):
        return self.np_random.integers(0, 255, (210, 160, 3), dtype=np.uint8), 1.0, False, False, {}
`;

/** A page, and what it shows when it is there. */
interface Place {
  readonly name: string;
  readonly hash: string;
  readonly shows: string;
  /** Pressed when it is there, and what is shown then. */
  readonly press?: readonly [key: string, shows: string];
}

/** Records a rollout of as many screens of 100 kB. */
export async function recordScreens(folder: string, image: string, steps: number): Promise<string> {
  const file = join(folder, "screens.py");
  writeFileSync(file, program);
  const dir = join(folder, `screens-${steps}`);
  await recordRun({ envName: `${file}:Screens`, seeds: [1], maxSteps: steps, image, dir });
  return dir;
}

/**
 * Times pages of the recordings below a folder; none where there is no browser.
 * @param pairs each a large page and the small one beside it
 */
export async function timePages(
  folder: string,
  pairs: readonly (readonly [Place, Place])[],
  mostMs: number,
): Promise<Figure[]> {
  const executablePath = browsers.find((path) => existsSync(path));
  if (executablePath === undefined) return [];
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const open = async ({ hash, shows, press }: Place): Promise<number> => {
    // A server of its own: nothing of the recording is in its memory.
    await using server = await ViewServer.start({ folders: [folder], port: 0 });
    const page = await browser.newPage();
    const start = performance.now();
    await page.goto(server.url + hash);
    await page.waitForSelector(shows);
    if (press !== undefined) {
      await page.keyboard.press(press[0]);
      await page.waitForSelector(press[1]);
    }
    const ms = performance.now() - start;
    await page.close();
    return ms;
  };
  const figures: Figure[] = [];
  try {
    for (const [large, small] of pairs) {
      const [many, few]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        many.push(await open(large));
        few.push(await open(small));
      }
      figures.push(
        { name: large.name, value: median(many), unit: "ms", reach: { most: mostMs } },
        { name: small.name, value: median(few), unit: "ms" },
        { name: `${large.name} / ${small.name}`, value: median(many) / median(few), unit: "x" },
      );
    }
  } finally {
    await browser.close();
  }
  return figures;
}
