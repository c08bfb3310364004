import type { Command } from "commander";

import { setUp } from "../../image/set-up.ts";
import type { CommandWork } from "../cli.ts";
import { describeImage } from "../image/image-line.ts";

/** Adds `sameseed setup`. */
export function addSetupCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("setup")
    .summary("prepare this host: bubblewrap and the default image")
    .description(
      "Prepares this host for rollouts: finds or installs bubblewrap, and builds the default image. What is already there is kept; the image is built again when it is damaged or of another version of Sameseed.",
    )
    .option("--rebuild", "build the default image again from what this host has now")
    .option("--python <PATH>", "the CPython to build it from (default: the first suitable one on PATH)")
    .addHelpText(
      "after",
      "\nExamples:\n  sameseed setup\n  sameseed setup --rebuild --python /usr/bin/python3.12",
    )
    .action(({ rebuild, python }: { readonly rebuild?: true; readonly python?: string }) =>
      choose(async ({ output, status, signal }) => {
        const onProgress = (message: string): void => status.note(message);
        const { bubblewrap, image } = await setUp({ onProgress, signal, rebuild, python });
        await output.lines([`bubblewrap ${bubblewrap.version}: ${bubblewrap.path}`, describeImage(image)]);
        return 0;
      }),
    );
}
