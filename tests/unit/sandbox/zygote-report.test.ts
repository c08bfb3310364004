import { expect, test } from "vitest";

import type { ResolvedImage } from "../../../src/image/image-store.ts";
import { requireBounded } from "../../../src/sandbox/zygote/start-zygote.ts";
import { parseZygoteReport } from "../../../src/sandbox/zygote/zygote-report.ts";

const parse = (report: unknown): unknown => parseZygoteReport(Buffer.from(JSON.stringify(report)), 7);

test.for([
  { world: { mode: "host", lacks: [] }, protocol: 7 },
  { world: { mode: "sealed", lacks: ["vdso"] }, protocol: 7 },
  { world: { mode: "host", lacks: [] }, protocol: 7, loopback: "bounded" },
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

test("an image whose sandboxes do not bound what their network holds is refused where they are to have one", () => {
  const image = {
    name: "old",
    rootfs: "/images/0/rootfs",
    manifest: { digest: "0".repeat(64) },
  } as ResolvedImage;
  const said = { world: { mode: "host", lacks: [] }, protocol: 4 } as const;
  expect(() => requireBounded(image, { report: { ...said, loopback: "bounded" } })).not.toThrow();
  expect(() => requireBounded(image, { report: said })).toThrow(
    expect.objectContaining({ code: "image_outdated", hint: expect.stringMatching(/./) as string }),
  );
});
