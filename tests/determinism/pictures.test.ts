/* Pictures of a rollout that is played again: they are its own, and nothing of what was recorded changes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { branchRun } from "../../src/branch/branch-run.ts";
import { playAgainst } from "../../src/games/play/play-against.ts";
import { saveGame } from "../../src/games/play/save-game.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { picturesPath, readPictureList, readPictures } from "../../src/verify/pictures/picture-file.ts";
import { renderRollout } from "../../src/verify/pictures/render-rollout.ts";
import { replayRollout } from "../../src/verify/replay-rollout.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();

async function recorded(envName: string, seeds: readonly number[], maxSteps = 5): Promise<string> {
  const dir = join(folder, `${envName.replaceAll(/\W/g, "-")}-${seeds.join("-")}`);
  if (!existsSync(dir)) await recordRun({ envName, seeds, maxSteps, dir });
  return dir;
}

const own = (name: string): string => `${fixture("pictures.py")}:${name}`;

/** Every file of a run but its pictures and its index. */
function contentOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.pictures$|sqlite/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("base64"));
}

it("shows what Gymnasium's own environments draw, a picture a record, the same ones again", async () => {
  const dir = await recorded("CartPole-v1", [42]);
  const before = contentOf(dir);
  const made = await renderRollout(dir, 42);
  expect(made).toEqual({
    seed: 42,
    path: picturesPath(dir, 42),
    kind: "png",
    pictures: 6,
    every: 1,
    exact: true,
    cut: false,
  });
  const list = readPictureList(made.path)!;
  expect(list).toMatchObject({ kind: "png", mode: "rgb_array", width: 600, height: 400 });
  expect(list.pictures.map(([k]) => k)).toEqual([0, 1, 2, 3, 4, 5]);
  const pictures = readPictures(made.path, 0, 6);
  expect(new Set(pictures.map((bytes) => bytes.toString("latin1"))).size).toBeGreaterThan(1);
  expect(pictures[0]!.subarray(1, 4).toString()).toBe("PNG");
  await renderRollout(dir, 42);
  expect(readPictures(made.path, 0, 6)).toEqual(pictures);
  expect(contentOf(dir)).toEqual(before);
  expect(await replayRollout(dir, 42)).toMatchObject({ equal: true });
});

it("shows an environment's own pixels, and texts where it has no pixels", async () => {
  const pixels = await renderRollout(await recorded(own("Pixels"), [1]), 1);
  expect(readPictureList(pixels.path)).toMatchObject({ kind: "png", width: 450, height: 20 });
  const texts = await renderRollout(await recorded(own("Texts"), [1]), 1);
  expect(readPictures(texts.path, 0, 9).map(String)).toEqual([0, 1, 2, 3, 4, 5].map((x) => `x is ${x}\n`));
  const few = await renderRollout(await recorded(own("Texts"), [1]), 1, { most: 2 });
  expect(few).toMatchObject({ every: 3, pictures: 3 });
  expect(readPictures(few.path, 0, 9).map(String)).toEqual(["x is 0\n", "x is 3\n", "x is 5\n"]);
});

it("leaves what drawing asks of the world out of the steps", async () => {
  const { path } = await renderRollout(await recorded(own("Asks"), [1]), 1);
  expect(readPictures(path, 0, 1).map(String)).toEqual(["True 4 True"]);
});

it("shows a rollout that asks more of the world when it is drawn, and says so", async () => {
  const made = await renderRollout(await recorded(own("Decorated"), [1]), 1);
  expect(made).toMatchObject({ kind: "png", pictures: 6, exact: false });
  expect(readPictureList(made.path)).toMatchObject({ exact: false });
});

it.for([
  ["Moves", "observation[0]"],
  ["Draws", "reward"],
])("keeps no picture of a rollout that drawing changed: %s", async ([name, path]) => {
  const dir = await recorded(own(name!), [1]);
  await expect(renderRollout(dir, 1)).rejects.toMatchObject({
    code: "prefix_diverged",
    message: expect.stringContaining(`step 1 on: ${path} differs`) as string,
  });
  expect(existsSync(picturesPath(dir, 1))).toBe(false);
});

it.for([
  ["Nothing", "returned a value of type NoneType", "where its render() returns"],
  ["Lacks", "No module named 'a_package_for_drawing'", "sameseed image build NAME"],
  ["Exits", "SystemExit: 3", "where its render() returns"],
])("says in a sentence why there is none, and what to do: %s", async ([name, why, hint]) => {
  await expect(renderRollout(await recorded(own(name!), [1]), 1)).rejects.toMatchObject({
    code: "bad_argument",
    message: expect.stringContaining(why!) as string,
    hint: expect.stringContaining(hint!) as string,
  });
});

it("shows the steps of a branch alone", async () => {
  const dir = join(folder, "futures");
  await branchRun(await recorded("CartPole-v1", [42]), { seed: 42, step: 2, reseed: [1, 2], out: dir });
  const { path, branch } = await renderRollout(dir, 1);
  expect(branch).toBe(1);
  expect(readPictureList(path)!.pictures[0]![0]).toBe(3);
});

it("shows the position of a game that is being played, taken back and over", async () => {
  await using game = await playAgainst({ actions: [4, 8] }, { seed: 7 });
  const shown = async (): Promise<string> => Buffer.from((await game.render())!.body).toString();
  expect(await shown()).toBe(". . .\n. . .\n. . .\n");
  await game.move(0);
  expect(await shown()).toBe("X . .\n. O .\n. . .\n");
  await game.move(1);
  await game.takeBack();
  expect(await shown()).toBe("X . .\n. O .\n. . .\n");
  await game.move(1);
  await game.move(2);
  expect(game.view.end).toMatchObject({ winner: "you" });
  expect(await shown()).toBe("X X X\n. O .\n. . O\n");
});

it("shows the board of a game that a person played", async () => {
  await using game = await playAgainst("greedy", { seed: 7 });
  while (game.view.end === undefined) await game.move(game.view.legal![0]!);
  const { rollout, gameSeed } = game.view.end.result!;
  const dir = await saveGame(game.spec, rollout!, join(folder, "game"));
  const { path, kind } = await renderRollout(dir, gameSeed);
  expect(kind).toBe("text");
  expect(readPictures(path, 0, 2).map(String)).toEqual([". . .\n. . .\n. . .\n", "X . .\n. . .\n. . .\n"]);
});
