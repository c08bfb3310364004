import { expect, test } from "vitest";

import { parseZygoteReport } from "../../../src/sandbox/zygote/zygote-report.ts";

const parse = (report: unknown): unknown => parseZygoteReport(Buffer.from(JSON.stringify(report)));

test.for<[report: unknown, world: unknown, slotIds: boolean, trunks?: boolean]>([
  [
    { world: { mode: "host", lacks: [] }, slotIds: true, trunks: true },
    { mode: "host", lacks: [] },
    true,
    true,
  ],
  [{ world: { mode: "sealed", lacks: ["vdso"] }, slotIds: true }, { mode: "sealed", lacks: ["vdso"] }, true],
  // As images say it that were built before slots took ids.
  [{ world: "host" }, { mode: "host", lacks: [] }, false],
  [{ world: "sealed vdso auxv" }, { mode: "sealed", lacks: ["vdso", "auxv"] }, false],
])("what a zygote says of itself: %j", ([report, world, slotIds, trunks = false]) => {
  expect(parse(report)).toEqual({ world, slotIds, trunks });
});

test("a world that nobody knows is none", () => {
  for (const world of ["open", "", { mode: "open", lacks: [] }, { mode: "host" }, 3])
    expect(() => parse({ world })).toThrow();
});
