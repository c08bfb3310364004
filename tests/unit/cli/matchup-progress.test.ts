import { expect, it } from "vitest";

import type { Cli } from "../../../src/cli/cli.ts";
import { MatchupProgress } from "../../../src/cli/matchup-progress.ts";
import type { MatchGame } from "../../../src/evaluate/matchup/match-game.ts";

it("has each game once, as it was told last, where a fleet has taken games back", async () => {
  const cli = {
    args: [],
    status: { live: false, note: () => {}, clear: () => {}, show: () => {} },
    paintStatus: (_: string, text: string) => text,
  } as unknown as Cli;
  const progress = new MatchupProgress(cli, 2, "/d");
  const game = (changes: Partial<MatchGame>): MatchGame => ({
    seed: 1,
    game: 0,
    swapped: false,
    score: 1,
    steps: 5,
    digest: "a",
    playDigest: "a",
    ...changes,
  });
  const [first, swapped, again] = [game({}), game({ swapped: true }), game({ score: -1, digest: "other" })];
  for (const each of [first, swapped, again]) progress.add(each);
  expect(progress.games).toEqual([again, swapped]);
  await expect(
    progress.watch(async () => await Promise.reject(new Error("the host is gone"))),
  ).rejects.toThrow(/2 games recorded in/);
});
