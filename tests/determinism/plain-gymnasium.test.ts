/*
 * What is recorded is what Gymnasium gives anybody who plays in one process with the same three seedings:
 * `env.reset(seed=S)`, `env.action_space.seed(S)`, `env.observation_space.seed(S)`. Sandboxes, recorder and harness
 * change nothing.
 */
import { expect, it } from "vitest";

import { parseTrajectoryBlob, recordsOf } from "../../src/trajectory/trajectory-blob.ts";
import { fieldSpans } from "../../src/model/cbor/field-spans.ts";
import { collectRollouts } from "../../src/rollout/collect-rollouts.ts";
import { listEnvironments, runScript, temporaryFolder } from "./fixtures.ts";

interface PlainStep {
  readonly seed: number;
  readonly step: number;
  /** Field → its canonical bytes in hexadecimal. */
  readonly fields: Readonly<Record<string, string>>;
}

const seeds = [0, 42, 4_294_967_301];
const maxSteps = 200;
const fields = ["action", "info", "observation", "reward", "terminated", "truncated"];

temporaryFolder();
const environments = [...new Set((await listEnvironments()).map(({ newest }) => newest))];

it.for(environments)("%s is recorded as Gymnasium gives it", async (id) => {
  const plain = (await runScript("play_plainly.py", { id, seeds, maxSteps }))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as PlainStep);
  const recorded: PlainStep[] = [];
  const batch = collectRollouts({ envName: id, seeds, maxSteps });
  for (const { seed, trajectory } of await batch.results()) {
    for (const [step, record] of [...recordsOf(parseTrajectoryBlob(trajectory.bytes))].slice(0, -1).entries())
      recorded.push({ seed, step, fields: toldFields(record) });
  }
  expect(plain.length).toBeGreaterThan(seeds.length);
  for (const [at, expected] of plain.entries()) expect(recorded[at]).toEqual(expected);
  expect(recorded.length).toBe(plain.length);
});

function toldFields(record: Uint8Array): Record<string, string> {
  const spans = fieldSpans(record, "run_damaged").filter(({ name }) => fields.includes(name));
  return Object.fromEntries(
    spans.map(({ name, start, end }) => [name, Buffer.from(record.subarray(start, end)).toString("hex")]),
  );
}
