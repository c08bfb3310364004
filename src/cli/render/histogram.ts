import { formatNumber } from "./numbers.ts";

const bins = 10;
const widestBar = 40;
/** Below so many values a table shows more than a picture. */
const fewestValues = 8;

/** How returns are spread: a line for each tenth of their range; nothing for few values, or where all are the same. */
export function formatHistogram(returns: readonly number[]): string[] {
  const finite = returns.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (finite.length < fewestValues || low === high) return [];
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of finite) {
    const bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));
    counts[bin] = counts[bin]! + 1;
  }
  const most = Math.max(...counts);
  const edges = counts.map((_, bin) => formatNumber(low + ((high - low) * bin) / bins));
  const width = Math.max(...edges.map((edge) => edge.length));
  return [
    "returns, from the edge of each tenth of their range:",
    ...counts.map((many, bin) => {
      const bar = "█".repeat(many === 0 ? 0 : Math.max(1, Math.round((many / most) * widestBar)));
      return `  ${edges[bin]!.padStart(width)}  ${bar}${many === 0 ? "" : ` ${many}`}`;
    }),
    "",
  ];
}
