import { expect, test } from "vitest";

import { nearestName, refuseUnknownOptions } from "../../../src/base/known-options.ts";

const names = { envName: true, maxSteps: true, seeds: true, limits: { wallMs: true, cpuMs: true } } as const;

test.each([
  ["maxStep", "maxSteps"],
  ["max_steps", "maxSteps"],
  ["MAXSTEPS", "maxSteps"],
  ["mxaSteps", "maxSteps"],
  ["seed", "seeds"],
  ["env", undefined],
  ["colour", undefined],
  ["", undefined],
])("%j is nearest to %j", (typed, wanted) => {
  expect(nearestName(typed, Object.keys(names))).toBe(wanted);
});

test("a typo is refused with the nearest name, also in an option that is an object", () => {
  expect(() => refuseUnknownOptions({ envName: "x", maxStep: 3 }, names, "runRollout")).toThrow(
    expect.objectContaining({
      code: "bad_argument",
      message: 'runRollout has no option "maxStep"',
      hint: "did you mean maxSteps?",
    }),
  );
  expect(() => refuseUnknownOptions({ limits: { cpu_ms: 1 } }, names, "runRollout")).toThrow(
    expect.objectContaining({
      message: 'limits of runRollout has no option "cpu_ms"',
      hint: "did you mean cpuMs?",
    }),
  );
  expect(() => refuseUnknownOptions({ colour: 1 }, names, "runRollout")).toThrow(
    expect.objectContaining({ hint: "it has envName, limits, maxSteps, seeds" }),
  );
});

test("a name that every object inherits is no option", () => {
  expect(() => refuseUnknownOptions({ constructor: 1 }, names, "runRollout")).toThrow("no option");
});

test.each([null, undefined, 3, "x", []])("%j is no object of options", (value) => {
  expect(() => refuseUnknownOptions(value, names, "runRollout")).toThrow("takes an object of options");
});

test("an option that is set to undefined is one that is left out", () => {
  expect(() => refuseUnknownOptions({ limits: undefined, envName: "x" }, names, "runRollout")).not.toThrow();
});
