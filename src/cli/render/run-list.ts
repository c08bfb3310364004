import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { environmentName, policyNames } from "../../model/spec-names.ts";
import { isComplete } from "../../model/outcome.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import { isRunFolder } from "../../store/run-folder.ts";
import { RunReader } from "../../store/run-reader.ts";
import type { Cli } from "../cli.ts";
import { shellPath } from "../parse/shell-words.ts";
import { formatHistogram } from "./histogram.ts";
import { jsonText } from "./json-text.ts";
import { count, formatReward } from "./numbers.ts";
import { writeRunDocument } from "./rollout-document.ts";
import { formatFaults, formatOutcomes, formatRollouts, imageText } from "./run-text.ts";
import { clip } from "./style.ts";
import { formatTable, type Column } from "./table.ts";

const mostFaults = 10;

/** Prints what a run holds: every rollout, its faults, how the returns are spread. */
export async function listRun(cli: Cli, dir: string, json: boolean): Promise<void> {
  using reader = await RunReader.open(dir);
  if (json) await printJson(cli, reader, dir);
  else await printText(cli, reader, dir);
}

async function printText(cli: Cli, reader: RunReader, dir: string): Promise<void> {
  const { paint, output } = cli;
  const { spec, image, world, createdAt, sameseedVersion } = reader.manifest;
  const { rollouts, missing, outcomes, meanReturn } = reader.statistics();
  const returns = [...reader.rows()]
    .filter(({ outcome }) => isComplete(outcome))
    .flatMap(({ totalReward }) => (typeof totalReward === "number" ? [totalReward] : []));
  const mean = meanReturn === null ? "" : ` · mean return ${formatReward(meanReturn)}`;
  const [first] = reader.rows();
  await output.lines([
    `${paint("strong", environmentName(spec.environment))} · policy ${policyNames(spec)} · ${imageText(image.name, image.manifest.digest)} · ${world} world`,
    paint("dim", `recorded ${createdAt} by sameseed ${sameseedVersion}`),
    "",
    ...formatRollouts(reader.rows(), paint, output.columns),
    "",
    ...formatFaults(reader.rows(), mostFaults, paint),
    ...formatHistogram(returns),
    `${count(rollouts, "rollout")}: ${formatOutcomes(outcomes, paint)}${mean}`,
    ...(missing > 0
      ? [
          `${paint("warn", "warning:")} ${count(missing, "seed")} of the run ${missing === 1 ? "is" : "are"} not recorded`,
        ]
      : []),
    ...(first === undefined
      ? []
      : [`one rollout step by step: sameseed show ${shellPath(dir)} ${choiceOf(first)}`]),
  ]);
}

/** As `run --json`, without what only the command that recorded it knows. */
async function printJson({ output }: Cli, reader: RunReader, dir: string): Promise<void> {
  const { rollouts, missing, outcomes, steps, meanReturn, meanReward } = reader.statistics();
  await writeRunDocument(output, reader, dir, { rollouts, missing, outcomes, steps, meanReturn, meanReward });
}

/** The run folders in a folder that is none itself, such as `runs/` or a matchup's. */
export function runFoldersIn(dir: string): string[] {
  if (!existsSync(dir) || !statSync(dir).isDirectory() || isRunFolder(dir)) return [];
  const names = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names
    .map(({ name }) => join(dir, name))
    .filter(isRunFolder)
    .sort();
}

/** Prints a line for each run. */
export async function listRuns(
  { output, paint }: Cli,
  dirs: readonly string[],
  json: boolean,
): Promise<void> {
  const rows: string[][] = [];
  for (const dir of dirs) {
    using reader = await RunReader.open(dir);
    const { spec, createdAt, runId } = reader.manifest;
    const { rollouts, missing, meanReturn } = reader.statistics();
    const environment = environmentName(spec.environment);
    if (json) {
      const line = { dir, runId, environment, rollouts, missing, meanReturn, createdAt };
      await output.write(`${jsonText(line)}\n`);
      continue;
    }
    rows.push([
      dir,
      clip(environment, 40),
      clip(policyNames(spec), 40),
      missing === 0 ? String(rollouts) : `${rollouts}/${rollouts + missing}`,
      meanReturn === null ? "" : formatReward(meanReturn),
      createdAt.slice(0, 16).replace("T", " "),
    ]);
  }
  if (json) return;
  const [head = "", ...body] = formatRuns(rows, output.columns);
  await output.lines([paint("dim", head), ...body]);
}

const runColumns: readonly Column[] = [
  { title: "run" },
  { title: "environment" },
  { title: "policy" },
  { title: "rollouts", align: "right" },
  { title: "mean return", align: "right" },
  { title: "recorded (UTC)" },
];

/** Which columns are left out where there is no room: folders and results are what the table is read for. */
const leftOut: readonly (readonly string[])[] = [
  [],
  ["recorded (UTC)"],
  ["recorded (UTC)", "policy"],
  ["recorded (UTC)", "policy", "environment"],
];

/**
 * A table of runs, a cell for each of {@link runColumns}.
 * @param width the most characters of a line; a folder is never cut, so that it can be copied
 */
export function formatRuns(
  rows: readonly (readonly string[])[],
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const tables = leftOut.map((without) => {
    const kept = runColumns.map(({ title }) => !without.includes(title));
    const pick = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => kept[at]);
    return formatTable(pick(runColumns), rows.map(pick));
  });
  return tables.find((lines) => lines.every(({ length }) => length <= width)) ?? tables.at(-1)!;
}

/** How a command line names a rollout. */
function choiceOf({ seed, branch }: RolloutSummary): string {
  return branch === undefined ? `--seed ${seed}` : `--branch ${branch.number}`;
}
