/*
 * PettingZoo's classic games through the referee of games, in an image of their own; it is built from
 * `images/pettingzoo.lock` where it is missing. Those that need rlcard or OpenSpiel are not in it, and say so.
 */
import { beforeAll, describe, expect, it } from "vitest";

import { playGames, type GameResult, type SeatPolicyInput } from "../../src/games/play-games.ts";
import { buildImage } from "../../src/image/build-image.ts";
import { packagedLock } from "../../src/image/runtime-files.ts";
import { Trajectory } from "../../src/trajectory/trajectory.ts";
import { temporaryFolder } from "./fixtures.ts";

temporaryFolder();

const legal = {
  name: "legal.py",
  source: `def act(observation, rng, info):
    mask = observation["action_mask"] if isinstance(observation, dict) else [1, 1, 1]
    moves = [move for move, legal in enumerate(mask) if legal]
    return moves[int(rng.integers(len(moves)))]
`,
};

async function play(id: string, seats: readonly SeatPolicyInput[], concurrency = 2): Promise<GameResult[]> {
  const results = [];
  const games = [0, 1, 2].map((game) => ({ seed: 1, game }));
  const spec = { game: `pettingzoo:${id}`, seats, maxSteps: 60 };
  for await (const result of playGames(spec, games, { concurrency })) results.push(result);
  return results.sort((a, b) => a.game - b.game);
}

function digests(results: readonly GameResult[]): unknown[] {
  return results.map(({ rollout }) => rollout?.summary.digest);
}

beforeAll(async () => {
  await buildImage({ name: "pettingzoo", requirements: packagedLock("pettingzoo") });
}, 300_000);

describe.for(["tictactoe_v3", "connect_four_v3", "rps_v2", "chess_v6", "go_v5"])("%s", (id) => {
  it("is played by its own sampler and by policies from source, the same each time", async () => {
    for (const seats of [
      ["random", "random"],
      [legal, legal],
    ]) {
      const results = await play(id, seats);
      for (const { forfeit, infra, moves } of results)
        expect([forfeit, infra, moves > 0]).toEqual([undefined, undefined, true]);
      expect(digests(await play(id, seats, 1))).toEqual(digests(results));
      expect(new Set(digests(results)).size).toBe(3);
    }
  });
});

describe("tictactoe_v3", () => {
  it("keeps its own form: cells column by column, a mask, agents' names", async () => {
    const seats = [{ actions: [0, 1, 2] }, { actions: [3, 4, 5] }];
    const [game] = await play("tictactoe_v3", seats);
    expect(game).toMatchObject({ moves: 5, score: 1 });
    const steps = [...new Trajectory(game!.rollout!.trajectory).steps()];
    expect(steps[0]).toMatchObject({
      observation: { action_mask: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
      info: { agent: "player_1" },
    });
    // After 0, 3 and 1: what it shows as a column is a row of the array; whoever moves next has the first plane.
    expect(steps[3]).toMatchObject({ info: { agent: "player_2" }, reward: 0 });
    const planes = (steps[3]!.observation as { observation: number[][][] }).observation;
    expect(planes.map((row) => row.map((cell) => cell.join("")))).toEqual([
      ["01", "01", "00"],
      ["10", "00", "00"],
      ["00", "00", "00"],
    ]);
  });

  it("refuses what its mask does not allow", async () => {
    const [game] = await play("tictactoe_v3", [{ actions: [0] }, { actions: [0] }]);
    expect(game).toMatchObject({ score: 1, forfeit: { seat: "2", fault: "illegal_action", step: 2 } });
  });
});

it.for([
  ["leduc_holdem_v4", "rlcard"],
  ["texas_holdem_v4", "rlcard"],
  ["texas_holdem_no_limit_v6", "rlcard"],
  ["hanabi_v5", "OpenSpiel"],
  ["tictactoe_v2", "tictactoe_v3"],
])("%s says that it needs %s", async ([id, what]) => {
  await expect(play(id!, ["random", "random"])).rejects.toMatchObject({
    code: "unknown_environment",
    message: expect.stringContaining(what!) as unknown,
  });
});
