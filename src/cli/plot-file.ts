import { existsSync, writeFileSync } from "node:fs";
import { Option } from "commander";

import { SameseedError } from "../base/error.ts";
import type { ImprovementRound } from "../evaluate/learning/improve-policy.ts";
import type { LeagueTable } from "../evaluate/league/league-report.ts";
import type { Interval } from "../stats/interval.ts";
import { outputError } from "../store/store-error.ts";
import { type Figure, svgText } from "../view/draw/figure.ts";
import { barPlot, histogram, intervalPlot, linePlot } from "../view/draw/plots.ts";
import type { Cli } from "./cli.ts";

const width = 720;
const height = 320;

/** `--plot FILE.svg`. */
export function plotOption(what: string): Option {
  return new Option("--plot <FILE>", `draw ${what} into this SVG file, which must not exist`);
}

/** Looks before anything slow is begun. @throws `bad_argument`, `io_failed` */
export function checkPlot(path: string | undefined): void {
  if (path === undefined) return;
  if (!path.endsWith(".svg"))
    throw new SameseedError("bad_argument", `--plot: ${JSON.stringify(path)} does not end in .svg`, {
      hint: "plots are SVG files, which browsers and documents show",
    });
  if (existsSync(path))
    throw new SameseedError("bad_argument", `--plot: ${path} is there already`, {
      hint: "name another file",
    });
}

/** Writes a plot, where one was asked for. @throws `io_failed`, `disk_full` */
export function writePlot(cli: Cli, path: string | undefined, figure: Figure): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, svgText(figure), { flag: "wx" });
  } catch (error) {
    throw outputError(error, path);
  }
  cli.status.note(`wrote ${path}`);
}

/** Values with their mean: the seeds of a matchup, or the returns in an environment. */
export function returnsFigure(
  title: string,
  values: readonly (number | null)[],
  mean: number | null,
  interval: Interval | null,
): Figure {
  const given = values.filter((value) => value !== null);
  const marked =
    mean === null || interval === null ? null : { value: mean, low: interval.low, high: interval.high };
  return histogram(given, { width, height, title, unit: "return", mean: marked });
}

/** The ratings of a league. */
export function leagueFigure(game: string, { ratings, players }: LeagueTable): Figure {
  const rows = (ratings?.ratings ?? []).map(({ player, elo, low, high }) => ({
    name: player,
    value: elo,
    low,
    high,
  }));
  return intervalPlot(rows, { title: `${game}: ${players.length} players`, unit: "Elo", zero: 0, width });
}

/** How the tests of a training's rounds ended. */
export function trainingFigure(rounds: readonly ImprovementRound[]): Figure {
  const last = rounds.at(-1);
  return linePlot({
    width,
    height,
    title: "Evidence for each round's policy against the best before",
    unit: "episodes",
    x: rounds.map(({ episodes }) => episodes),
    lines: [{ name: "log-likelihood ratio", values: rounds.map(({ llr }) => llr) }],
    bounds:
      last === undefined
        ? []
        : [
            { name: "promoted", value: last.high },
            { name: "not promoted", value: last.low },
          ],
  });
}

/** A figure of a benchmark, of what is drawn. */
export interface DrawnFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly reach?: { readonly most: number } | { readonly least: number };
}

/** Ratios to their baselines, each above the reach it is held to; where there is none, the figures of the first unit. */
export function benchFigure(figures: readonly DrawnFigure[]): Figure {
  const isRatio = figures.some(({ unit }) => unit === "x");
  const unit = isRatio ? "x" : (figures[0]?.unit ?? "");
  const rows = figures
    .filter((figure) => figure.unit === unit)
    .map(({ name, value, reach }) => {
      if (reach === undefined) return { name, value };
      return { name, value, baseline: "most" in reach ? reach.most : reach.least };
    });
  return barPlot(rows, {
    title: isRatio ? "Ratios to their baselines, above what they are held to" : "Figures",
    unit,
    width,
  });
}
