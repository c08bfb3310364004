import type { Command } from "commander";

import { diffRuns } from "../../verify/diff-runs.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { formatDiff } from "../render/diff-text.ts";
import { jsonText } from "../render/json-text.ts";
import { jsonOption } from "./options.ts";

/** Adds `sameseed diff`. */
export function addDiffCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("diff")
    .summary("compare two recorded runs seed by seed")
    .description(
      "Compares two run folders without running anything: for each seed the same play, or the first step, path and values that differ; and what differs between their specs, images, worlds and limits.",
    )
    .argument("<DIR1>", "a run folder")
    .argument("<DIR2>", "the run folder to compare it with")
    .addOption(jsonOption("the comparison as one JSON document"))
    .addHelpText("after", help)
    .action((first: string, second: string, options: { readonly json?: true }) =>
      choose(async (cli) => await diff(cli, [first, second], options.json === true)),
    );
}

const help = `
Examples:
  sameseed diff runs/monday runs/tuesday
  sameseed diff runs/numpy-2.3 runs/numpy-2.4 --json

The exit code is 0 when both runs have the same seeds with the same play, 1 when not, 2 for misuse, 3 when a
folder cannot be read.`;

async function diff(cli: Cli, dirs: readonly [string, string], json: boolean): Promise<number> {
  const result = await diffRuns(...dirs);
  if (json) await cli.output.write(`${jsonText(result)}\n`);
  else await cli.output.lines(formatDiff(dirs, result, cli.paint));
  return result.same ? 0 : 1;
}
