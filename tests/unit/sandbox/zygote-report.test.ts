import { expect, test } from "vitest";

import { parseZygoteReport } from "../../../src/sandbox/zygote/zygote-report.ts";

const parse = (report: unknown): unknown => parseZygoteReport(Buffer.from(JSON.stringify(report)), 7);

test.for([
  { world: { mode: "host", lacks: [] }, protocol: 7 },
  { world: { mode: "sealed", lacks: ["vdso"] }, protocol: 7 },
  {
    world: { mode: "sealed", lacks: [] },
    protocol: 7,
    numeric: { libraries: "glibc 2", digests: { exp: "00" }, failed: [] },
  },
])("what a zygote says of itself: %j", (report) => {
  expect(parse(report)).toEqual(report);
});

test.for([
  [{ world: "sealed vdso" }, 0],
  [{ world: { mode: "sealed", lacks: [] }, protocol: 6 }, 6],
  [{ planet: 3, protocol: 8 }, 8],
] as const)("of another protocol, %j, only the number is read", ([report, protocol]) => {
  expect(parse(report)).toMatchObject({ protocol });
});

test("a world that nobody knows is none", () => {
  for (const world of ["open", "", { mode: "open", lacks: [] }, { mode: "host" }, 3])
    expect(() => parse({ world, protocol: 7 })).toThrow();
});
