import { label, place, shape, type Shape } from "./figure.ts";

/** A line of numbers laid over a line of pixels. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  /** Where a value is, in pixels. */
  readonly at: (value: number) => number;
  /** Round values between both ends, a handful. */
  readonly ticks: readonly number[];
}

/** A linear scale. Where both ends are the same it is widened. */
export function linearScale(
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
  wanted = 5,
): Scale {
  const isFlat = !(high > low);
  const widening = isFlat ? Math.max(Math.abs(low) * 0.1, 0.5) : 0;
  const from = low - widening;
  const to = high + widening;
  return {
    from,
    to,
    at: (value) => start + ((value - from) / (to - from)) * (end - start),
    ticks: ticksOf(from, to, wanted),
  };
}

function ticksOf(from: number, to: number, wanted: number): number[] {
  const rough = (to - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step); at * step <= to + step * 1e-9; at++) ticks.push(at * step);
  return ticks;
}

/** A number for an axis or a sentence: as many digits as tell it from its neighbours, no more. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(5)));
}

/** The lowest and highest of some numbers; [0, 1] of none. */
export function extentOf(values: Iterable<number>): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** The axis below a plot. */
export function bottomAxis(scale: Scale, y: number, title: string): Shape[] {
  const [start, end] = [scale.at(scale.from), scale.at(scale.to)];
  return [
    shape("path", { d: `M${place(start)} ${y}H${place(end)}`, class: "axis" }),
    ...scale.ticks.flatMap((tick) => [
      shape("path", { d: `M${place(scale.at(tick))} ${y}v4`, class: "axis" }),
      label(shortNumber(tick), { x: scale.at(tick), y: y + 16, anchor: "middle", className: "quiet" }),
    ]),
    label(title, { x: (start + end) / 2, y: y + 32, anchor: "middle", className: "quiet" }),
  ];
}

/** The axis at the left of a plot, with lines across it. */
export function leftAxis(scale: Scale, x: number, width: number): Shape[] {
  return scale.ticks.flatMap((tick) => [
    shape("path", { d: `M${x} ${place(scale.at(tick))}h${place(width)}`, class: "grid" }),
    label(shortNumber(tick), { x: x - 6, y: scale.at(tick) + 4, anchor: "end", className: "quiet" }),
  ]);
}
