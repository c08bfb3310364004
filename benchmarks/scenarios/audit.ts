import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { resolveImage } from "../../src/image/image-store.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { auditEnvironment } from "../../src/verify/audit/audit-environment.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/** One thing wrong: the order of a set of texts, which only another interpreter shows. */
const oneCause = `
class Env:
    def reset(self, seed=None):
        self.count = 0
        self.names = {f"name {number}" for number in range(20)}
        return 0, {}

    def step(self, action):
        self.count += 1
        shown = next(iter(self.names)) if self.count == 5 else self.count
        return shown, 1.0, self.count == 10, False, {}
`;

async function medianMs(rounds: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    await work();
    taken.push(performance.now() - startedAt);
  }
  return median(taken);
}

/** Two zygotes side by side, as an audit starts them. */
async function startTwoZygotes(image: string): Promise<void> {
  const backends = [0, 1].map(() => new ZygoteBackend(resolveImage(image), { world: "sealed" }));
  await Promise.all(backends.map(async (backend) => await backend.receipt()));
  await Promise.all(backends.map(async (backend) => await backend.close()));
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const rounds = quick ? 3 : 9;
  const folder = mkdtempSync(join(tmpdir(), "sameseed-audit-"));
  try {
    writeFileSync(join(folder, "env.py"), oneCause);
    await sharedBackend(image, "zygote", "sealed").receipt();
    say("a rollout, two zygotes, a clean audit and one with a cause");
    const rolloutMs = await medianMs(
      rounds,
      async () => await runRollout({ envName: "CartPole-v1", seed: 0, image }),
    );
    const zygotesMs = await medianMs(rounds, async () => await startTwoZygotes(image));
    const cleanMs = await medianMs(
      rounds,
      async () => await auditEnvironment({ envName: "CartPole-v1", image }),
    );
    const policy = { actions: Array.from({ length: 10 }, () => 0) };
    const envName = `${join(folder, "env.py")}:Env`;
    const causeMs = await medianMs(rounds, async () => await auditEnvironment({ envName, policy, image }));
    const { cost } = await auditEnvironment({ envName: "CartPole-v1", image });
    return [
      { name: "one CartPole rollout", value: rolloutMs, unit: "ms" },
      { name: "two zygotes, side by side", value: zygotesMs, unit: "ms" },
      { name: "rollouts of a clean audit of CartPole", value: cost.rollouts, unit: "", reach: { most: 4 } },
      { name: "clean audit of CartPole", value: cleanMs, unit: "ms" },
      {
        name: "clean audit beyond its zygotes / one rollout",
        value: (cleanMs - zygotesMs) / rolloutMs,
        unit: "x",
      },
      { name: "audit with one cause", value: causeMs, unit: "ms", reach: { most: 2000 } },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an audit costs. */
export const auditScenario: Scenario = {
  name: "audit",
  about: "A clean audit of CartPole beside its rollouts and zygotes, and an audit that names one cause.",
  run,
};
