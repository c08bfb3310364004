import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { jsonText } from "../../../../src/cli/render/json-text.ts";
import { formatDuration, formatNumber, formatRate } from "../../../../src/cli/render/numbers.ts";
import { printable } from "../../../../src/cli/render/safe-text.ts";
import { clip } from "../../../../src/cli/render/style.ts";
import { formatTable } from "../../../../src/cli/render/table.ts";

describe("printable", () => {
  it("leaves nothing that moves a terminal's cursor or turns its text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
    );
  });

  it("leaves what can be read", () => {
    expect(printable("größe 🎲 [1, 2]")).toBe("größe 🎲 [1, 2]");
    expect(printable("\u001b[31mred\u202e")).toBe("\\x1b[31mred\\u{202e}");
    expect(printable("a\n\tb\r", true)).toBe("a\n\tb\\x0d");
  });
});

describe("clip", () => {
  it("fits on one line", () => {
    expect(clip("a \n b", 10)).toBe("a b");
    expect(clip("0123456789", 5)).toBe("0123…");
  });
});

describe("jsonText", () => {
  it("writes numbers that JSON has no word for as text, and keeps minus zero", () => {
    expect(jsonText([Number.NaN, Infinity, -Infinity, -0, 1.5])).toBe(
      '["NaN","Infinity","-Infinity",-0,1.5]',
    );
  });
});

describe("numbers", () => {
  it.for<[string, string]>([
    [formatNumber(21.123456789), "21.1235"],
    [formatNumber(-0), "-0"],
    [formatNumber(1e21), "1e+21"],
    [formatNumber(Number.NaN), "NaN"],
    [formatNumber(500), "500"],
    [formatDuration(12.4), "12 ms"],
    [formatDuration(1500), "1.5 s"],
    [formatDuration(59_990), "1 min 00 s"],
    [formatDuration(3_661_000), "1 h 01 min"],
    [formatRate(0.5), "0.50"],
    [formatRate(12.34), "12.3"],
    [formatRate(1234.5), "1235"],
  ])("writes %s", ([written, wanted]) => {
    expect(written).toBe(wanted);
  });
});

describe("formatTable", () => {
  it("aligns columns, colours or not", () => {
    const columns = [{ title: "n", align: "right" }, { title: "name" }, { title: "end" }] as const;
    const lines = formatTable(columns, [
      ["1", "\u001b[31mab\u001b[39m", "x"],
      ["10", "a", "y"],
    ]);
    expect(lines).toEqual([" n  name  end", " 1  \u001b[31mab\u001b[39m    x", "10  a     y"]);
  });
});
