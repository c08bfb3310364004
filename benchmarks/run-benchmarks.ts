import { cpus, release } from "node:os";

import { defaultImageName } from "../src/image/default-image.ts";
import { closeSandboxes } from "../src/sandbox/sandbox-host.ts";
import { isReached, type Figure, type Scenario } from "./scenario.ts";
import { auditScenario } from "./scenarios/audit.ts";
import { branchingScenario } from "./scenarios/branching.ts";
import { childrenScenario } from "./scenarios/children.ts";
import { flatScenario } from "./scenarios/flat.ts";
import { flatBranchesScenario } from "./scenarios/flat-branches.ts";
import { fleetScenario } from "./scenarios/fleet.ts";
import { gamesScenario } from "./scenarios/games.ts";
import { librariesScenario } from "./scenarios/libraries.ts";
import { memoryScenario } from "./scenarios/memory.ts";
import { preparedScenario } from "./scenarios/prepared.ts";
import { recorderScenario } from "./scenarios/recorder.ts";
import { scoringScenario } from "./scenarios/scoring.ts";
import { sprtScenario } from "./scenarios/sprt.ts";
import { sealedScenario } from "./scenarios/sealed.ts";
import { startScenario } from "./scenarios/start.ts";
import { serving } from "./scenarios/serving.ts";
import { servingOpenEnv } from "./scenarios/serving-openenv.ts";
import { servingPrograms } from "./scenarios/serving-programs.ts";
import { servingVectors } from "./scenarios/serving-vectors.ts";
import { steppingScenario } from "./scenarios/stepping.ts";
import { stepsScenario } from "./scenarios/steps.ts";
import { throughputScenario } from "./scenarios/throughput.ts";
import { viewScenario } from "./scenarios/view.ts";

const scenarios: readonly Scenario[] = [
  startScenario,
  throughputScenario,
  recorderScenario,
  sealedScenario,
  childrenScenario,
  auditScenario,
  stepsScenario,
  steppingScenario,
  branchingScenario,
  preparedScenario,
  memoryScenario,
  librariesScenario,
  flatScenario,
  flatBranchesScenario,
  gamesScenario,
  sprtScenario,
  scoringScenario,
  serving,
  servingPrograms,
  servingVectors,
  servingOpenEnv,
  viewScenario,
  fleetScenario,
];

/** How benchmarks are run. */
export interface BenchmarkOptions {
  /** One scenario; all where it is undefined. */
  readonly name?: string;
  readonly json: boolean;
  readonly onProgress: (line: string) => void;
}

/** What they found. */
export interface BenchmarkReport {
  /** 0 where every figure is within its reach, 1 where one is not, 2 for an unknown name. */
  readonly exitCode: 0 | 1 | 2;
  readonly document: unknown;
  /** For people. */
  readonly text: string;
}

/** Runs the benchmarks one after the other; `SAMESEED_BENCH_QUICK=1` makes them short. */
export async function runBenchmarks(options: BenchmarkOptions): Promise<BenchmarkReport> {
  const chosen = scenarios.filter(({ name }) => options.name === undefined || name === options.name);
  if (chosen.length === 0) {
    const text = `there is no benchmark ${options.name}; there are ${scenarios.map(({ name }) => name).join(", ")}`;
    return { exitCode: 2, document: { error: text }, text };
  }
  const quick = process.env["SAMESEED_BENCH_QUICK"] === "1";
  const results: { readonly scenario: Scenario; readonly figures: readonly Figure[] }[] = [];
  try {
    for (const scenario of chosen) {
      options.onProgress(`${scenario.name}: ${scenario.about}`);
      const figures = await scenario.run({ image: defaultImageName, quick, say: options.onProgress });
      results.push({ scenario, figures });
    }
  } finally {
    await closeSandboxes();
  }
  const figures = results.flatMap(({ scenario, figures: found }) =>
    found.map((figure) => ({ scenario: scenario.name, ...figure, reached: isReached(figure) ?? null })),
  );
  return {
    exitCode: figures.some(({ reached }) => reached === false) ? 1 : 0,
    document: { machine: machine(), quick, figures },
    text: table(figures),
  };
}

function machine(): Record<string, string | number> {
  const processors = cpus();
  return {
    processors: processors.length,
    model: processors[0]?.model ?? "unknown",
    kernel: release(),
    node: process.version,
  };
}

function table(figures: readonly (Figure & { scenario: string; reached: boolean | null })[]): string {
  const rows = figures.map((figure) => [
    figure.scenario,
    figure.name,
    `${format(figure.value)} ${figure.unit}`.trim(),
    reachText(figure),
    figure.reached === null ? "" : figure.reached ? "ok" : "NOT REACHED",
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function reachText({ reach, unit }: Figure): string {
  if (reach === undefined) return "";
  return "most" in reach
    ? `at most ${format(reach.most)} ${unit}`.trim()
    : `at least ${format(reach.least)} ${unit}`.trim();
}

function format(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
