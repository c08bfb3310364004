import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { Option, type Command } from "commander";

import { storeError } from "../../store/store-error.ts";
import { RunReader } from "../../store/run-reader.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { exportLines, type ExportFormat } from "../render/export-lines.ts";

interface ExportOptions {
  readonly format: ExportFormat;
  readonly steps?: true;
  readonly out?: string;
}

/** Adds `sameseed export`. */
export function addExportCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("export")
    .summary("write a recorded run as a table for other programs")
    .description("Writes one line for each rollout of a run, or one for each step, in seed order.")
    .argument("<DIR>", "the run folder")
    .addOption(
      new Option(
        "--format <FORMAT>",
        "csv: a table with a header, values that are no number or text as JSON; jsonl: one JSON object a line",
      )
        .choices(["csv", "jsonl"])
        .default("csv"),
    )
    .option("--steps", "one line for each step in place of one for each rollout")
    .option("--out <FILE>", "the file to write, which must not exist (default: standard output)")
    .addHelpText("after", help)
    .action((dir: string, options: ExportOptions) =>
      choose(async (cli) => await exportRun(cli, dir, options)),
    );
}

const help = `
Examples:
  sameseed export runs/lake > lake.csv
  sameseed export runs/lake --steps --format jsonl --out lake-steps.jsonl

Numbers have all their digits. The reset is step 0 and has no action and no reward. The exit code is 0 when all
is written, 2 for misuse, 3 when a file cannot be read or written.`;

async function exportRun(cli: Cli, dir: string, { format, steps, out }: ExportOptions): Promise<number> {
  using reader = await RunReader.open(dir);
  const lines = exportLines(reader, format, steps === true);
  if (out === undefined) {
    for (const line of lines) await cli.output.write(`${line}\n`);
    return 0;
  }
  await writeLines(out, lines);
  cli.status.note(`wrote ${out}`);
  return 0;
}

/** Never over a file that is there: an export is made anew sooner than what it overwrote. */
async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const file = createWriteStream(path, { flags: "wx" });
  try {
    await once(file, "open");
    for (const line of lines) if (!file.write(`${line}\n`)) await once(file, "drain");
    file.end();
    await once(file, "close");
  } catch (error) {
    file.destroy();
    throw storeError(error, "Writing", path);
  }
}
