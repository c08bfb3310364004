import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { compileFixture } from "./native-program.ts";

/* The kernels that this is about are tried by `npm run hosts`; here a made-up one keeps their rules. */

const folder = mkdtempSync(join(tmpdir(), "sameseed-mapping-"));
const program = join(folder, "program");

beforeAll(() => {
  const native = resolve(import.meta.dirname, "../../../native");
  writeFileSync(program, compileFixture("whole_mapping.c", `-I${native}`));
  chmodSync(program, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What was changed in the end, and how far any attempt reached, in pages. */
function protect(whole: number, code: number, neighbour: number, error = 0): string {
  return execFileSync(program, [whole, code, neighbour, error].map(String), { encoding: "utf8" }).trim();
}

test.each([
  ["as large as its code", 2, 2, 0],
  ["a page larger than its code, as Linux 6.1 has it", 2, 1, 0],
  ["a page larger, with a neighbour right behind", 2, 1, 3],
  ["much larger", 9, 1, 1],
])("a mapping that is %s is changed as a whole, and nothing behind it", (_, whole, code, neighbour) => {
  expect(protect(whole, code, neighbour)).toBe(`${whole} ${whole}`);
});

test("a mapping that the kernel has sealed stays as it is", () => {
  const EPERM = 1;
  expect(protect(2, 1, 3, EPERM)).toBe("0 0");
});

test("a mapping without an end in sight is given up", () => {
  expect(protect(1000, 1, 0)).toBe("0 0");
});
