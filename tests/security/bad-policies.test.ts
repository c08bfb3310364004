/*
 * Each bad policy gets exactly its verdict, and nobody else gets anything: the moves of the opponent are those of a quiet
 * game up to the last one, and games that neighbours play meanwhile have the digests they have alone.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { playGames, type GameResult } from "../../src/games/play-games.ts";
import { closeSandboxes, sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import {
  honestSource,
  loadBadPolicies,
  opponentSource,
  playAgainstHonest,
  recordsIn,
  verdictTable,
  type BadPolicy,
} from "./bad-policies.ts";

const policies = loadBadPolicies();
/** Bad policies that play at one time. */
const atOnce = 4;

/** Games of the honest policy in place of the bad one, by mode and seat. */
const quiet = new Map<string, GameResult[]>();
const played = new Map<string, GameResult[]>();
let hasGroups = true;
/** What neighbours recorded before, and each time while the bad policies played. */
let neighboursAlone: string[] = [];
const neighboursMeanwhile: string[][] = [];

afterAll(closeSandboxes);

beforeAll(async () => {
  hasGroups = (await sharedBackend("gymnasium", "zygote", "sealed").receipt()).enforcedBy !== "rlimits";
  for (const [kind, alike] of Map.groupBy(policies, kindOf)) {
    const games = Math.max(...alike.map((each) => each.games));
    const plain = {
      ...alike[0]!,
      world: "sealed" as const,
      games,
      limits: {},
      clocks: {},
      source: honestSource,
    };
    quiet.set(kind, await playAgainstHonest(plain));
  }
  neighboursAlone = await playNeighbours();
  const over = new AbortController();
  const neighbours = (async () => {
    while (!over.signal.aborted) neighboursMeanwhile.push(await playNeighbours());
  })();
  const waiting = policies.values();
  const work = async (): Promise<void> => {
    for (const policy of waiting) played.set(policy.id, await playAgainstHonest(policy));
  };
  await Promise.all(Array.from({ length: atOnce }, work)).finally(() => over.abort());
  await neighbours;
}, 300_000);

/** In `restart` mode the honest opponent begins its stream anew at every move, so its games are others. */
function kindOf({ mode, seat }: BadPolicy): string {
  return `${mode} ${seat}`;
}

/** Two games of policies from source and two of built-in ones, and what they recorded. */
async function playNeighbours(): Promise<string[]> {
  const source = { source: opponentSource, name: "neighbour.py" };
  const digests: string[] = [];
  for (const seats of [
    [source, source],
    ["random", "greedy"],
  ] as const) {
    const games = [0, 1].map((game) => ({ seed: 1000, game }));
    for await (const { game, rollout, infra } of playGames({ game: "tictactoe", seats }, games))
      digests.push(`${seats.length} ${typeof seats[0]} ${game} ${rollout?.summary.digest} ${infra ?? ""}`);
  }
  return digests.sort();
}

/** Holds a game to a policy's verdict, and to the quiet game. */
function check(policy: BadPolicy, result: GameResult, verdict: string): void {
  const like = quiet.get(kindOf(policy))![result.game]!;
  const [records, honest] = [recordsIn(result), recordsIn(like)];
  expect(result.infra).toBeUndefined();
  if (verdict === "none") {
    expect(result.forfeit).toBeUndefined();
    expect(records).toEqual(honest);
    expect(result).toMatchObject({ score: like.score, reward: like.reward, moves: like.moves });
    return;
  }
  expect(result.forfeit).toMatchObject({ seat: policy.seat, fault: verdict });
  expect(result.score).toBe(policy.seat === "X" ? -1 : 1);
  expect(result.reward).toBe(0);
  if (policy.says !== undefined) expect(result.forfeit!.message).toMatch(policy.says);
  const made = policy.at === undefined ? 0 : policy.at - 1;
  expect(result.moves).toBe(made);
  // The reset and every move up to the fault; behind them is only the record that says how it ended.
  expect(records.slice(0, made + 1)).toEqual(honest.slice(0, made + 1));
  expect(records).toHaveLength(made + 2);
}

describe("a bad policy gets its verdict and disturbs nothing:", () => {
  it.for(policies.filter(({ verdict }) => !verdict.startsWith("sometimes ")))("$id", (policy, { skip }) => {
    if (policy.needsGroups && !hasGroups) skip();
    const results = played.get(policy.id)!;
    expect(results).toHaveLength(policy.games);
    for (const result of results) check(policy, result, policy.verdict);
  });

  it.for(policies.filter(({ verdict }) => verdict.startsWith("sometimes ")))("$id", async (policy) => {
    const results = played.get(policy.id)!;
    const failed = results.filter(({ forfeit }) => forfeit !== undefined).map(({ game }) => game);
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(policy.games);
    const fault = policy.verdict.replace("sometimes ", "");
    for (const result of results)
      check({ ...policy, at: 1 }, result, failed.includes(result.game) ? fault : "none");
    const again = await playAgainstHonest(policy);
    expect(again.filter(({ forfeit }) => forfeit !== undefined).map(({ game }) => game)).toEqual(failed);
  });
});

it("there are at least forty, with every fault among them", () => {
  expect(policies.length).toBeGreaterThanOrEqual(40);
  expect(new Set(policies.map(({ verdict }) => verdict))).toEqual(
    new Set([
      "none",
      "sometimes crash",
      "illegal_action",
      "crash",
      "cpu_limit",
      "wall_limit",
      "memory_limit",
      "output_limit",
      "protocol_error",
      "no_policy",
    ]),
  );
});

it("the table in the documentation is the one that was tested", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/security/bad-policies.md"), "utf8");
  expect(page).toContain(verdictTable(policies));
});

it("games that neighbours played meanwhile have the digests they have alone", () => {
  expect(neighboursAlone).toHaveLength(4);
  for (const told of neighboursAlone) expect(told).toMatch(/ sha256:[0-9a-f]{64} $/);
  expect(new Set(neighboursAlone).size).toBe(4);
  expect(neighboursMeanwhile.length).toBeGreaterThan(2);
  for (const digests of neighboursMeanwhile) expect(digests).toEqual(neighboursAlone);
});
