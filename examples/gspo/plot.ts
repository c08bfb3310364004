/** One curve: a value from 0 to 1 for each measured step. */
export interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly (readonly [step: number, value: number])[];
}

const [width, height, left, bottom, top, right] = [640, 360, 50, 45, 40, 20];

/** Curves as an SVG document. */
export function plot(title: string, curves: readonly Curve[]): string {
  const last = Math.max(1, ...curves.flatMap(({ points }) => points.map(([step]) => step)));
  const x = (step: number): string => (left + (step / last) * (width - left - right)).toFixed(1);
  const y = (value: number): string => (height - bottom - value * (height - bottom - top)).toFixed(1);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (value) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/><text x="${left - 8}" y="${y(value)}" dy="4" text-anchor="end">${value}</text>`,
  );
  const lines = curves.map(({ colour, dashed, points }) => {
    const path = points.map(([step, value]) => `${x(step)},${y(value)}`).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashed === true ? ' stroke-dasharray="6 4"' : ""}/>`;
  });
  const names = curves.map(
    ({ name, colour }, at) =>
      `<text x="${width - right - 8}" y="${height - bottom - 14 - 16 * (curves.length - 1 - at)}" text-anchor="end" fill="${colour}">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${width / 2}" y="22" text-anchor="middle" font-size="15">${title}</text>`,
    ...grid,
    `<text x="${(width + left) / 2}" y="${height - 12}" text-anchor="middle">step (of ${last})</text>`,
    ...lines,
    ...names,
    "</svg>",
    "",
  ].join("\n");
}
