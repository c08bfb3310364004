import type { ReturnsComparison } from "../../evaluate/returns/compare-returns.ts";
import type { EvaluatedReturns } from "../../evaluate/returns/evaluate-returns.ts";
import type { Interval } from "../../stats/interval.ts";
import { count, formatDuration, formatNumber } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";

/** A policy's returns in an environment, for people. */
export function formatReturns(result: EvaluatedReturns, wallMs: number, paint: Painter): string[] {
  const { envName, policy, rollouts, seeds, effective, meanReturn, interval, faults } = result;
  return [
    `${paint("strong", clip(policy, 80))}  ${clip(envName, 200)}  ${count(rollouts, "rollout")} of ${count(seeds.length, "seed")}`,
    ...sameLines(rollouts, effective, "rollout", paint),
    `  mean return ${meanReturn === null ? "none" : formatNumber(meanReturn)}${spanText(interval)}`,
    `  ${faultText(faults, paint)}   ${formatDuration(wallMs)}`,
  ];
}

/** Two policies under the same seeds, for people. */
export function formatReturnsComparison(
  comparison: ReturnsComparison,
  { elo, wallMs }: { readonly elo: readonly [number, number]; readonly wallMs: number },
  paint: Painter,
): string[] {
  const { envName, a, b, seeds, pairs, effective, difference, selfCheck } = comparison;
  const isEqual = selfCheck.equal === selfCheck.rollouts;
  const check = paint(
    isEqual ? "good" : "bad",
    `run twice ${selfCheck.equal}/${selfCheck.rollouts} byte-equal`,
  );
  const head = `${paint("strong", `${clip(a, 80)} v ${clip(b, 80)}`)}  ${clip(envName, 200)}`;
  if (!isEqual) {
    return [
      `${head}  ${check}`,
      `${paint("bad", "not reproducible")}: environment or policy depends on something besides the seed, so nothing was compared`,
    ];
  }
  return [
    `${head}  ${count(pairs, "pair")} on ${count(seeds.length, "common seed")}  ${check}`,
    ...sameLines(pairs, effective, "pair", paint),
    ...(difference === null
      ? []
      : [
          `  mean return A ${formatNumber(difference.means[0])}   B ${formatNumber(difference.means[1])}`,
          `  A - B ${signed(difference.mean)}${spanText(difference.interval)}`,
        ]),
    ...strengthLines(comparison, elo),
    `  A: ${faultText(comparison.faults.a, paint)}   B: ${faultText(comparison.faults.b, paint)}   ${formatDuration(wallMs)}`,
    verdictLine(comparison, paint),
  ];
}

function strengthLines(
  { counts, better, los, nelo, sprt, difference }: ReturnsComparison,
  elo: readonly [number, number],
): string[] {
  if (better === null || los === null || nelo === null) return [];
  const [lower, same, higher] = counts;
  const gain = difference?.varianceReduction ?? null;
  const { low, high } = better.interval;
  return [
    `  seeds on which A is higher ${higher}, equal ${same}, lower ${lower}   P(A>B) ${formatShare(better.mean)} [${formatShare(low)}, ${formatShare(high)}]   LOS ${(100 * los).toFixed(1)} %   nElo ${nelo.value.toFixed(0)}`,
    `  SPRT nElo [${elo.join(", ")}]   LLR ${sprt.llr.toFixed(2)} in [${sprt.low.toFixed(2)}, ${sprt.high.toFixed(2)}]   pairing: variance reduction ${gain === null ? "not defined" : `×${gain.toFixed(2)}`}`,
  ];
}

function verdictLine(
  { decision, a, b, leftOut, effective, pairs }: ReturnsComparison,
  paint: Painter,
): string {
  if (decision === "better") return `${paint("good", "yes")}: ${a} is better than ${b}`;
  if (decision === "not better") return `${paint("bad", "no")}: ${a} is not better than ${b}`;
  const unknown = paint("warn", "not shown");
  if (leftOut > 0)
    return `${unknown}: under ${count(leftOut, "seed")} a fault left no return to compare; nothing is decided without them`;
  if (effective < pairs) return `${unknown}: one pair shows nothing in general; is the seed ignored?`;
  return `${unknown}: whether ${a} is better than ${b} is not decided`;
}

/** How much was observed, before anything is said of what it shows. */
function sameLines(played: number, effective: number, noun: string, paint: Painter): string[] {
  if (effective >= played) return [];
  return [`  ${paint("warn", "effective:")} 1 ${noun} instead of ${played}: every seed gave the same play`];
}

function faultText(faults: Readonly<Record<string, number>>, paint: Painter): string {
  const found = Object.entries(faults);
  if (found.length === 0) return "faults 0";
  return paint("bad", `faults ${found.map(([name, times]) => `${times} ${name}`).join(", ")}`);
}

function spanText(interval: Interval | null): string {
  if (interval === null || interval.method === "none")
    return interval === null ? "" : " (no interval: nothing varied)";
  const { low, high, level, method } = interval;
  return ` [${formatNumber(low)}, ${formatNumber(high)}] (${Math.round(100 * level)} %, ${method})`;
}

function signed(value: number): string {
  return value < 0 ? formatNumber(value) : `+${formatNumber(value)}`;
}

function formatShare(value: number): string {
  return value.toFixed(2);
}
