/* A fleet of one, within this process: the same road as many machines take, with nothing to install. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { collectRollouts, evaluateMatchup, evaluateReturns, openFleet } from "../../src/index.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-local-fleet-"));
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

it("gives the rollouts of a call without it, and refuses what is no fleet", async () => {
  const config = {
    envName: "CartPole-v1",
    seeds: [5, 3, 9],
    envArgs: { sutton_barto_reward: true },
    maxSteps: 9,
  };
  const fleet = openFleet("local:", { store: join(folder, "store") });
  const plain = await collectRollouts(config).results();
  const far = await collectRollouts({ ...config, fleet }).results();
  expect(far.map(({ digest, receipt }) => [digest, receipt])).toEqual(
    plain.map(({ digest, receipt }) => [digest, receipt]),
  );
  expect(() => openFleet("local:")).toThrow(/needs a store/);
  const typo = { url: "local:" };
  await expect(collectRollouts({ ...config, fleet: typo }).results()).rejects.toThrow(/not a fleet/);
});

it("evaluates what a call without it does, games between seats and returns", async () => {
  const fleet = openFleet("local:", { store: join(folder, "store") });
  const returns = { envName: "CartPole-v1", policy: "random", seeds: [1, 2, 3], maxSteps: 5 };
  expect(await evaluateReturns({ ...returns, fleet })).toEqual(await evaluateReturns(returns));
  const source =
    "def choose_action(board, player, rng):\n    return int(rng.choice([i for i, c in enumerate(board) if not c]))\n";
  const matchup = {
    policyX: { name: "x.py", source },
    policyO: "random",
    seeds: [1, 2],
    nGames: 2,
    trajectories: false,
  };
  const plain = (result: Awaited<ReturnType<typeof evaluateMatchup>>): unknown =>
    JSON.parse(JSON.stringify(result, (key, value: unknown) => (key === "timings" ? null : value)));
  expect(plain(await evaluateMatchup({ ...matchup, fleet }))).toEqual(plain(await evaluateMatchup(matchup)));
});
