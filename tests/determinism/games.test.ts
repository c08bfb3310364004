/*
 * A game is decided by its spec, seed and image alone: not by the games it shares a sandbox with, how many run at one time,
 * or which backend starts the sandboxes. And it is an ordinary rollout: it can be stored, verified and replayed.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { backendName } from "../../src/rollout/rollout-host.ts";
import { openGame } from "../../src/games/game-session.ts";
import { resolveGame, type GameSpec } from "../../src/games/game-spec.ts";
import { playGames, type GameKey, type GameResult } from "../../src/games/play-games.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import type { JsonValue } from "../../src/model/json.ts";
import { Trajectory } from "../../src/trajectory/trajectory.ts";
import { RunWriter } from "../../src/store/run-writer.ts";
import { replayRollout } from "../../src/verify/replay-rollout.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();

const dice = {
  name: "dice.py",
  source:
    "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n",
};
const last = {
  name: "last.py",
  source:
    "def act(observation, rng, info):\n    return max(c for c in range(9) if observation['board'][c] is None)\n",
};

function keys(seed: number, games: number): GameKey[] {
  return Array.from({ length: games }, (_, game) => ({ seed, game }));
}

async function play(
  spec: Omit<GameSpec, "game"> & { readonly game?: string },
  games: readonly GameKey[],
  concurrency = 4,
): Promise<GameResult[]> {
  const results = [];
  for await (const result of playGames({ game: "tictactoe", ...spec }, games, { concurrency }))
    results.push(result);
  expect(results.map(({ infra }) => infra)).toEqual(results.map(() => undefined));
  return results.sort((a, b) => a.seed - b.seed || a.game - b.game);
}

function digests(results: readonly GameResult[]): (string | undefined)[] {
  return results.map(({ rollout }) => rollout?.summary.digest);
}

async function record(dir: string, spec: GameSpec, results: readonly GameResult[]): Promise<void> {
  const { template, image, limits, backend, world } = resolveGame(spec);
  const writer = await RunWriter.create(dir, {
    format: 2,
    runId: "games",
    spec: { ...template, seeds: results.map(({ gameSeed }) => gameSeed) },
    image: { name: image, manifest: resolveImage(image).manifest },
    limits,
    backend: backendName(backend),
    world,
    createdAt: "2026-01-01T00:00:00.000Z",
    sameseedVersion: "0.0.0",
  });
  for (const { rollout } of results) await writer.append(rollout!);
  await writer.close();
}

describe("games of built-in policies", () => {
  const seats = ["random", "greedy"];

  it("have the bytes they have alone, in whatever batch they are played", async () => {
    const together = await play({ seats }, [...keys(1, 20), ...keys(2, 3)]);
    expect(new Set(digests(together)).size).toBe(23);
    for (const game of [0, 7, 19]) {
      const [alone] = await play({ seats }, [{ seed: 1, game }]);
      expect(Buffer.compare(alone!.rollout!.trajectory, together[game]!.rollout!.trajectory)).toBe(0);
    }
    expect(digests(await play({ seats }, keys(2, 3), 1))).toEqual(digests(together.slice(20)));
    expect(digests(await play({ seats, backend: "cold" }, keys(1, 20)))).toEqual(
      digests(together.slice(0, 20)),
    );
  });

  it("draw at one seat what they draw there against anybody", async () => {
    const firstMoves = async (other: string): Promise<unknown[]> =>
      (await play({ seats: ["random", other] }, keys(3, 12))).map((result) => firstAction(result));
    const moves = await firstMoves("random");
    expect(await firstMoves("minimax")).toEqual(moves);
    expect(new Set(moves).size).toBeGreaterThan(3);
  });
});

describe("games of policies from source", () => {
  it("are the same at any concurrency and with either backend", async () => {
    const spec = { seats: [dice, dice] };
    const quiet = await play(spec, keys(5, 6), 1);
    expect(digests(await play(spec, keys(5, 6), 6))).toEqual(digests(quiet));
    expect(digests(await play({ ...spec, backend: "cold" }, keys(5, 2)))).toEqual(digests(quiet.slice(0, 2)));
    // Two seats with one policy do not draw the same.
    expect(new Set(quiet.map(({ moves }) => moves)).size).toBeGreaterThan(1);
  });

  it("do not notice a neighbour that fails", async () => {
    const quiet = await play({ seats: [dice, last] }, keys(6, 4), 1);
    const bad = { source: "def choose_action(board, player, rng):\n    while True: pass\n" };
    const clocks = { moveCpuMs: 100 };
    const [noisy, failing] = await Promise.all([
      play({ seats: [dice, last] }, keys(6, 4)),
      play({ seats: [last, bad], clocks }, keys(6, 4)),
    ]);
    expect(digests(noisy)).toEqual(digests(quiet));
    expect(failing.map(({ forfeit, score }) => [forfeit?.seat, forfeit?.fault, score])).toEqual(
      failing.map(() => ["O", "cpu_limit", 1]),
    );
  });

  it("play the same in both modes where nothing is kept", async () => {
    const keep = await play({ seats: [last, last] }, keys(7, 2));
    const restart = await play({ seats: [last, last], mode: "restart" }, keys(7, 2));
    const seen = (results: readonly GameResult[]): unknown[] =>
      results.map(({ rollout }) => rollout?.summary.playDigest);
    expect(seen(restart)).toEqual(seen(keep));
    expect(digests(restart)).not.toEqual(digests(keep));
  });
});

describe("a recorded game", () => {
  it.for([
    ["of built-in policies", ["minimax", "random"], "terminated"],
    ["of policies from source", [dice, last], "terminated"],
    ["with decided moves", [{ actions: [4, 0] }, last], "truncated"],
  ] as const)("%s verifies and replays", async ([name, seats, outcome]) => {
    const dir = join(folder, name);
    const spec = { game: "tictactoe", seats };
    const results = await play(spec, keys(11, 3));
    expect(results.map(({ rollout }) => rollout?.summary.outcome)).toContain(outcome);
    await record(dir, spec, results);
    expect(await verifyRun(dir)).toMatchObject({ verified: true, rollouts: 3, equal: 3 });
    for (const { gameSeed } of results) expect((await replayRollout(dir, gameSeed)).equal).toBe(true);
    rmSync(dir, { recursive: true });
  });

  it.for([
    ["an illegal move", "def choose_action(board, player, rng): return 0", "illegal_action"],
    ["a crash", "def choose_action(board, player, rng): return 1 / (board.count(None) - 8)", "crash"],
    ["a clock", "while True: pass", "cpu_limit"],
    ["a crash at import", "raise ValueError('no')", "crash"],
    ["no policy", "x = 1", "no_policy"],
  ] as const)("that ended by %s replays to the same end", async ([name, source, fault]) => {
    const dir = join(folder, name);
    const spec = {
      game: "tictactoe",
      seats: [{ actions: [0, 1, 2, 3, 4] }, { source }],
      clocks: { moveCpuMs: 200 },
    };
    const results = await play(spec, keys(12, 1));
    expect(results[0]).toMatchObject({ forfeit: { seat: "O", fault }, score: 1 });
    await record(dir, spec, results);
    const replayed = await replayRollout(dir, results[0]!.gameSeed);
    expect(replayed).toMatchObject({ equal: true, outcome: replayed.recordedOutcome });
    // A forfeit is a result: the same one for the same reason is the same game.
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 1, failed: [] });
  });
});

describe("a game with a person", () => {
  async function sitDown(answers: readonly JsonValue[], moves: number): Promise<GameResult> {
    await using session = await openGame(
      { game: "tictactoe", seats: ["random", dice] },
      { seed: 21, game: 0 },
      { humans: ["X"], answers },
    );
    for (let made = answers.length; ; made++) {
      const turn = await session.next();
      if (turn.kind === "end") return turn.result;
      expect(turn.seat).toBe("X");
      if (made === moves) session.resign();
      else session.answer(turn.legal![0]!);
    }
  }

  it("is the game that has their moves as a list, also when it was gone on with", async () => {
    const whole = await sitDown([], 9);
    const moves = [...actionsOf(whole)].filter((_, at) => at % 2 === 0);
    const again = await play({ seats: [{ actions: moves as JsonValue[] }, dice] }, [{ seed: 21, game: 0 }]);
    // A person's seat names nobody in the manifest, so the game is compared and not who is said to have played it.
    const plays = (results: readonly GameResult[]): (string | undefined)[] =>
      results.flatMap(({ rollout }) => [rollout?.summary.contentDigest, rollout?.summary.playDigest]);
    expect(plays(again)).toEqual(plays([whole]));
    const goneOn = await sitDown(moves.slice(0, 2) as JsonValue[], 9);
    expect(plays([goneOn])).toEqual(plays([whole]));
    expect(digests([goneOn])).toEqual(digests([whole]));
  });

  it("is truncated where they leave", async () => {
    const left = await sitDown([], 1);
    expect(left.rollout?.summary).toMatchObject({ outcome: "truncated", steps: 2 });
    expect(left.score).toBe(0);
  });
});

function firstAction(result: GameResult): unknown {
  return [...actionsOf(result)][0];
}

function actionsOf({ rollout }: GameResult): unknown[] {
  return [...new Trajectory(rollout!.trajectory).steps()].flatMap((step) =>
    "action" in step ? [step.action] : [],
  );
}
