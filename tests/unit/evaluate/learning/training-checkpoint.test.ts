import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import {
  checkSaved,
  readCheckpoint,
  removeCheckpoint,
  type SavedImprovement,
  writeCheckpoint,
} from "../../../../src/evaluate/learning/training-checkpoint.ts";
import { improveRules } from "../../../../src/evaluate/learning/improve-policy.ts";
import { settleTraining } from "../../../../src/evaluate/learning/training-settings.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-checkpoint-"));
const path = join(folder, "learned.py.training");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const saved: SavedImprovement = {
  settings: settleTraining({ seed: 1 }, "self"),
  rules: improveRules({}, 30_000),
  image: "sha256:00",
  world: "sealed",
  table: Buffer.from("any bytes").toString("base64"),
  champion: null,
  rounds: [
    {
      round: 1,
      episodes: 3000,
      candidate: `sha256:${"0".repeat(64)}`,
      champion: "random",
      promoted: true,
      pairs: 8,
      pentanomial: [0, 0, 1, 2, 5],
      llr: 3.1,
      low: -2.9,
      high: 2.9,
      verdict: "better",
      forfeits: 0,
    },
  ],
};

it("keeps everything, replaces it, and can be taken away", () => {
  expect(readCheckpoint(path)).toBeUndefined();
  writeCheckpoint(path, { ...saved, rounds: [] });
  writeCheckpoint(path, saved);
  expect(readCheckpoint(path)).toEqual(saved);
  removeCheckpoint(path);
  removeCheckpoint(path);
  expect(existsSync(path)).toBe(false);
});

it("says of a damaged file that it is one", () => {
  writeCheckpoint(path, saved);
  const good = readFileSync(path, "utf8");
  for (const text of [
    good.slice(0, -9),
    "",
    "null",
    good.replace('"format":1', '"format":2'),
    good.replace('"seed":1', '"seed":-1'),
    good.replace('"YW', '"*W'),
    good.replace('"better"', '"best"'),
  ]) {
    expect(text).not.toBe(good);
    writeFileSync(path, text);
    expect(() => readCheckpoint(path), text).toThrow(expect.objectContaining({ code: "run_damaged" }));
  }
});

it("goes on only as the training it was", () => {
  expect(() => checkSaved(saved, saved)).not.toThrow();
  for (const [other, differing] of [
    [{ ...saved, settings: settleTraining({ seed: 2 }, "self") }, ["seed"]],
    [{ ...saved, settings: settleTraining({ seed: 1, alpha: 0.1 }, "random") }, ["against", "alpha"]],
    [
      { ...saved, rules: improveRules({ maxPairs: 9, sprt: { alpha: 0.01 } }, 30_000) },
      ["maxPairs", "falsePositives"],
    ],
    [{ ...saved, image: "sha256:11" }, ["image"]],
  ] as const)
    expect(() => checkSaved(saved, other)).toThrow(
      expect.objectContaining({ code: "run_differs", context: { differing } }),
    );
});
