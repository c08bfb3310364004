import { type Figure, label, place, shape, type Shape } from "./figure.ts";
import { letterWidth, lineClass, lineLegend, shortened } from "./names.ts";
import { bottomAxis, extentOf, leftAxis, linearScale, type Scale, shortNumber } from "./scale.ts";

/** How large a plot is. */
export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** A mean with its interval. */
export interface MarkedMean {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const margin = { left: 48, right: 14, top: 30, bottom: 40 };
const binsMost = 30;
/** Up to so many different values each has a bar of its own. */
const barsMost = 30;

/** How often values occur. */
export function histogram(
  values: readonly number[],
  {
    title,
    unit,
    mean,
    ...size
  }: PlotSize & { readonly title: string; readonly unit: string; readonly mean?: MarkedMean | null },
): Figure {
  const bins = binsOf(values);
  const frame = frameOf(size);
  const x = linearScale([bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1], [frame.left, frame.right]);
  const y = linearScale([0, Math.max(1, ...bins.map(({ count }) => count))], [frame.bottom, frame.top], 4);
  const bars = bins.map(({ from, to, count }) => {
    const left = x.at(from);
    return shape("rect", {
      x: place(left + 0.5),
      y: place(y.at(count)),
      width: place(Math.max(1, x.at(to) - left - 1)),
      height: place(frame.bottom - y.at(count)),
      class: "bar",
    });
  });
  return {
    ...size,
    title: sentence(title, values),
    shapes: [
      heading(title),
      ...leftAxis(y, frame.left, frame.right - frame.left),
      ...bars,
      ...(mean === undefined || mean === null ? [] : meanMark(mean, x, frame)),
      ...bottomAxis(x, frame.bottom, unit),
    ],
  };
}

/** The share of values that are at most so large. */
export function ecdf(
  values: readonly number[],
  { title, unit, ...size }: PlotSize & { readonly title: string; readonly unit: string },
): Figure {
  const frame = frameOf(size);
  const sorted = Float64Array.from(values).sort();
  const x = linearScale(extentOf(sorted), [frame.left, frame.right]);
  const y = linearScale([0, 1], [frame.bottom, frame.top], 4);
  const points: string[] = [`M${place(x.at(x.from))} ${place(y.at(0))}`];
  // More corners than pixels cannot be seen.
  const stride = Math.max(1, Math.floor(sorted.length / (frame.right - frame.left)));
  for (let at = 0; at < sorted.length; at += stride)
    points.push(
      `H${place(x.at(sorted[at]!))}V${place(y.at(Math.min(at + stride, sorted.length) / sorted.length))}`,
    );
  points.push(`H${place(x.at(x.to))}`);
  return {
    ...size,
    title: sentence(title, values),
    shapes: [
      heading(title),
      ...leftAxis(y, frame.left, frame.right - frame.left),
      ...(values.length === 0 ? [] : [shape("path", { d: points.join(""), class: "line" })]),
      ...bottomAxis(x, frame.bottom, unit),
    ],
  };
}

/** Lines over a common axis. */
export interface LinePlot extends PlotSize {
  readonly title: string;
  readonly unit: string;
  readonly x: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** Levels that a line may cross, such as a test's bounds. */
  readonly bounds?: readonly { readonly name: string; readonly value: number }[];
  /** Where somebody looks. */
  readonly cursor?: number;
}

/** Numbers along steps, pairs or rounds. */
export function linePlot({ title, unit, x: steps, lines, bounds = [], cursor, ...size }: LinePlot): Figure {
  const frame = frameOf(size);
  const numbers = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const x = linearScale(extentOf(steps), [frame.left, frame.right]);
  const y = linearScale(
    extentOf([...numbers, ...bounds.map(({ value }) => value)]),
    [frame.bottom, frame.top],
    4,
  );
  const drawn = lines.map(({ values }, at) =>
    shape("path", { d: pathOf(values, steps, x, y), class: lineClass(at) }),
  );
  return {
    ...size,
    title: `${title}: ${lines.map(({ name }) => name).join(", ")} from ${shortNumber(x.from)} to ${shortNumber(x.to)}, values from ${shortNumber(y.from)} to ${shortNumber(y.to)}`,
    shapes: [
      heading(title),
      ...lineLegend(lines, frame.right),
      ...leftAxis(y, frame.left, frame.right - frame.left),
      ...bounds.flatMap(({ name, value }) => [
        shape("path", { d: `M${frame.left} ${place(y.at(value))}H${frame.right}`, class: "bound" }),
        label(name, { x: frame.right, y: y.at(value) - 4, anchor: "end", className: "quiet" }),
      ]),
      ...drawn,
      ...(cursor === undefined
        ? []
        : [shape("path", { d: `M${place(x.at(cursor))} ${frame.top}V${frame.bottom}`, class: "mark" })]),
      ...bottomAxis(x, frame.bottom, unit),
    ],
  };
}

function pathOf(values: readonly (number | null)[], steps: readonly number[], x: Scale, y: Scale): string {
  let isOn = false;
  const parts: string[] = [];
  for (const [at, value] of values.entries()) {
    const step = steps[at];
    if (value === null || step === undefined) {
      isOn = false;
      continue;
    }
    parts.push(`${isOn ? "L" : "M"}${place(x.at(step))} ${place(y.at(value))}`);
    isOn = true;
  }
  // A point alone is a line of no length with round ends.
  return parts.length === 1 ? `${parts[0]}h0.01` : parts.join("");
}

/** Values with their intervals, a line each. */
export function intervalPlot(
  rows: readonly (MarkedMean & { readonly name: string })[],
  {
    title,
    unit,
    zero,
    width,
  }: { readonly title: string; readonly unit: string; readonly zero?: number; readonly width: number },
): Figure {
  const height = margin.top + rows.length * 24 + margin.bottom;
  const letters = lettersOf(rows, width * 0.4);
  const left = 16 + letters * letterWidth;
  const ends = rows.flatMap(({ value, low, high }) =>
    [value, low, high].filter((end) => Math.abs(end) < 1e300),
  );
  const x = linearScale(extentOf(zero === undefined ? ends : [...ends, zero]), [left, width - 70]);
  const bottom = height - margin.bottom;
  const clamp = (value: number): number => place(x.at(Math.max(x.from, Math.min(x.to, value))));
  const drawn = rows.flatMap(({ name, value, low, high }, at) => {
    const y = margin.top + 14 + at * 24;
    return [
      label(shortened(name, letters), { x: left - 8, y: y + 4, anchor: "end" }),
      shape("path", { d: `M${clamp(low)} ${y - 4}v8m0 -4H${clamp(high)}m0 -4v8`, class: "line" }),
      shape("circle", { cx: clamp(value), cy: y, r: 4, class: "dot" }),
      label(shortNumber(value), { x: width - 8, y: y + 4, anchor: "end", className: "strong" }),
    ];
  });
  return {
    width,
    height,
    title: `${title}: ${rows.map(({ name, value, low, high }) => `${name} ${shortNumber(value)} from ${shortNumber(low)} to ${shortNumber(high)}`).join("; ")}`,
    shapes: [
      heading(title),
      ...(zero === undefined
        ? []
        : [shape("path", { d: `M${place(x.at(zero))} ${margin.top}V${bottom}`, class: "grid" })]),
      ...drawn,
      ...bottomAxis(x, bottom, unit),
    ],
  };
}

/** Bars with their names, a line each. */
export function barPlot(
  rows: readonly { readonly name: string; readonly value: number; readonly baseline?: number }[],
  { title, unit, width }: { readonly title: string; readonly unit: string; readonly width: number },
): Figure {
  const height = margin.top + rows.length * 24 + margin.bottom;
  const letters = lettersOf(rows, width * 0.45);
  const left = 16 + letters * letterWidth;
  const bottom = height - margin.bottom;
  const [, most] = extentOf(rows.flatMap(({ value, baseline = 0 }) => [0, value, baseline]));
  const x = linearScale([0, most], [left, width - 80]);
  const drawn = rows.flatMap(({ name, value, baseline }, at) => {
    const y = margin.top + 4 + at * 24;
    const lengthOf = (number: number): number => Math.max(0.5, place(x.at(number) - left));
    return [
      label(shortened(name, letters), { x: left - 8, y: y + 13, anchor: "end" }),
      shape("rect", {
        x: left,
        y,
        width: lengthOf(value),
        height: baseline === undefined ? 16 : 9,
        class: "bar",
      }),
      ...(baseline === undefined
        ? []
        : [shape("rect", { x: left, y: y + 10, width: lengthOf(baseline), height: 6, class: "bar2" })]),
      label(shortNumber(value), { x: width - 8, y: y + 13, anchor: "end", className: "strong" }),
    ];
  });
  return {
    width,
    height,
    title: `${title}: ${rows.map(({ name, value }) => `${name} ${shortNumber(value)}`).join("; ")}`,
    shapes: [heading(title), ...drawn, ...bottomAxis(x, bottom, unit)],
  };
}

/** How many letters the names beside a figure have, within some pixels. */
function lettersOf(rows: readonly { readonly name: string }[], most: number): number {
  const longest = Math.max(4, ...rows.map(({ name }) => name.length));
  return Math.min(longest, Math.floor(most / letterWidth));
}

function heading(title: string): Shape {
  return label(shortened(title, 90), { x: 8, y: 18, className: "strong" });
}

function frameOf({ width, height }: PlotSize): {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
} {
  return { left: margin.left, right: width - margin.right, top: margin.top, bottom: height - margin.bottom };
}

function meanMark(
  { value, low, high }: MarkedMean,
  x: Scale,
  frame: { readonly top: number; readonly bottom: number },
): Shape[] {
  const clamp = (number: number): number => x.at(Math.max(x.from, Math.min(x.to, number)));
  return [
    shape("rect", {
      x: place(clamp(low)),
      y: frame.top,
      width: place(Math.max(0.5, clamp(high) - clamp(low))),
      height: frame.bottom - frame.top,
      class: "band",
    }),
    shape("path", { d: `M${place(clamp(value))} ${frame.top}V${frame.bottom}`, class: "mark" }),
  ];
}

function binsOf(values: readonly number[]): { from: number; to: number; count: number }[] {
  if (values.length === 0) return [];
  const [low, high] = extentOf(values);
  const different = new Set(values).size;
  const isWhole = values.every(Number.isInteger) && high - low < barsMost;
  const bins = isWhole
    ? high - low + 1
    : Math.min(binsMost, Math.max(1, Math.ceil(Math.sqrt(different)) * 2));
  const from = isWhole ? low - 0.5 : low;
  const width = isWhole ? 1 : (high - low) / bins || 1;
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of values) {
    const at = Math.min(bins - 1, Math.floor((value - from) / width));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count, at) => ({ from: from + at * width, to: from + (at + 1) * width, count }));
}

function sentence(title: string, values: readonly number[]): string {
  const [low, high] = extentOf(values);
  const range = values.length === 0 ? "" : `, from ${shortNumber(low)} to ${shortNumber(high)}`;
  return `${title}: ${values.length} values${range}`;
}
