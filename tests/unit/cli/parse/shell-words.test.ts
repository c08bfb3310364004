import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { resumeCommand, shellPath, shellWord } from "../../../../src/cli/parse/shell-words.ts";

describe("shellWord", () => {
  it("is read back by a shell", () => {
    const words = fc.sample(fc.string({ unit: "grapheme", minLength: 0, maxLength: 20 }), 100);
    const safe = ["", "plain", "with space", "it's", '"', "$HOME", "`x`", "a\nb", "*", ...words]
      .map((word) => word.replaceAll("\0", ""))
      .filter((word) => word.isWellFormed());
    const read = execFileSync("sh", ["-c", `printf '%s\\0' ${safe.map(shellWord).join(" ")}`]).toString();
    expect(read.split("\0").slice(0, -1)).toEqual(safe);
  });
});

describe("shellPath", () => {
  it.for([
    ["runs/a", "runs/a"],
    ["-out", "./-out"],
    ["--force", "./--force"],
    ["-my runs", "'./-my runs'"],
  ])("%s is no option: %s", ([path, word]) => {
    expect(shellPath(path!)).toBe(word);
  });
});

describe("resumeCommand", () => {
  it.for<[string[], string]>([
    [["run", "A-v1"], "sameseed run A-v1 --out runs/a --resume"],
    [
      ["run", "A-v1", "--out", "x", "--seeds", "1..9"],
      "sameseed run A-v1 --seeds 1..9 --out runs/a --resume",
    ],
    [["run", "A-v1", "--out=x", "--resume"], "sameseed run A-v1 --out runs/a --resume"],
    [
      ["run", "e.py:E", "--env-arg", 'm=["a b"]'],
      `sameseed run e.py:E --env-arg 'm=["a b"]' --out runs/a --resume`,
    ],
    // Whoever reads a message need not have the password.
    [
      ["run", "A-v1", "--fleet", "rediss://u:p@ss@queue:6379/1"],
      `sameseed run A-v1 --fleet 'rediss://***@queue:6379/1' --out runs/a --resume`,
    ],
    [
      ["run", "A-v1", "--fleet=redis://u:p@q"],
      `sameseed run A-v1 '--fleet=redis://***@q' --out runs/a --resume`,
    ],
  ])("goes on with %j", ([args, command]) => {
    expect(resumeCommand(args, "runs/a")).toBe(command);
  });

  it("names a folder so that it is no option", () => {
    expect(resumeCommand(["run", "A-v1", "--out", "-o2"], "-o2")).toBe(
      "sameseed run A-v1 --out ./-o2 --resume",
    );
  });
});
