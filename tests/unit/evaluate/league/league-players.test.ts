import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { digestOf } from "../../../../src/base/digest.ts";
import { resolvePlayers } from "../../../../src/evaluate/league/league-players.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-players-"));
mkdirSync(join(folder, "bots"));
mkdirSync(join(folder, "bots", "deep.py"));
for (const name of ["b.py", "a.py", "notes.txt"]) writeFileSync(join(folder, "bots", name), `# ${name}\n`);
writeFileSync(join(folder, "a.py"), "# another\n");
writeFileSync(join(folder, "latin.py"), Buffer.from([0x23, 0xe9]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("reads built-in names, files, folders and sources in the order given", () => {
  const players = resolvePlayers([
    "random",
    { folder: join(folder, "bots") },
    { source: "# s\n", name: "s" },
  ]);
  expect(players).toEqual([
    { name: "random", policy: "random", digest: null },
    { name: "a", policy: { source: "# a.py\n", name: "a.py" }, digest: digestOf("# a.py\n") },
    { name: "b", policy: { source: "# b.py\n", name: "b.py" }, digest: digestOf("# b.py\n") },
    { name: "s", policy: { source: "# s\n", name: "s.py" }, digest: digestOf("# s\n") },
  ]);
});

it("names files with the same name by their paths", () => {
  const players = resolvePlayers([join(folder, "a.py"), `${join(folder, "bots")}/`]);
  expect(players.map(({ name }) => name)).toEqual([join(folder, "a.py"), join(folder, "bots", "a.py"), "b"]);
});

it("does not take a file for the built-in policy of its name", () => {
  const source = { source: "# mine\n", name: "random.py" };
  expect(resolvePlayers(["random", source]).map(({ name }) => name)).toEqual(["random", "random.py"]);
});

it("refuses too few, twice the same, and what cannot play", () => {
  const refused = (inputs: readonly string[], code: string): void =>
    expect(() => resolvePlayers(inputs)).toThrow(expect.objectContaining({ code }));
  refused([], "bad_argument");
  refused(["random"], "bad_argument");
  refused(["random", "random"], "bad_argument");
  refused([join(folder, "a.py"), join(folder, "a.py")], "bad_argument");
  refused(["random", "maximin"], "bad_policy");
  refused(["random", join(folder, "missing.py")], "bad_policy");
  refused(["random", join(folder, "latin.py")], "bad_policy");
  refused(["random", join(folder, "bots", "notes.txt")], "bad_policy");
});
