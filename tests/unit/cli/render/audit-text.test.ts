import { expect, it } from "vitest";

import { formatAudit } from "../../../../src/cli/render/audit-text.ts";
import type { AuditCause, AuditReport, AuditUnlocated } from "../../../../src/verify/audit/audit-report.ts";

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

function said(unlocated: AuditUnlocated | undefined): string {
  const report: AuditReport = {
    env: "Some-v0",
    verdict: "sensitive",
    worlds: [],
    causes: [unlocated === undefined ? cause : { ...cause, unlocated }],
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
