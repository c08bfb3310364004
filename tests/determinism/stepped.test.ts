/*
 * Every environment of every image that is tested: stepped from outside, given a list of actions, and run again from its
 * recording, it makes the same records.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { cborToJson } from "../../src/model/cbor/to-json.ts";
import { type ActionValue, toTyped } from "../../src/model/cbor/typed-value.ts";
import type { CborValue } from "../../src/model/cbor/value.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { temporaryFolder, installedEnvironments } from "./fixtures.ts";

const folder = temporaryFolder();
const steps = 6;
const seed = 11;

const cases = await installedEnvironments();

describe("the images", () => {
  it("have environments", () => {
    expect(cases.length).toBeGreaterThanOrEqual(10);
  });
});

it.for(cases)(
  "$envName makes the same records whoever gives its actions",
  async ({ image, envName }, { skip }) => {
    const spec = { image, envName, seed, maxSteps: steps };
    const drawn = await runRollout(spec).catch((error: { code?: string }) => error.code);
    // What is registered but cannot be made here: another package, a newer version, another renderer.
    if (typeof drawn !== "object" || drawn.steps === 0) {
      skip();
      return;
    }
    const recorded = [...drawn.trajectory.records()].flatMap((record): CborValue[] =>
      record.kind === "step" ? [record.action] : [],
    );
    const actions = recorded.map((action) => toTyped(action) as ActionValue);
    await using rollout = await openRollout(spec);
    for (const action of actions) await rollout.step(action);
    const stepped = await rollout.close();
    const listed = await runRollout({ ...spec, policy: { actions: recorded.map(cborToJson) } });
    expect({ outcome: stepped.outcome, steps: stepped.steps, digest: stepped.contentDigest }).toEqual({
      outcome: listed.outcome,
      steps: drawn.steps,
      digest: listed.contentDigest,
    });
    const dir = join(folder, `${image.slice(0, 8)}-${envName.replaceAll(/[^\w-]/g, "-")}`);
    const { seed: _, ...run } = spec;
    await recordRun({ ...run, seeds: [seed], dir, policy: ({ step }) => actions[step - 1]! });
    expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 1, fedFromRecording: ["agent"] });
  },
);
