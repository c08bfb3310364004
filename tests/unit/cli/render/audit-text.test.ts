import { expect, it } from "vitest";

import { formatAudit } from "../../../../src/cli/render/audit-text.ts";
import type {
  AuditCause,
  AuditLocation,
  AuditReport,
  AuditUnlocated,
} from "../../../../src/verify/audit/audit-report.ts";

const cause = {
  factor: "locale",
  also: [],
  seed: 1,
  step: 3,
  field: "observation",
  path: "",
  expected: 1,
  actual: 2,
  expectedType: "int",
  actualType: "int",
  location: null,
} satisfies AuditCause;
const line: AuditLocation = { file: "env.py", line: 5, function: "step", source: "x = 1" };

function said(unlocated: AuditUnlocated | undefined, location: AuditLocation | null = null): string {
  const report: AuditReport = {
    env: "Some-v0",
    verdict: "sensitive",
    worlds: [],
    causes: [{ ...cause, location, ...(unlocated === undefined ? {} : { unlocated }) }],
    ledger: {},
    tier: "T2",
    image: "gymnasium",
    imageDigest: `sha256:${"0".repeat(64)}`,
    world: "sealed",
    seeds: [1],
    maxSteps: null,
    rollouts: [],
    cost: { rollouts: 4, zygotes: 2 },
  };
  return formatAudit(report, (_, text) => text).join("\n");
}

it.each([
  ["traces-equal", "the traces of both worlds are equal"],
  ["trace-cut", "the trace was cut off before the step that differs"],
  ["not-traced", "other suspects were traced first"],
  ["no-traceback", "the error names no line of the program's own"],
  [undefined, "the traces of both worlds are equal"],
] as const)("says why a cause has no line: %s", (unlocated, why) => {
  expect(said(unlocated)).toContain(`line      not found: ${why}`);
});

it("says from where on was traced, where that was not from the beginning", () => {
  expect(said(undefined, line)).not.toContain("traced from");
  expect(said(undefined, { ...line, since: 4 })).toContain("traced from step 4 on, because");
  expect(said(undefined, { ...line, since: 0 })).toContain("traced from the reset (step 0) on");
});
