import type { Comparison } from "../../evaluate/matchup/compare-policies.ts";
import type { ExactMatchup } from "../../evaluate/matchup/exact-matchup.ts";
import type { MatchGame, Side } from "../../evaluate/matchup/match-game.ts";
import type { FaultCounts, MatchupReport, SeatRecord } from "../../evaluate/matchup/report-matchup.ts";
import type { SelfCheck } from "../../evaluate/matchup/self-check.ts";
import { selfCheckSeeds } from "../../evaluate/matchup/self-check.ts";
import { count, formatDuration } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";
import { formatTable } from "./table.ts";

/** What is said of a matchup beside its report. */
export interface MatchupExtras {
  readonly exact?: ExactMatchup;
  /** Every game; the first forfeit of each policy is quoted. */
  readonly games: readonly MatchGame[];
  readonly wallMs: number;
  /** Of a comparison: what playing the policies against themselves found. */
  readonly selfCheck?: SelfCheck;
}

/** A matchup for people. */
export function formatMatchup(report: MatchupReport, extras: MatchupExtras, paint: Painter): string[] {
  return [
    heading(report, extras.selfCheck, paint),
    ...effectiveLines(report, paint),
    ...scoreLines(report, extras.exact, []),
    ...costLines(report, extras, paint),
  ];
}

/** A comparison for people. `maxPairs` is of a test that may stop early. */
export function formatComparison(
  comparison: Comparison,
  extras: MatchupExtras & { readonly elo: readonly [number, number]; readonly maxPairs?: number },
  paint: Painter,
): string[] {
  const { better, selfCheck } = comparison;
  const beside =
    better === null
      ? []
      : [`P(A>B) ${share(better.value)} [${share(better.interval.low)}, ${share(better.interval.high)}]`];
  return [
    heading(comparison, selfCheck, paint),
    ...effectiveLines(comparison, paint),
    ...scoreLines(comparison, undefined, beside),
    ...strengthLines(comparison),
    ...testLines(comparison, extras, paint),
    ...costLines(comparison, extras, paint),
    verdictLine(comparison, paint),
  ];
}

/** What is said in place of a comparison where a policy does not play the same game twice. */
export function formatUnequal({ x, o, env, selfCheck }: Comparison, paint: Painter): string[] {
  return [
    `${paint("strong", `${x} v ${o}`)}  ${env}  ${selfCheckText(selfCheck, paint)}`,
    ...selfCheck.unequal.map(
      ({ policy, seed, game }) =>
        `  ${policy} against itself: seed ${seed} game ${game} differed when played again`,
    ),
    `${paint("bad", "not reproducible")}: a policy depends on something besides the seed, so nothing was compared`,
  ];
}

function heading(
  { x, o, env, units, games, seeds, spec, swap }: MatchupReport,
  selfCheck: SelfCheck | undefined,
  paint: Painter,
): string {
  return [
    paint("strong", `${x} v ${o}`),
    env,
    swap ? `${count(units, "pair")} (${count(games, "game")})` : count(games, "game"),
    `seeds ${seedsText(seeds)}`,
    `spec ${spec.slice("sha256:".length, "sha256:".length + 8)}`,
    ...(selfCheck === undefined ? [] : [selfCheckText(selfCheck, paint)]),
  ].join("  ");
}

function selfCheckText({ seeds, equal }: SelfCheck, paint: Painter): string {
  return paint(equal === seeds ? "good" : "bad", `A/A B/B ${equal}/${seeds} byte-equal`);
}

/** Seeds as they were asked for where they are a range, else the first ones and how many. */
function seedsText(seeds: readonly number[]): string {
  const first = seeds[0] ?? 0;
  const last = seeds.at(-1) ?? 0;
  if (seeds.length > 1 && seeds.every((seed, at) => seed === first + at)) return `${first}..${last}`;
  const shown = seeds.slice(0, selfCheckSeeds).join(",");
  return seeds.length > selfCheckSeeds ? `${shown},… (${seeds.length})` : shown;
}

function scoreLines(
  report: MatchupReport,
  exact: ExactMatchup | undefined,
  beside: readonly string[],
): string[] {
  const { perSeat, interval, swap } = report;
  const digits = interval !== null && interval.high - interval.low < 0.1 ? 3 : 2;
  const how = interval === null ? "" : ` (${Math.round(100 * interval.level)} %, ${interval.method})`;
  const span =
    interval === null ? "" : ` [${signed(interval.low, digits)}, ${signed(interval.high, digits)}]`;
  const row = (label: string, record: SeatRecord, within: string, value: number | undefined): string[] => {
    const { wins, draws, losses, meanReturn } = record;
    const mean = `${meanReturn === null ? "none" : signed(meanReturn, digits)}${within}`;
    const truth = value === undefined ? [] : [`exact ${signed(value, 6)}`];
    const all = within === "" ? [] : beside;
    return [label, String(wins), String(draws), String(losses), [mean, ...truth, ...all].join("   ")];
  };
  const seats = [
    row("as X", perSeat.x, swap ? "" : span, exact?.x.meanReturn),
    ...(perSeat.o === null
      ? []
      : [row("as O", perSeat.o, "", exact?.o === null ? undefined : minus(exact?.o?.meanReturn))]),
  ];
  // Without swapping, the one seat's line is the whole.
  const rows = swap ? [...seats, row("all", report, span, exact?.meanReturn)] : seats;
  const columns = [
    { title: "" },
    { title: "W", align: "right" },
    { title: "D", align: "right" },
    { title: "L", align: "right" },
    { title: `mean return${how}` },
  ] as const;
  return formatTable(columns, rows).map((line) => `  ${line}`);
}

function minus(value: number | undefined): number | undefined {
  return value === undefined ? undefined : 0 - value;
}

function strengthLines({
  elo,
  nelo,
  los,
  pentanomial,
  correlation,
  varianceReduction,
}: Comparison): string[] {
  if (elo === null || nelo === null || los === null) return [];
  const bar = (error: number | null): string => (error === null ? "" : ` ± ${error.toFixed(0)}`);
  const rho = correlation === null ? "not defined" : signed(correlation, 2);
  const factor = varianceReduction === null ? "not defined" : `×${varianceReduction.toFixed(2)}`;
  return [
    `  Elo ${points(elo.value)}${bar(elo.error)} [${points(elo.low)}, ${points(elo.high)}]   nElo ${points(nelo.value)}${bar(nelo.error)}   LOS ${(100 * los).toFixed(1)} %   Ptnml [${pentanomial.join(", ")}]`,
    `  pairing: correlation ${rho}, variance reduction ${factor}`,
  ];
}

function testLines(
  { sprt, pairs }: Comparison,
  { elo, maxPairs }: { readonly elo: readonly [number, number]; readonly maxPairs?: number },
  paint: Painter,
): string[] {
  const { llr, low, high, verdict } = sprt;
  const after =
    maxPairs === undefined ? `after ${count(pairs, "pair")}` : `after ${pairs} of at most ${maxPairs} pairs`;
  const said = {
    elo1: paint("good", "H1 ACCEPTED"),
    elo0: paint("bad", "H0 ACCEPTED"),
    continue: paint("warn", "undecided"),
  }[verdict];
  return [
    `  SPRT nElo [${elo.join(", ")}]   LLR ${llr.toFixed(2)} in [${low.toFixed(2)}, ${high.toFixed(2)}]   ${said} ${after}`,
  ];
}

function costLines(report: MatchupReport, { games, wallMs }: MatchupExtras, paint: Painter): string[] {
  const forfeits = (["x", "o"] as const).flatMap((side) => forfeitText(report, side, games));
  const total = [report.faults.x, report.faults.o].reduce((sum, faults) => sum + sumOf(faults), 0);
  const left = report.unpaired === 0 ? "" : `, and ${report.unpaired} left out with them`;
  const infra = `infra ${report.infra}${left}`;
  return [
    `  forfeits ${total}   ${report.infra === 0 ? infra : paint("bad", infra)}   ${formatDuration(wallMs)}`,
    ...forfeits.map((line) => `    ${line}`),
    ...repetitionLines(report, paint),
    ...(report.infra === 0
      ? []
      : [`    ${clip(games.find(({ infra: why }) => why !== undefined)?.infra ?? "", 300)}`]),
  ];
}

/** Two policies that never draw play one game for ever, and no number of games says more. */
function repetitionLines({ distinct, games, units, effective }: MatchupReport, paint: Painter): string[] {
  if (effective < units) return [];
  if (games < 20 || distinct * 20 > games) return [];
  return [
    `  ${paint("warn", "warning:")} ${count(distinct, "distinct game")} among ${games}: policies without randomness repeat the same game`,
  ];
}

/** How much was observed, before anything is said of what it shows; nothing where every unit counts. */
function effectiveLines({ games, units, effective, swap }: MatchupReport, paint: Painter): string[] {
  if (effective >= units) return [];
  const noun = swap ? "pair of games" : "game";
  return [
    `  ${paint("warn", "effective:")} 1 ${noun} instead of ${games} games: nothing in them is random, so each repeats the same ${swap ? "two games" : "game"}`,
  ];
}

function forfeitText(report: MatchupReport, side: Side, games: readonly MatchGame[]): string[] {
  const faults = Object.entries(report.faults[side]);
  if (faults.length === 0) return [];
  const counts = faults.map(([fault, times]) => `${times} ${fault}`).join(", ");
  const first = games
    .filter(({ forfeit }) => forfeit?.by === side)
    .reduce<MatchGame | undefined>((a, b) => (a !== undefined && isBefore(report, a, b) ? a : b), undefined);
  const where =
    first?.forfeit === undefined
      ? ""
      : `; first in seed ${first.seed} game ${first.game}${first.forfeit.step === undefined ? "" : `, move ${first.forfeit.step}`}: ${clip(first.forfeit.message, 200)}`;
  return [`${report[side]} lost ${counts}${where}`];
}

/** Whether a game counts before another: which finished first is the machine's affair. */
function isBefore({ seeds }: MatchupReport, a: MatchGame, b: MatchGame): boolean {
  const order =
    seeds.indexOf(a.seed) - seeds.indexOf(b.seed) || a.game - b.game || Number(a.swapped) - Number(b.swapped);
  return order < 0;
}

function verdictLine({ decision, x, o, units, effective, meanReturn }: Comparison, paint: Painter): string {
  if (decision === null && effective < units && meanReturn !== null)
    return `${paint("warn", "not shown")}: one pair of games shows nothing in general; in this one ${x} has ${signed(meanReturn, 2)}. Play other openings or opponents, or let a policy draw from its rng`;
  if (decision === "better") return `${paint("good", "yes")}: ${x} is better than ${o}`;
  if (decision === "not better") return `${paint("bad", "no")}: ${x} is not better than ${o}`;
  return `${paint("warn", "not shown")}: whether ${x} is better than ${o} is not decided`;
}

function sumOf(faults: FaultCounts): number {
  return Object.values(faults).reduce((sum, times) => sum + times, 0);
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function points(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(0)}`;
}

/** A share between 0 and 1 with two digits and no zero before them. */
function share(value: number): string {
  return value.toFixed(2).replace(/^0\./, ".");
}
