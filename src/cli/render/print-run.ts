import type { RunReader } from "../../store/run-reader.ts";
import type { Cli } from "../cli.ts";
import { forceCommand, shellWord } from "../parse/shell-words.ts";
import { shownPath, type RecordedByCommand } from "../record-with-progress.ts";
import { jsonText } from "./json-text.ts";
import { count, formatDuration, formatNumber, formatRate } from "./numbers.ts";
import { toRolloutDocument, toSummaryDocument, type SummaryDocument } from "./rollout-document.ts";
import { environmentName, formatFaults, formatOutcomes, formatRollouts, policyNames } from "./run-text.ts";

/** How a run is printed. */
export type RunFormat = "text" | "json" | "ndjson";

const mostRows = 10;
const mostFaults = 10;

/** Prints a run that is recorded. @returns the exit code: 0, or 1 where a rollout ended in a fault */
export async function printRun(
  cli: Cli,
  reader: RunReader,
  { run, recorded, wallMs }: RecordedByCommand,
  format: RunFormat,
): Promise<number> {
  const summary = toSummaryDocument(reader.statistics(), recorded, wallMs);
  if (format === "json") await printDocument(cli, reader, run.dir, summary);
  else if (format === "ndjson")
    await cli.output.write(`${jsonText({ runId: run.runId, dir: run.dir, summary })}\n`);
  else await printText(cli, reader, run.dir, summary);
  return hasFaults(summary) ? 1 : 0;
}

/** One document, a rollout a line, written while it is read: no run is too long for it. */
async function printDocument(
  cli: Cli,
  reader: RunReader,
  dir: string,
  summary: SummaryDocument,
): Promise<void> {
  const { output } = cli;
  const { runId, spec } = reader.manifest;
  await output.write(
    `{"runId":${jsonText(runId)},"dir":${jsonText(dir)},"spec":${jsonText(spec)},"rollouts":[`,
  );
  let before = "\n";
  for (const row of reader.rows()) {
    await output.write(before + jsonText(toRolloutDocument(row)));
    before = ",\n";
  }
  await output.write(`\n],"summary":${jsonText(summary)}}\n`);
}

async function printText(cli: Cli, reader: RunReader, dir: string, summary: SummaryDocument): Promise<void> {
  const { paint } = cli;
  const { spec, image } = reader.manifest;
  const environment = paint("strong", environmentName(spec.environment));
  const folder = shownPath(dir);
  const pace =
    summary.rolloutsPerSecond === 0
      ? "nothing was missing"
      : `${formatDuration(summary.wallMs)} · ${formatRate(summary.rolloutsPerSecond)} rollouts/s`;
  const mean = summary.meanReward === null ? "" : ` · mean return ${formatNumber(summary.meanReward)}`;
  await cli.output.lines([
    `${environment} · policy ${policyNames(spec)} · image ${image.name} ${image.manifest.digest.slice(0, 12)}`,
    "",
    ...formatRollouts(reader.rows().take(mostRows), paint, cli.output.columns),
    ...(reader.size > mostRows
      ? [`  … ${reader.size - mostRows} more: sameseed show ${shellWord(folder)} lists all`]
      : []),
    "",
    ...(hasFaults(summary) ? faultLines(cli, reader, summary) : []),
    `${count(summary.rollouts, "rollout")}: ${formatOutcomes(summary.outcomes, paint)}${mean} · ${pace}`,
    ...(summary.meanReward !== null && isSeedIgnored(reader)
      ? [`${paint("warn", "warning:")} every seed gave the same trajectory: is the seed ignored?`]
      : []),
    `recorded in ${folder}`,
    nextLine(cli, folder, summary),
  ]);
}

function faultLines({ paint }: Cli, reader: RunReader, summary: SummaryDocument): string[] {
  return [
    paint("bad", `${count(faultCount(summary), "rollout")} ended in a fault:`),
    ...formatFaults(reader.rows(), mostFaults, paint),
    "",
  ];
}

/** What to do next: a run without a complete rollout has nothing that could be verified. */
function nextLine({ args, paint }: Cli, folder: string, summary: SummaryDocument): string {
  if (faultCount(summary) < summary.rollouts) {
    return `next: ${paint("strong", `sameseed verify ${shellWord(folder)}`)} runs all of them again and compares every byte`;
  }
  const again = forceCommand(args, folder);
  return `next: mend the cause, then ${paint("strong", again)} replaces this run`;
}

function faultCount({ outcomes }: SummaryDocument): number {
  const { terminated: _, truncated: __, ...faults } = outcomes;
  return Object.values(faults).reduce((sum, many) => sum + many, 0);
}

function hasFaults(summary: SummaryDocument): boolean {
  return faultCount(summary) > 0;
}

/** Whether all rollouts of a run with several recorded the same. */
function isSeedIgnored(reader: RunReader): boolean {
  if (reader.size < 2) return false;
  // Where all are the same there is one group; where there are many, the others need not be looked for.
  const [group] = reader.identicalTrajectories();
  return group?.seeds.length === reader.size;
}
