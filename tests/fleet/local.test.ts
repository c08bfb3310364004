/* A fleet of one, within this process: the same road as many machines take, with nothing to install. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import { checkFleetCertificate, type FleetCertificate } from "../../src/fleet/certificate.ts";
import { Fleet } from "../../src/fleet/open-fleet.ts";
import type { Dispatcher } from "../../src/fleet/queue/dispatcher.ts";
import { openHere } from "../../src/fleet/worker/open-here.ts";
import { collectRollouts, evaluateMatchup, evaluateReturns, openFleet } from "../../src/index.ts";
import { makeFleet } from "../../src/rollout/rollout-fleet.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { openObjects } from "../../src/store/objects/open-objects.ts";
import { Workplace } from "../cli/sameseed.ts";

vi.setConfig({ testTimeout: 120_000 });

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

it.each([
  ["once", 1, ["the fleet's queue does not answer; waiting for it, to take back what it has left"]],
  [
    "all the time",
    9,
    [expect.stringContaining("waiting"), expect.stringMatching(/fleet cancel [-0-9a-f]+`/)],
  ],
])("takes its chunks back from a queue that is away at its end %s", async (_, away, told) => {
  const notes: string[] = [];
  let asked = 0;
  const open = async (): Promise<Dispatcher> => {
    const queue = await openHere(join(folder, "away"));
    const cancel = queue.cancel.bind(queue);
    queue.cancel = async (batch) => {
      if (++asked <= away) throw new SameseedError("queue_timeout", "not now");
      await cancel(batch);
    };
    return queue;
  };
  const setting = { weight: 1, priority: 0, audit: 0, onNote: (line: string) => notes.push(line) };
  const fleet = makeFleet("local:", new Fleet(open, setting));
  const rollouts = collectRollouts({ envName: "CartPole-v1", seeds: [1], maxSteps: 5 + away, fleet });
  expect(await rollouts.results()).toHaveLength(1);
  expect(asked).toBe(Math.min(away + 1, 3));
  expect(notes).toEqual(told);
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

it("vouches for recorded games of both orders of seats, and for no others", async () => {
  const url = join(folder, "games");
  const fleet = openFleet("local:", { store: url });
  const dir = join(folder, "matchup");
  const matchup = { policyX: "random", policyO: "greedy", seeds: [1, 2], nGames: 4, dir };
  await evaluateMatchup({ ...matchup, fleet });
  const legs = ["a-first", "b-first"].map((name) => join(dir, name));
  const store = await openObjects(url);
  for (const leg of legs)
    expect(await checkFleetCertificate(leg, store)).toMatchObject({
      state: "intact",
      inStore: 4,
      certificate: { rollouts: 4, fromFleet: 4, mismatches: 0 },
    });
  store.close();

  // A call that was killed before the last of it: every game is taken from the store again.
  const written = legs.map((leg) => readFileSync(join(leg, "fleet.json"), "utf8"));
  for (const leg of legs) rmSync(join(leg, "fleet.json"));
  await evaluateMatchup({ ...matchup, fleet, resume: true });
  const root = (text: string): unknown => (JSON.parse(text) as FleetCertificate).root;
  expect(legs.map((leg) => root(readFileSync(join(leg, "fleet.json"), "utf8")))).toEqual(written.map(root));

  using place = new Workplace();
  const intact = await place.run(["verify", dir, "--store", url, "--json"]);
  expect(intact.code).toBe(0);
  expect(JSON.parse(intact.stdout)).toMatchObject({
    legs: { "a-first": { fleet: { state: "intact" } }, "b-first": { fleet: { state: "intact" } } },
  });
  writeFileSync(join(legs[1]!, "fleet.json"), written[0]!);
  const altered = await place.run(["verify", dir]);
  expect(altered.code).toBe(4);
  expect(altered.stdout).toContain("the fleet's certificate does not hold: it is about another run");

  const other = { ...matchup, dir: join(folder, "unknown") };
  await evaluateMatchup(other);
  await expect(
    evaluateMatchup({ ...other, resume: true, fleet: openFleet("local:", { store: join(folder, "none") }) }),
  ).rejects.toMatchObject({
    code: "fleet_disagrees",
  });
});
