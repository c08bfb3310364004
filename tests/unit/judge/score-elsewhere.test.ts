/* What a call makes of what a fleet answers; the fleet is made up, and nothing is run. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import { recordScores } from "../../../src/judge/record/record-scores.ts";
import { readScores } from "../../../src/judge/record/score-folder.ts";
import { scoreCompletions } from "../../../src/judge/score-completions.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import {
  type FleetMade,
  type FleetWork,
  makeFleet,
  type RolloutFleet,
} from "../../../src/rollout/rollout-fleet.ts";
import { add, fenced, right } from "./score-support.ts";

const timings = { queueMs: 1, scoreMs: 2, runs: 3 };
const score = {
  id: "whoever",
  task: "add",
  score: 1,
  verdict: "accepted",
  trustworthy: true,
  retryable: false,
  passed: 2,
  total: 2,
  tests: [],
  assurance: "full",
  flags: [],
  digest: "sha256:0",
  memoised: false,
  timings,
};

const made: FleetMade = { spec: "a".repeat(64), store: "file:///store" };

/** A fleet that answers every item with the same, and remembers what it was asked. */
function answering(
  answer: JsonValue | undefined,
  asked: FleetWork[] = [],
  certify: (made: FleetMade | undefined) => Promise<boolean> = async () => true,
): RolloutFleet {
  const never = (): never => {
    throw new Error("nobody asks for rollouts");
  };
  return makeFleet("made-up:", {
    rollouts: never,
    certify: never,
    audit: never,
    certifyScores: async (_, call) => await certify(call),
    answers: async function* (work) {
      asked.push(work);
      for (const at of work.wanted) yield answer === undefined ? { at, lost: "it burned" } : { at, answer };
      if (work.wanted.length > 0) work.onDone?.(made);
    },
  });
}

const items = [
  { completion: fenced(right), task: add },
  { id: "twin", completion: fenced(right), task: add },
  { completion: fenced(right), task: add, limits: { cpuMs: 1 } },
  { completion: fenced(right), task: { ...add, image: "no-such-image" } },
];

it("runs equal completions once, and says here what has no image", async () => {
  const asked: FleetWork[] = [];
  const results = await scoreCompletions({ items, fleet: answering(score, asked) }).results();
  expect(asked[0]!.wanted).toEqual([0, 2]);
  expect(asked[0]!.items.map(({ own }) => own["id"])).toEqual(["0", "twin", "2", "3"]);
  expect(asked[0]!.items[0]!.shared).toBe(asked[0]!.items[1]!.shared);
  expect(results.map(({ id, memoised, verdict }) => [id, memoised, verdict])).toEqual([
    ["0", false, "accepted"],
    ["twin", true, "accepted"],
    ["2", false, "accepted"],
    ["3", false, "grader_error"],
  ]);
  expect(results[3]!.message).toContain("there is no image no-such-image");
});

it("has no score, and never 0, for what no host could do", async () => {
  const [first] = await scoreCompletions({ items, fleet: answering(undefined) }).results();
  expect(first).toMatchObject({ score: null, verdict: "infra_error", retryable: true });
  expect(first!.message).toContain("it burned");
});

it.each([
  ["a score above 1", { ...score, score: 2 }],
  ["another task's score", { ...score, task: "sub" }],
  ["a score that its host does not trust", { ...score, trustworthy: false }],
  ["no score at all", null],
])("refuses %s", async (_, answer) => {
  const call = scoreCompletions({ items, fleet: answering(answer) }).results();
  await expect(call).rejects.toMatchObject({ code: "protocol_broken" });
});

it("sets recorded scores aside where a host of theirs is out, and tells of each once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-score-elsewhere-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const certified: (FleetMade | undefined)[] = [];
  const fleet = answering(score, [], async (made) => {
    certified.push(made);
    if (certified.length === 1)
      throw new SameseedError("fleet_disagrees", "a host is out", { context: { takenBack: true } });
    return true;
  });
  const told: string[] = [];
  const dir = join(folder, "scores");
  const results = await recordScores({ items, dir, fleet, onResult: ({ id }) => told.push(id) });
  expect(certified).toEqual([made, made]);
  expect(told.toSorted()).toEqual(["0", "2", "3", "twin"]);
  expect(results.map(({ id }) => id)).toEqual(["0", "twin", "2", "3"]);
  const folders = readdirSync(folder).toSorted();
  expect(folders).toEqual(["scores", expect.stringMatching(/^scores-taken-back-/)]);
  for (const name of folders) expect(readScores(join(folder, name)).results.size).toBe(4);
});

it("asks for all scores again where a complete folder has no certificate", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-score-elsewhere-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [dir, asked, certified] = [
    join(folder, "scores"),
    [] as FleetWork[],
    [] as (FleetMade | undefined)[],
  ];
  const own = items.slice(0, 3);
  await recordScores({ items: own, dir, fleet: answering(score) });
  const fleet = answering(score, asked, async (call) => certified.push(call) > 1);
  const results = await recordScores({ items: own, dir, fleet, resume: true });
  expect(asked.map(({ wanted }) => wanted)).toEqual([[], [0, 2]]);
  expect(certified).toEqual([undefined, made]);
  expect(results).toHaveLength(3);
});
