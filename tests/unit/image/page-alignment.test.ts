/*
 * A library whose parts are to lie at multiples of 2 MiB lies at any page in an image, and works.
 */
import { execFileSync } from "node:child_process";
import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { readWideAlignments } from "../../../src/image/elf-file.ts";
import { alignToPages } from "../../../src/image/page-alignment.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "alignment-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function compile(name: string, source: string, ...args: readonly string[]): string {
  const [from, to] = [join(folder, `${name}.c`), join(folder, name)];
  writeFileSync(from, source);
  execFileSync("cc", ["-o", to, from, ...args]);
  return to;
}

const library = "int many[700000] = { 41 }; int answer(void) { return ++many[0]; }";
const wide = ["-shared", "-fPIC", "-Wl,-z,max-page-size=0x200000"];

test.runIf(process.arch === "x64")("a library lies at any page then, and works", () => {
  const file = compile("libwide.so", library, ...wide);
  const original = readFileSync(file);
  linkSync(file, join(folder, "other-image"));
  expect(readWideAlignments(file).length).toBeGreaterThan(1);
  const places = readWideAlignments(file);
  alignToPages([file]);
  expect(readWideAlignments(file)).toEqual([]);
  const changed = readFileSync(file);
  for (const at of places) {
    expect([original.readBigUInt64LE(at), changed.readBigUInt64LE(at)]).toEqual([0x200000n, 4096n]);
    original.writeBigUInt64LE(4096n, at);
  }
  expect(changed.equals(original)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o755);
  const program = compile(
    "program",
    "int answer(void); int main(void) { return answer(); }",
    `-Wl,-rpath,${folder}`,
    file,
  );
  expect(() => execFileSync(program)).toThrow(expect.objectContaining({ status: 42 }));
});

test.runIf(process.arch === "x64")("what shares its bytes with another image stays as it is there", () => {
  const file = compile("libwide.so", library, ...wide);
  const beside = join(folder, "other-image");
  linkSync(file, beside);
  alignToPages([file]);
  expect(readWideAlignments(beside).length).toBeGreaterThan(1);
});

test.runIf(process.arch === "x64")(
  "what is itself aligned to more than a page stays so, and so does what does not tell",
  () => {
    const aligned = compile(
      "libaligned.so",
      "char many[65536] __attribute__((aligned(65536))) = { 1 }; char *answer(void) { return many; }",
      ...wide,
    );
    expect(readWideAlignments(aligned)).toEqual([]);
    const silent = compile("libsilent.so", library, ...wide);
    const content = readFileSync(silent);
    content.writeUInt16LE(0, 60);
    writeFileSync(silent, content);
    expect(readWideAlignments(silent)).toEqual([]);
  },
);

test("a file that needs the alignment, one that has a page's, and one that is no library are left alone", () => {
  const usual = compile("libusual.so", library, "-shared", "-fPIC", "-Wl,-z,max-page-size=4096");
  const text = join(folder, "text");
  writeFileSync(text, "\x7fELF, or so it says");
  const needing = compile("libneeding.so", library, ...wide);
  const [first] = readWideAlignments(needing);
  const content = readFileSync(needing);
  if (first !== undefined) {
    // The address in memory, which stands 32 bytes before the alignment, is no longer as far from a page as the place in the file.
    content.writeBigUInt64LE(content.readBigUInt64LE(first - 32) + 16n, first - 32);
    writeFileSync(needing, content);
    expect(readWideAlignments(needing)).not.toContain(first);
  }
  const before = [usual, text].map((file) => [readFileSync(file), statSync(file).ino]);
  alignToPages([usual, text]);
  expect([usual, text].map((file) => [readFileSync(file), statSync(file).ino])).toEqual(before);
});
