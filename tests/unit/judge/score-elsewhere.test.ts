/* What a call makes of what a fleet answers; the fleet is made up, and nothing is run. */
import { expect, it } from "vitest";

import { scoreCompletions } from "../../../src/judge/score-completions.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import { type FleetWork, makeFleet, type RolloutFleet } from "../../../src/rollout/rollout-fleet.ts";
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

/** A fleet that answers every item with the same, and remembers what it was asked. */
function answering(answer: JsonValue | undefined, asked: FleetWork[] = []): RolloutFleet {
  const never = (): never => {
    throw new Error("nobody asks for rollouts");
  };
  return makeFleet("made-up:", {
    rollouts: never,
    certify: never,
    audit: never,
    answers: async function* (work) {
      asked.push(work);
      for (const at of work.wanted) yield answer === undefined ? { at, lost: "it burned" } : { at, answer };
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
