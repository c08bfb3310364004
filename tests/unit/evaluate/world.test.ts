/*
 * Whatever plays games or learns does it in the world that was asked for, and what is recorded says so. The policy asks for
 * the date: in the sealed world it is always the year 2000, in the host's never.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { checkPolicy } from "../../../src/evaluate/check/check-policy.ts";
import { recordedPairings } from "../../../src/evaluate/league/league-file.ts";
import { runLeague } from "../../../src/evaluate/league/run-league.ts";
import { improvePolicy } from "../../../src/evaluate/learning/improve-policy.ts";
import type { SavedImprovement } from "../../../src/evaluate/learning/training-checkpoint.ts";
import { trainPolicy } from "../../../src/evaluate/learning/training.ts";
import { comparePolicies } from "../../../src/evaluate/matchup/compare-policies.ts";
import { evaluateMatchup } from "../../../src/evaluate/matchup/evaluate-matchup.ts";
import { legFolder, readMatchup } from "../../../src/evaluate/matchup/matchup-file.ts";
import { verifyMatchup } from "../../../src/evaluate/matchup/verify-matchup.ts";
import { playAgainst } from "../../../src/games/play/play-against.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { RunReader } from "../../../src/store/run-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-world-"));
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

/** Plays in the year 2000 only. */
const dated = {
  name: "dated.py",
  source: `
import time

def choose_action(board, player, rng):
    if time.gmtime().tm_year != 2000:
        raise RuntimeError("not the sealed world")
    return board.index(None)
`,
};
const seats = { policyX: dated, policyO: "random", seeds: [1], nGames: 2 } as const;

async function worldOf(run: string): Promise<string> {
  using reader = await RunReader.open(run);
  return reader.manifest.world;
}

test("a matchup is played, recorded, resumed and verified in its world", async () => {
  const sealed = await evaluateMatchup({ ...seats, dir: join(folder, "sealed") });
  expect(sealed.faults.x).toEqual({});
  expect(readMatchup(join(folder, "sealed")).world).toBe("sealed");
  const dir = join(folder, "host");
  const host = await evaluateMatchup({ ...seats, dir, world: "host" });
  expect(host.faults.x).toEqual({ crash: 2 });
  expect(host.spec).not.toBe(sealed.spec);
  expect(readMatchup(dir).world).toBe("host");
  expect([await worldOf(legFolder(dir, false)), await worldOf(legFolder(dir, true))]).toEqual([
    "host",
    "host",
  ]);
  const differs = expect.objectContaining({ code: "run_differs", message: expect.stringContaining("world") });
  await expect(evaluateMatchup({ ...seats, dir, resume: true })).rejects.toThrow(differs);
  const again = await evaluateMatchup({ ...seats, dir, resume: true, world: "host" });
  expect(again.bySeed[0]?.digest).toBe(host.bySeed[0]?.digest);
  // Both times the policy fails, at the same move: were it verified in the sealed world, it would not.
  const { legs } = await verifyMatchup(dir);
  expect(legs.map(({ result }) => result.diverged)).toEqual([[], []]);
});

test("a comparison plays in its world, itself included", async () => {
  const asked = { policyX: dated, policyO: "random", seeds: [0], nGames: 2 } as const;
  const { selfCheck, faults } = await comparePolicies({ ...asked, world: "host" });
  expect(selfCheck.equal).toBe(selfCheck.seeds);
  expect(faults.x).toEqual({ crash: 2 });
  expect((await comparePolicies(asked)).faults.x).toEqual({});
});

test("a league is played in its world and goes on only in that one", async () => {
  const dir = join(folder, "league");
  const players = [{ name: "dated", source: dated.source }, "random"];
  const { table, plan } = await runLeague({ players, games: 2, dir, world: "host" });
  expect(plan.options["world"]).toBe("host");
  expect(table.players.find(({ player }) => player === "dated")?.faults).toEqual({ crash: 2 });
  const [pairing = ""] = recordedPairings(dir);
  expect(await worldOf(legFolder(pairing, false))).toBe("host");
  const differs = expect.objectContaining({ code: "run_differs" });
  await expect(runLeague({ players, games: 2, dir, resume: true })).rejects.toThrow(differs);
});

test(
  "a league from before its world was recorded goes on in the sealed one",
  { timeout: 120_000 },
  async () => {
    const dir = join(folder, "old-league");
    const players = ["greedy", "random"];
    await runLeague({ players, games: 2, dir });
    const path = join(dir, "league.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"world":"sealed",', ""));
    await expect(runLeague({ players, games: 2, dir, resume: true })).resolves.toBeDefined();
    const differs = expect.objectContaining({ code: "run_differs" });
    await expect(runLeague({ players, games: 2, dir, resume: true, world: "host" })).rejects.toThrow(differs);
  },
);

test("a check and a person's game take place in their world", async () => {
  expect((await checkPolicy(dated, { games: 1 })).ok).toBe(true);
  const failed = await checkPolicy(dated, { games: 1, world: "host" });
  expect(failed.faults.map(({ message }) => message)).toEqual(["not the sealed world"]);
  expect(failed.interface).toEqual({ asked: "choose_action", init: false });

  await using sealed = await playAgainst(dated, { as: "O", seed: 1 });
  expect(sealed.view.end).toBeUndefined();
  await using host = await playAgainst(dated, { as: "O", seed: 1, world: "host", backend: "cold" });
  expect(host.view.end?.forfeit).toMatchObject({ fault: "crash", message: "not the sealed world" });
  expect(host.spec).toMatchObject({ world: "host", backend: "cold" });
  expect(host.view.end?.result?.rollout?.summary.receipt).toMatchObject({
    backend: "cold",
    world: { mode: "host" },
  });
});

test("a training learns and is saved in its world", async () => {
  const asked = { against: dated, episodes: 1000, seed: 1 };
  expect((await trainPolicy(asked)).episodes).toBe(1000);
  const failed = expect.objectContaining({ code: "bad_policy" });
  await expect(trainPolicy({ ...asked, world: "host" })).rejects.toThrow(failed);

  let saved: SavedImprovement | undefined;
  const short = { episodes: 1000, maxPairs: 1, world: "host" as const };
  await improvePolicy({ ...short, onSave: (now) => (saved = now) });
  expect(saved?.world).toBe("host");
  const differs = expect.objectContaining({ code: "run_differs", message: expect.stringContaining("world") });
  await expect(improvePolicy({ ...short, world: "sealed", from: saved! })).rejects.toThrow(differs);
});
