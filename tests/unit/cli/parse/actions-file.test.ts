import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { readActionsFile } from "../../../../src/cli/parse/actions-file.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-actions-"));
const file = join(folder, "actions.json");

afterAll(() => rmSync(folder, { recursive: true }));

describe("readActionsFile", () => {
  it("reads a list", () => {
    writeFileSync(file, '[0, [0.5, -1], {"a": 1}]\n');
    expect(readActionsFile(file)).toEqual([0, [0.5, -1], { a: 1 }]);
  });

  it.for<[string, string | Uint8Array, RegExp]>([
    ["broken JSON", "[0,", /is not JSON/],
    ["an object", "{}", /does not hold a list/],
    ["an empty file", "", /is not JSON/],
    ["bytes that are not UTF-8", Uint8Array.of(0x5b, 0xff, 0x5d), /is not JSON/],
    ["a number JavaScript would change", "[9007199254740993]", /beyond 2\^53 - 1/],
  ])("refuses %s", ([, content, message]) => {
    writeFileSync(file, content);
    expect(() => readActionsFile(file)).toThrow(
      expect.objectContaining({ code: "bad_actions", message: expect.stringMatching(message) }),
    );
  });

  it.for<[string, RegExp]>([
    [folder, /is a folder/],
    [join(folder, "none.json"), /does not exist/],
  ])("refuses %s", ([path, message]) => {
    expect(() => readActionsFile(path)).toThrow(
      expect.objectContaining({ code: "bad_actions", message: expect.stringMatching(message) }),
    );
  });
});
