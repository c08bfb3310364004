import { expect, it } from "vitest";

import { resolveOpponent } from "../../../../src/evaluate/learning/opponent.ts";
import {
  type LearningPiece,
  planPiece,
  renderLearner,
} from "../../../../src/evaluate/learning/plan-piece.ts";
import { settleTraining } from "../../../../src/evaluate/learning/training-settings.ts";
import { defaultLimits } from "../../../../src/model/limits.ts";
import { sampleRollout } from "../../store/sample-rollout.ts";

const receipt = sampleRollout(1).summary.receipt;

const piece: LearningPiece = {
  settings: settleTraining({ seed: 9_007_199_254_740_991, episodes: 3000, gamma: 0.9 }, "self"),
  opponent: { kind: "self" },
  first: 1000,
  last: 2000,
  table: undefined,
};

it("writes the seed as a literal, and every number as it is", () => {
  expect(renderLearner(piece, defaultLimits)).toBe(
    [
      "# Sameseed harness, format 2.",
      "from sameseed.learning.job import run",
      "SEED = 9007199254740991",
      "run(seed=SEED, episodes=[1000, 2000], planned=3000, alpha=[0.5, 0.05], epsilon=[0.5, 0.3], gamma=0.9,",
      '    initial=0, opponent={"kind": "self"}, table=None)',
      "",
    ].join("\n"),
  );
});

it("gives an opponent from source a sandbox for each seat, with another seed in each piece and never the training's", () => {
  const source = {
    ...piece,
    opponent: resolveOpponent({ source: "# a policy\n" }),
    table: Buffer.from("table"),
  };
  const scripts = (of: LearningPiece): string[] =>
    planPiece(of, defaultLimits, receipt).members.map(({ job }) =>
      job.entry === "script" ? job.source : "",
    );
  const { members, links } = planPiece(source, defaultLimits, receipt);
  expect(links).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(members.map(({ job }) => job.files.map(({ path }) => path))).toEqual([
    ["/tmp/learning/table"],
    ["/tmp/policy/policy.py"],
    ["/tmp/policy/policy.py"],
  ]);
  // The learner waits for both, and each has the whole time for itself.
  expect(members.map(({ limits }) => limits.wallMs)).toEqual([361_000, 362_000, 362_000]);
  const [learner = "", x = "", o = ""] = scripts(source);
  expect(learner).toContain('opponent={"kind": "remote", "links": {"X": 4, "O": 5}, "seed": ');
  expect(x).not.toBe(o);
  const next = scripts({ ...source, first: 2000, last: 3000 });
  for (const text of [x, o]) {
    expect(text).not.toContain("9007199254740991");
    expect(next).not.toContain(text);
  }
  expect(scripts(source)).toEqual([learner, x, o]);
});

it("knows whom one can learn from", () => {
  expect(resolveOpponent("self")).toEqual({ kind: "self" });
  expect(resolveOpponent("minimax")).toEqual({ kind: "builtin", name: "minimax" });
  for (const bad of ["nobody", "missing.py", { source: "", name: "a/b.py" }, { source: "", name: "a\nb.py" }])
    expect(() => resolveOpponent(bad)).toThrow(expect.objectContaining({ code: "bad_policy" }));
});
