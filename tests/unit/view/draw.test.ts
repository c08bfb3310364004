import { describe, expect, it } from "vitest";
import { label, svgText } from "../../../src/view/draw/figure.ts";
import { barPlot, ecdf, histogram, intervalPlot, linePlot } from "../../../src/view/draw/plots.ts";
import { linearScale } from "../../../src/view/draw/scale.ts";

const size = { width: 400, height: 200 };

describe("figures in a file", () => {
  it("keep text as text", () => {
    const title = `<script>alert("1")</script> & 'x' \u0000\u001b[2J \ud800`;
    const text = svgText({ ...size, title, shapes: [label(title, { x: 1, y: 2 })] });
    expect(text).not.toContain("<script");
    expect(text).toContain(
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; \ufffd\ufffd[2J \ufffd",
    );
    expect(text.match(/<title>/g)).toHaveLength(1);
  });

  it.for([
    ["histogram", histogram([], { ...size, title: "t", unit: "u" })],
    ["ecdf", ecdf([], { ...size, title: "t", unit: "u" })],
    ["lines", linePlot({ ...size, title: "t", unit: "u", x: [], lines: [{ name: "n", values: [] }] })],
    ["intervals", intervalPlot([], { title: "t", unit: "u", width: 400 })],
    ["bars", barPlot([], { title: "t", unit: "u", width: 400 })],
    [
      "one value",
      histogram([3], {
        ...size,
        title: "t",
        unit: "u",
        mean: { value: 3, low: -Number.MAX_VALUE, high: Number.MAX_VALUE },
      }),
    ],
    [
      "huge",
      linePlot({
        ...size,
        title: "t",
        unit: "u",
        x: [0, 1],
        lines: [{ name: "n", values: [1e300, -1e300] }],
      }),
    ],
  ] as const)("have only numbers in them: %s", ([, figure]) => {
    expect(svgText(figure)).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("plots", () => {
  it("count every value once", () => {
    const bars = histogram([1, 1, 2, 5], { ...size, title: "t", unit: "u" }).shapes.filter(
      ({ tag }) => tag === "rect",
    );
    const heights = bars.map(({ attributes }) => Number(attributes["height"]));
    expect(heights).toHaveLength(5);
    expect(heights.map((height) => height / Math.max(...heights))).toEqual([1, 0.5, 0, 0, 0.5]);
  });

  it("break a line where a value is missing", () => {
    const plot = linePlot({
      ...size,
      title: "t",
      unit: "u",
      x: [0, 1, 2, 3, 4],
      lines: [{ name: "n", values: [0, 1, null, 1, 0] }],
    });
    const line = plot.shapes.find(({ attributes }) => String(attributes["class"]).startsWith("line"));
    expect(String(line?.attributes["d"]).match(/M/g)).toHaveLength(2);
  });

  it("say in a sentence what they show", () => {
    expect(histogram([1, 9], { ...size, title: "Returns", unit: "u" }).title).toBe(
      "Returns: 2 values, from 1 to 9",
    );
  });

  it("have round ticks inside the scale", () => {
    const { ticks, at } = linearScale([0, 93], [0, 930]);
    expect(ticks).toEqual([0, 20, 40, 60, 80]);
    expect(at(20)).toBeCloseTo(200);
    expect(linearScale([2, 2], [0, 1]).ticks.length).toBeGreaterThan(0);
  });
});

describe.for([
  ["bars", barPlot],
  [
    "intervals",
    (
      rows: readonly { readonly name: string; readonly value: number }[],
      options: Parameters<typeof barPlot>[1],
    ) =>
      intervalPlot(
        rows.map((row) => ({ ...row, low: 0, high: 2 })),
        options,
      ),
  ],
] as const)("names beside %s", ([, plot]) => {
  it.for(["wrong_answer", "m".repeat(60)])("begin inside the figure: %s", (name) => {
    const { shapes } = plot([{ name, value: 1 }], { title: "t", unit: "u", width: 460 });
    const own = shapes.find(({ attributes, tag }) => tag === "text" && attributes["text-anchor"] === "end")!;
    const [text] = own.children as [string];
    // 7.5 pixels is wider than nearly every letter of 12 pixels' height is.
    expect(Number(own.attributes["x"]) - text.length * 7.5).toBeGreaterThanOrEqual(0);
    expect(name.startsWith(text.replace("…", ""))).toBe(true);
    expect(text.length).toBeGreaterThanOrEqual(Math.min(name.length, 24));
  });
});
