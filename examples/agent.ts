/**
 * An agent of the caller's own process that uses a Python session as its tool. The model is a stand-in: it sees what the
 * session answered and writes the next source. Everything it did is recorded, and verified without it.
 *
 *     node examples/agent.ts
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openRollout, recordRun, verifyRun, type PolicyFunction, type TypedValue } from "../src/index.ts";

/** What a session shows. */
interface Shown {
  readonly stdout: string;
  readonly stderr: string;
  readonly result: string | null;
  readonly error: string | null;
}
const shown = (observation: TypedValue): Shown => observation as unknown as Shown;

const session = "sameseed/PythonSession-v0";

/** Stands for a language model: finds a bug in its first attempt by the error it gets back. */
async function model(answers: readonly Shown[]): Promise<string> {
  if (answers.length === 0) return "def mean(values):\n    return sum(values) / len(value)\nmean([1, 2, 6])";
  const last = answers.at(-1)!;
  if (last.error !== null) return "def mean(values):\n    return sum(values) / len(values)\nmean([1, 2, 6])";
  return `raise SystemExit('the mean is ${last.result}')`;
}

// One session, stepped by hand.
{
  await using rollout = await openRollout({ envName: session, seed: 7 });
  await rollout.step("import random");
  const { observation } = await rollout.step("[random.randrange(6) + 1 for _ in range(5)]");
  console.log(`five dice under seed 7: ${shown(observation).result}`);
}

// Two sessions of an agent, recorded.
const heard = new Map<number, Shown[]>();
const agent: PolicyFunction = async ({ observation, seed, step }) => {
  const answers = heard.get(seed) ?? [];
  heard.set(seed, answers);
  if (step > 1) answers.push(shown(observation));
  return await model(answers);
};
const folder = mkdtempSync(join(tmpdir(), "sameseed-agent-"));
const { dir } = await recordRun({
  envName: session,
  seeds: [1, 2],
  maxSteps: 10,
  policy: agent,
  dir: join(folder, "run"),
  onRollout: ({ seed, outcome, steps }) => console.log(`seed ${seed}: ${outcome} after ${steps} actions`),
});
const error = heard.get(1)?.[0]?.error?.split("\n").at(-1);
console.log(`what the agent learned from: ${error}`);

const { equal, rollouts, fedFromRecording } = await verifyRun(dir);
console.log(
  `${equal} of ${rollouts} gave the same bytes again; actions from the recording: ${fedFromRecording?.join()}`,
);
rmSync(folder, { recursive: true, force: true });
