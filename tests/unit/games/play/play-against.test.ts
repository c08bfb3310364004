import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";

import { playAgainst, playWallMs } from "../../../../src/games/play/play-against.ts";
import { saveGame } from "../../../../src/games/play/save-game.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";
import { verifyRun } from "../../../../src/verify/verify-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-play-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

const chance = {
  name: "chance.py",
  source:
    "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n",
};
/** Says in its moves how many it has made: it remembers through one game. */
const counts = {
  name: "counts.py",
  source: [
    "made = 0",
    "def choose_action(board, player, rng):",
    "    global made",
    "    made += 1",
    "    if made > sum(mark == player for mark in board) + 1:",
    "        raise RuntimeError('it remembers moves that were taken back')",
    "    return board.index(None)",
    "",
  ].join("\n"),
};

describe("a person's game", () => {
  it("waits for each move and tells the answer", async () => {
    await using game = await playAgainst("random", { as: "X", seed: 5 });
    expect(game.view).toMatchObject({ seat: "X", step: 1, legal: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
    const view = await game.move(4);
    expect(view.board![4]).toBe("X");
    expect(view.board![view.answer!]).toBe("O");
    expect(view.legal).toHaveLength(7);
    expect(view.end).toBeUndefined();
  });

  it("refuses moves that are not legal, and goes on", async () => {
    await using game = await playAgainst(chance, { as: "O", seed: 5 });
    const taken = game.view.answer!;
    for (const move of [taken, 9, -1, 0.5, "4", null, true])
      await expect(game.move(move)).rejects.toMatchObject({ code: "bad_argument" });
    expect(game.moves).toEqual([]);
    await game.move(game.view.legal![0]!);
    expect(game.moves).toHaveLength(1);
  });

  it("gives the same answers when moves are taken back, by a policy that starts anew", async () => {
    await using game = await playAgainst(counts, { as: "X", seed: 1 });
    await game.move(8);
    const { board } = await game.move(6);
    await game.takeBack();
    await game.takeBack();
    expect(game.view.board!.every((mark) => mark === null)).toBe(true);
    await expect(game.takeBack()).rejects.toMatchObject({ code: "bad_argument" });
    await game.move(8);
    expect((await game.move(6)).board).toEqual(board);
    await game.move(7);
    expect(game.view.end).toMatchObject({ how: "finished", winner: "you" });
    // A finished game can be gone back in.
    expect((await game.takeBack()).end).toBeUndefined();
    expect(game.view.board).toEqual(board);
  });

  it("ends where it is resigned, and can begin again in the other seat", async () => {
    await using game = await playAgainst(chance, { as: "X", seed: 2 });
    await game.move(0);
    const { end } = await game.resign();
    expect(end).toMatchObject({ how: "resigned", winner: "policy", result: { moves: 2 } });
    await expect(game.move(1)).rejects.toMatchObject({ code: "bad_argument" });
    await expect(game.resign()).rejects.toMatchObject({ code: "bad_argument" });
    const view = await game.swapSeats();
    expect(view).toMatchObject({ seat: "O", step: 2 });
    expect(view.end).toBeUndefined();
  });

  it("is recorded as a rollout that gives the same bytes again", async () => {
    await using game = await playAgainst(chance, { as: "O", seed: 3, mode: "restart" });
    while (game.view.end === undefined) await game.move(game.view.legal![0]!);
    const { end } = game.view;
    expect(end.how).toBe("finished");
    const dir = await saveGame(game.spec, end.result!.rollout!, join(folder, "game"));
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 1 });
    await expect(saveGame(game.spec, end.result!.rollout!, dir)).rejects.toMatchObject({
      code: "run_exists",
    });
  });

  // With a policy in a sandbox of its own the game may take twice 800 ms and a second: each has its time for itself.
  it.for([
    ["random", 2500],
    [chance, 4000],
  ] as const)(
    "fails where its sandboxes were open for too long: %j after %i ms",
    async ([policy, waited]) => {
      expect(playWallMs).toBe(300_000);
      await using game = await playAgainst(policy, { seed: 1, limits: { wallMs: 800 } });
      await sleep(waited);
      const { end } = await game.move(4);
      expect(end).toMatchObject({ how: "failed", winner: null });
      expect(end!.trouble).toBe("the game took longer than its sandboxes may: limits.wallMs is 800");
    },
  );

  it("ends with its caller's signal", async () => {
    const controller = new AbortController();
    await using game = await playAgainst(
      { name: "slow.py", source: "import time\ndef choose_action(b, p, r):\n    time.sleep(600)\n" },
      { seed: 1, signal: controller.signal },
    );
    const moving = game.move(4);
    controller.abort();
    await expect(moving).rejects.toMatchObject({ code: "aborted" });
  });
});
