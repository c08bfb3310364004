import { PassThrough } from "node:stream";

import fc from "fast-check";
import { expect, test } from "vitest";

import { jsonText } from "../../../../src/cli/render/json-text.ts";
import { ownStyle, printable, safeText } from "../../../../src/cli/render/safe-text.ts";
import { StatusLine } from "../../../../src/cli/render/status-line.ts";
import { painterFor } from "../../../../src/cli/render/style.ts";
import { formatTable } from "../../../../src/cli/render/table.ts";

const acts = /[\p{Cc}\p{Cf}\u2028\u2029]/u;
/** One of each kind: C0, ESC, delete, C1 (CSI and OSC in one character), marks of direction, separators, a tag. */
const hostile = [
  "\u0007",
  "\u001b]0;title\u0007",
  "\u001b[2J",
  "\r",
  "\u007f",
  "\u009b31m",
  "\u202e",
  "\u2066",
  "\u2028",
  "\ufeff",
  "\u{e0041}",
];

test.each(hostile)("nothing of %j reaches a terminal", (text) => {
  for (const safe of [printable(text), safeText(text), safeText(text, true), jsonText({ [text]: [text] })])
    expect(safe).not.toMatch(acts);
  expect(JSON.parse(jsonText({ [text]: [text] }))).toEqual({ [text]: [text] });
});

test("any text is safe, and any JSON keeps its value", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(safeText(text)).not.toMatch(acts);
      expect(safeText(jsonText(text), true)).toBe(jsonText(text));
      expect(JSON.parse(jsonText(text))).toBe(text);
    }),
  );
});

test("our own styles arrive as styles, and those of others as text", () => {
  process.env["FORCE_COLOR"] = "1";
  try {
    const paint = painterFor(new PassThrough());
    expect(safeText(`${paint("bad", "no")} \u001b[31mred\u001b[0m`)).toBe(
      "\u001b[31mno\u001b[39m \\x1b[31mred\\x1b[0m",
    );
    // Also inside of a style.
    expect(safeText(paint("strong", `a${paint("good", "b")}\u001b[8mc`))).toBe(
      "\u001b[1ma\u001b[32mb\u001b[39m\\x1b[8mc\u001b[22m",
    );
    const guessed = ownStyle("8").replace(/\d{4};\d{4};\d{4}/, "0000;0000;0000");
    expect(safeText(guessed)).not.toMatch(acts);
    // A style takes no room in a table.
    const cells = [[paint("good", "ok"), "x"]];
    expect(formatTable([{ title: "aa" }, { title: "b" }], cells).map((line) => safeText(line))).toEqual([
      "aa  b",
      "\u001b[32mok\u001b[39m  x",
    ]);
  } finally {
    delete process.env["FORCE_COLOR"];
  }
});

test("a name with a line feed makes no line of its own", () => {
  const written: string[] = [];
  const status = new StatusLine({ isTTY: false, write: (text) => written.push(text) }, {});
  status.note("recording in runs/a\nsameseed: all is well\u001b[2J");
  expect(written).toEqual(["recording in runs/a\\x0asameseed: all is well\\x1b[2J\n"]);
});

test("the live line is cut between characters", () => {
  const written: string[] = [];
  const status = new StatusLine({ isTTY: true, columns: 6, write: (text) => written.push(text) }, {});
  status.show("abc😀defg");
  expect(written).toEqual(["\r\u001b[Kabc…"]);
});
