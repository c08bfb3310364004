import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "vitest";

import { FolderObjects } from "../../src/store/objects/folder-objects.ts";
import type { Ended, Workplace } from "../cli/sameseed.ts";
import { add, fenced, right as sum } from "../unit/judge/score-support.ts";

const task = {
  ...add,
  limits: { ...add.limits, cpuMs: 5000, wallMs: 60_000 },
  tests: [...add.tests!.slice(0, 1), { args: [-0, -0], expected: -0, name: "minus zero" }],
};
const right = fenced(sum);
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** A document without what follows from how long things took. */
function plain({ stdout }: Ended): unknown {
  const timed = ["timings", "cpuMs", "wallMs", "peakMemoryBytes", "cost"];
  return JSON.parse(stdout, (key, value: unknown) => (timed.includes(key) ? null : value));
}

async function recordsIn(store: string): Promise<number> {
  return (await Array.fromAsync(new FolderObjects(store).list("chunks/"))).length;
}

/** `score` says through a fleet what it says here, records it, and goes on from the store. */
export async function checkScores(place: Workplace, url: string, store: string): Promise<void> {
  const nowhere = { ...task, id: "nowhere", image: "no-such-image" };
  writeFileSync(place.path("tasks.jsonl"), lines([task, nowhere]));
  const completions = [
    { id: "good", task: "add", completion: right },
    { id: "again", task: "add", completion: right },
    { id: "half", task: "add", completion: fenced("def add(a, b):\n    return 3") },
    { id: "none", task: "add", completion: "no code" },
    { id: "lost", task: "nowhere", completion: right },
  ];
  writeFileSync(place.path("completions.jsonl"), lines(completions));
  const score = ["score", "tasks.jsonl", "completions.jsonl", "--json"];
  const here = await place.run(score);
  const far = [...score, "--out", "scores", "--fleet", url];
  const there = await place.run(far);
  expect([there.code, plain(there)]).toEqual([here.code, plain(here)]);
  // What a call that was killed had not written yet is in the store.
  const results = join(place.path("scores"), "results.ndjson");
  const [first = ""] = readFileSync(results, "utf8").split("\n");
  writeFileSync(results, `${first}\n`);
  const records = await recordsIn(store);
  const resumed = await place.run([...far, "--resume"]);
  expect([resumed.code, plain(resumed)]).toEqual([here.code, plain(here)]);
  expect(await recordsIn(store)).toBe(records);
  const verified = await place.run(["verify", "scores", "--store", store, "--json"]);
  const fleet = { state: "intact", certificate: { scores: 5, fromFleet: 3 }, inStore: 3 };
  expect(JSON.parse(verified.stdout)).toMatchObject({ items: 5, same: 4, differing: [], fleet });
  // One score is another: so says its completion, and so says the certificate.
  writeFileSync(results, readFileSync(results, "utf8").replaceAll('"score":1,', '"score":0.5,'));
  const altered = await place.run(["verify", "scores"]);
  expect(altered.code).toBe(4);
  expect(altered.stdout).toContain(
    "the fleet's certificate does not hold: its root is not that of the folder's scores",
  );
}

/** `audit` finds through a fleet what it finds here, with the same exit codes. */
export async function checkAudits(place: Workplace, url: string): Promise<void> {
  const source = [
    "import os, gymnasium",
    "class Env(gymnasium.Env):",
    "    observation_space = action_space = gymnasium.spaces.Discrete(256)",
    "    def reset(self, *, seed=None, options=None):",
    "        return os.urandom(1)[0], {}",
    "    def step(self, action):",
    "        return 0, 0.0, True, False, {}",
  ];
  writeFileSync(place.path("drawn.py"), `${source.join("\n")}\n`);
  const audit = ["audit", "drawn.py:Env", "--max-steps", "2", "--json"];
  const here = await place.run(audit);
  const there = await place.run([...audit, "--fleet", url]);
  expect(here.code).toBe(4);
  expect([there.code, plain(there)]).toEqual([here.code, plain(here)]);
  const unknown = await place.run(["audit", "NoSuch-v0", "--fleet", url]);
  expect(unknown.code).toBe(2);
  const all = ["audit", "--all", "--only", "FrozenLake8x8", "--max-steps", "2", "--json", "--out", "audits"];
  const table = await place.run([...all, "--fleet", url]);
  expect(JSON.parse(table.stdout)).toMatchObject({
    image: "gymnasium",
    total: 1,
    rows: [
      {
        env: "FrozenLake8x8-v1",
        report: { image: "gymnasium", verdict: expect.stringMatching(/pure|virtualised/) },
      },
    ],
  });
  expect(table.code).toBe(0);
  expect((await place.run([...all, "--resume", "--fleet", url])).stdout).toBe(table.stdout);
}
