import { existsSync } from "node:fs";
import type { Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { benchFigure, checkPlot, type DrawnFigure, plotOption, writePlot } from "../plot-file.ts";
import { prepareHost } from "../prepare-host.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { jsonText } from "../render/json-text.ts";
import { jsonOption } from "./options.ts";

/** What `benchmarks/run-benchmarks.ts` of the repository offers. */
interface BenchmarksModule {
  runBenchmarks(
    this: void,
    options: {
      readonly name?: string;
      readonly json: boolean;
      readonly onProgress: (line: string) => void;
    },
  ): Promise<{
    readonly exitCode: number;
    readonly document: { readonly figures?: readonly DrawnFigure[] };
    readonly text: string;
  }>;
}

interface BenchOptions {
  readonly json?: boolean;
  readonly plot?: string;
}

/** Adds `sameseed bench`. */
export function addBenchCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("bench")
    .summary("measure starts, rollouts and steps per second on this host, each with its baseline")
    .description(
      "Measures what sandboxes and recording cost on this host, each figure with a baseline from the same run. Part of the source repository, not of the installed package.",
    )
    .argument("[NAME]", "one benchmark (default: all)")
    .addOption(plotOption("the figures"))
    .addOption(jsonOption("the figures as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed bench start")
    .action((name: string | undefined, options: BenchOptions) =>
      choose(async (cli) => await bench(cli, name, options)),
    );
}

async function bench(
  cli: Cli,
  name: string | undefined,
  { json = false, plot }: BenchOptions,
): Promise<number> {
  checkPlot(plot);
  const place = new URL("../../../benchmarks/run-benchmarks.ts", import.meta.url);
  if (!existsSync(place)) {
    throw new SameseedError("bad_argument", "the benchmarks are not part of the installed package", {
      hint: "clone Sameseed's source repository and run `npx sameseed bench` in it",
    });
  }
  const { runBenchmarks } = (await import(place.href)) as BenchmarksModule;
  await prepareHost(cli, defaultImageName);
  const { exitCode, document, text } = await runBenchmarks({
    ...(name === undefined ? {} : { name }),
    json,
    onProgress: (line) => cli.status.note(line),
  });
  if (exitCode === 2) throw new SameseedError("bad_argument", text);
  await cli.output.write(json ? `${jsonText(document)}\n` : text.replace(/\n*$/, "\n"));
  writePlot(cli, plot, benchFigure(document.figures ?? []));
  return exitCode;
}
