import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { exportPage } from "../../view/export-page.ts";
import { makeNewFile } from "../../store/export/new-file.ts";
import { RunReader } from "../../store/run-reader.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { makeForReading } from "../make-for-reading.ts";
import { besidesOf, type ChoiceFlags, chosenOf, rerunForView, type RerunFlags } from "../rerun-for-view.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { count } from "../render/numbers.ts";
import { exportLines, type ExportFormat } from "../render/export-lines.ts";

interface ExportOptions extends RerunFlags, ChoiceFlags {
  readonly format: ExportFormat | "parquet" | "minari";
  readonly steps?: true;
  readonly out?: string;
  readonly html?: string;
}

/** Adds `sameseed export`. */
export function addExportCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("export")
    .summary("write a recorded run as a table for other programs, or as a page to look at")
    .description(
      "Writes one line for each rollout of a run, or one for each step, in seed order. With --html, writes one file that any browser opens without a network: what `sameseed view` shows of the folder.",
    )
    .argument("<DIR>", "the run folder; with --html any folder of recordings")
    .addOption(
      new Option(
        "--format <FORMAT>",
        "csv: a table with a header, values other than numbers and texts as JSON; jsonl: one JSON object a line; parquet: a typed table, arrays as lists; minari: a dataset of the complete episodes",
      )
        .choices(["csv", "jsonl", "parquet", "minari"])
        .default("csv"),
    )
    .option("--steps", "one line for each step instead of one for each rollout")
    .option(
      "--out <FILE>",
      "the file, or the dataset's folder, to write; it must not exist (default: standard output)",
    )
    .option("--html <FILE>", "write a page, which must not exist")
    .addOption(
      new Option(
        "--seeds <SEEDS>",
        "with --html: the rollouts whose steps are in the page, by their seeds (default, without --branch too: all)",
      ).argParser(parseSeeds),
    )
    .addOption(
      new Option(
        "--branch <NUMBERS>",
        "with --html: the branches whose steps are in the page, by their numbers; with --seeds, both",
      ).argParser(parseSeeds),
    )
    .option("--render", "with --html: make pictures of those rollouts first, where there are none")
    .option("--stdio", "with --html: find out first what those rollouts write to stdout and stderr")
    .addHelpText("after", help)
    .action((dir: string, options: ExportOptions) =>
      choose(async (cli) => await exportRun(cli, dir, options)),
    );
}

const help = `
Examples:
  sameseed export runs/lake --out lake.csv
  sameseed export runs/lake --steps --format jsonl --out lake-steps.jsonl
  sameseed export runs/lake --steps --format parquet --out lake.parquet
  sameseed export runs/lake --format minari --out ~/.minari/datasets/lake-v0
  sameseed export runs/lake --html lake.html --seeds 42..45
  sameseed export runs/lake --html lake.html --seeds 42 --render
  sameseed export runs --html futures.html --seeds 42 --branch 0..3

Numbers have all their digits. The reset is step 0 and has no action and no reward. The exit code is 0 when all
is written, 2 for misuse (also where the file exists already), 3 when a file cannot be read or written; then
nothing of it is left.`;

async function exportRun(cli: Cli, dir: string, options: ExportOptions): Promise<number> {
  const { format, steps, out, html, seeds, branch } = options;
  if (html !== undefined) return await exportHtml(cli, dir, { ...options, html });
  if (seeds !== undefined || branch !== undefined || besidesOf(options).length > 0)
    throw new SameseedError(
      "bad_argument",
      "--seeds, --branch, --render and --stdio say what goes into a page",
      {
        hint: "add --html FILE",
      },
    );
  if (steps === true || format === "minari") await makeForReading(cli, dir);
  using reader = await RunReader.open(dir);
  if (format === "minari") return await exportDataset(cli, reader, options);
  if (format === "parquet") return await exportTable(cli, reader, options);
  const lines = exportLines(reader, format, steps === true);
  if (out === undefined) {
    for (const line of lines) await cli.output.write(`${line}\n`);
    return 0;
  }
  await writeLines(cli, out, lines);
  cli.status.note(`wrote ${out}`);
  return 0;
}

async function exportTable(
  cli: Cli,
  reader: RunReader,
  { out, steps }: Pick<ExportOptions, "out" | "steps">,
): Promise<number> {
  if (out === undefined)
    throw new SameseedError("bad_argument", "a Parquet file is not written to standard output", {
      hint: "name it with --out FILE",
    });
  const { exportParquet } = await import("../../store/export/parquet-export.ts");
  await exportParquet(reader, out, steps === true ? "steps" : "rollouts");
  cli.status.note(`wrote ${out}`);
  return 0;
}

async function exportDataset(
  cli: Cli,
  reader: RunReader,
  { out, steps }: Pick<ExportOptions, "out" | "steps">,
): Promise<number> {
  if (steps === true)
    throw new SameseedError("bad_argument", "a dataset of Minari's has the steps anyway", {
      hint: "leave --steps out",
    });
  if (out === undefined)
    throw new SameseedError("bad_argument", "a dataset is not written to standard output", {
      hint: "name its folder with --out NAME-v0",
    });
  const { exportMinari } = await import("../../store/export/minari-export.ts");
  const { id, episodes, leftOut } = await exportMinari(reader, out);
  const rest = leftOut === 0 ? "" : `; ${count(leftOut, "rollout")} left out: no complete episodes`;
  cli.status.note(`wrote ${out}: dataset ${id} with ${count(episodes, "episode")}${rest}`);
  return 0;
}

async function exportHtml(
  cli: Cli,
  dir: string,
  options: ExportOptions & { readonly html: string },
): Promise<number> {
  const { html, steps, out, seeds, branch } = options;
  if (steps === true || out !== undefined)
    throw new SameseedError("bad_argument", "--html writes a page, --steps and --out a table", {
      hint: "name one of them",
    });
  const chosen = chosenOf(options);
  await makeForReading(cli, dir, seeds ?? branch);
  const makes = besidesOf(options);
  if (makes.length > 0) await rerunForView(cli, [dir], makes, chosen);
  const parts = await exportPage(dir, chosen === undefined ? {} : { chosen });
  await writeLines(cli, html, parts);
  cli.status.note(`wrote ${html}`);
  return 0;
}

async function writeLines(cli: Cli, path: string, lines: Iterable<string>): Promise<void> {
  await makeNewFile(path, async () => {
    const file = createWriteStream(path);
    try {
      await once(file, "open");
      for (const line of lines)
        if (!file.write(`${line}\n`)) {
          await once(file, "drain");
          if (cli.signal.aborted) throw new SameseedError("aborted", "interrupted; nothing is written");
        }
      file.end();
      await once(file, "close");
    } finally {
      file.destroy();
    }
  });
}
