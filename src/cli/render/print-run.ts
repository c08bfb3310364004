import { environmentName, policyNames } from "../../model/spec-names.ts";
import type { RolloutSummary, RunSpec } from "../../model/rollout.ts";
import type { RunReader } from "../../store/run-reader.ts";
import type { Cli } from "../cli.ts";
import { forceCommand, shellPath } from "../parse/shell-words.ts";
import { shownPath, type RecordedByCommand } from "../record-with-progress.ts";
import { jsonText } from "./json-text.ts";
import { count, formatDuration, formatRate, formatReward } from "./numbers.ts";
import { toSummaryDocument, type SummaryDocument, writeRunDocument } from "./rollout-document.ts";
import { printable } from "./safe-text.ts";
import { formatFaults, formatOutcomes, formatRollouts, imageText } from "./run-text.ts";

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
  if (format === "json") await writeRunDocument(cli.output, reader, run.dir, summary);
  else if (format === "ndjson")
    await cli.output.write(`${jsonText({ runId: run.runId, dir: run.dir, summary })}\n`);
  else await printText(cli, reader, run.dir, summary);
  return hasFaults(summary) ? 1 : 0;
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
  const mean = summary.meanReturn === null ? "" : ` · mean return ${formatReward(summary.meanReturn)}`;
  await cli.output.lines([
    `${environment} · policy ${policyNames(spec)} · ${imageText(image.name, image.manifest.digest)}`,
    "",
    ...formatRollouts(reader.rows().take(mostRows), paint, cli.output.columns),
    ...(reader.size > mostRows
      ? [`  … ${reader.size - mostRows} more: sameseed show ${shellPath(folder)} lists all`]
      : []),
    "",
    ...(hasFaults(summary) ? faultLines(cli, reader, summary) : []),
    `${count(summary.rollouts, "rollout")}: ${formatOutcomes(summary.outcomes, paint)}${mean} · ${pace}`,
    ...(summary.meanReturn !== null && isSeedIgnored(reader)
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
    ...missingFileLines(reader),
    ...networkLines(reader),
    "",
  ];
}

/** A file or module that was not found is often one that lies beside the source and was not brought along. */
function missingFileLines(reader: RunReader): string[] {
  const isMissing = (row: RolloutSummary): boolean =>
    row.error !== undefined && /^(ModuleNotFoundError|FileNotFoundError)$/.test(row.error.type);
  if (!reader.rows().some(isMissing)) return [];
  const place = placeInFiles(reader.manifest.spec);
  if (place !== undefined)
    return [
      `  the environment's file lies at ${printable(place)} of the folder of --files, and is put at its top; for its place name it`,
      "  as PACKAGE:Id, which the package registers, and with --files the folder that PACKAGE lies in",
    ];
  return [
    "  a sandbox holds the image and the source's own file; --files DIR brings a folder beside the environment,",
    "  --policy-files DIR one beside the policy; packages come with an image: sameseed image build",
  ];
}

/** Where the folder of --files has the environment's own file, if it has it further down. */
function placeInFiles({ environment, files = [] }: RunSpec): string | undefined {
  if (environment.kind !== "file") return undefined;
  const data = Buffer.from(environment.source).toString("base64");
  return files.find((file) => file.path.endsWith(`/${environment.name}`) && file.data === data)?.path;
}

/** Code that looks for a network gets errors that do not say that there is none. */
function networkLines(reader: RunReader): string[] {
  const wantsNetwork = ({ error }: RolloutSummary): boolean =>
    error !== undefined &&
    (/^(URLError|gaierror|ConnectionError)$/.test(error.type) ||
      /socket|urlopen/.test(error.traceback ?? ""));
  if (!reader.rows().some(wantsNetwork)) return [];
  return ["  a sandbox has no network: bring files with --files, packages with an image"];
}

/** What to do next: a run without a complete rollout has nothing that could be verified. */
function nextLine({ args, paint }: Cli, folder: string, summary: SummaryDocument): string {
  if (faultCount(summary) < summary.rollouts) {
    return `next: ${paint("strong", `sameseed verify ${shellPath(folder)}`)} runs all of them again and compares every byte`;
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
