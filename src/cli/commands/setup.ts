import type { Command } from "commander";

import { setUp } from "../../image/set-up.ts";
import type { CommandWork } from "../cli.ts";
import { describeImage } from "./image.ts";

/** Adds `sameseed setup`. */
export function addSetupCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("setup")
    .summary("prepare this host: bubblewrap and the default image")
    .description(
      "Prepares this host for rollouts: finds or installs bubblewrap, and builds the default image. What is already there is kept.",
    )
    .action(() =>
      choose(async ({ output, status, signal }) => {
        const { bubblewrap, image } = await setUp({ onProgress: (message) => status.note(message), signal });
        await output.lines([`bubblewrap ${bubblewrap.version}: ${bubblewrap.path}`, describeImage(image)]);
        return 0;
      }),
    );
}
