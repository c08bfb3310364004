import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { ViewServer } from "../../view/view-server.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { besidesOf, type ChoiceFlags, chosenOf, rerunForView, type RerunFlags } from "../rerun-for-view.ts";
import { defaultImageName } from "../../image/default-image.ts";
import { prepareHost } from "../prepare-host.ts";
import { wholeNumber } from "../parse/whole-number.ts";

interface ViewOptions extends RerunFlags, ChoiceFlags {
  readonly port: number;
  readonly open: boolean;
  readonly allowRun?: true;
}

const defaultPort = 8910;

/** Adds `sameseed view`. */
export function addViewCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("view")
    .summary("look at recordings in a browser: verdicts, steps, first divergences, branches")
    .description(
      "Serves a page for everything that is recorded in some folders: runs with their verdict, rollouts step by step, two rollouts aligned on their first difference, branch trees, matchups, leagues, scores and audits. It only reads, unless --allow-run is given, and answers this user of this machine alone.",
    )
    .argument("[DIR...]", "run folders, or folders of them (default: runs)")
    .option(
      "--port <N>",
      "the port at 127.0.0.1; 0 for any that is free",
      wholeNumber({ option: "--port", unit: "a port", min: 0, max: 65_535 }),
      defaultPort,
    )
    .option("--no-open", "do not open a browser")
    .option(
      "--allow-run",
      "let its page branch rollouts, render them and play games: what runs, runs in sandboxes and is recorded beside the rest",
    )
    .option(
      "--render",
      "first play rollouts that have no pictures again, and keep what their environment renders beside the run",
    )
    .option(
      "--stdio",
      "first run rollouts again, and keep what they write to stdout and stderr beside the run, where it is not known",
    )
    .addOption(
      new Option(
        "--seeds <SEEDS>",
        "with --render or --stdio: these rollouts (default, without --branch too: all, up to 16)",
      ).argParser(parseSeeds),
    )
    .addOption(
      new Option("--branch <NUMBERS>", "with --render or --stdio: these branches").argParser(parseSeeds),
    )
    .addHelpText("after", help)
    .action((dirs: readonly string[], options: ViewOptions) =>
      choose(async (cli) => await view(cli, dirs, options)),
    );
}

const help = `
Examples:
  sameseed view
  sameseed view runs/lake runs/futures --port 0 --no-open
  sameseed view runs/lake --render --seeds 42..45
  sameseed view runs/lake --stdio --seeds 42
  sameseed view runs --allow-run

Each place in it has an address of its own, such as #lake/42/3/observation: run, seed, step, field. ? shows the
keys. To send a page to somebody: sameseed export DIR --html FILE. Ctrl-C ends it.`;

async function view(cli: Cli, dirs: readonly string[], options: ViewOptions): Promise<number> {
  const { port, open } = options;
  const makes = besidesOf(options);
  const chosen = chosenOf(options);
  if (chosen !== undefined && makes.length === 0)
    throw new SameseedError("bad_argument", "--seeds and --branch say which rollouts are run again", {
      hint: "add --render for pictures, --stdio for what they write",
    });
  const folders = dirs.length > 0 ? dirs : ["runs"];
  if (dirs.length === 0 && !existsSync("runs"))
    throw new SameseedError("run_missing", "there is no folder runs here", {
      hint: "name a folder of recordings: sameseed view DIR",
    });
  if (options.allowRun) await prepareHost(cli, defaultImageName);
  if (makes.length > 0) await rerunForView(cli, folders, makes, chosen);
  await using server = await ViewServer.start({ folders, port, allowRun: options.allowRun ?? false });
  await cli.output.lines([server.url]);
  if (open) openBrowser(server.url);
  cli.status.note("Ctrl-C ends it");
  await new Promise<void>((resolve) => cli.signal.addEventListener("abort", () => resolve(), { once: true }));
  return 0;
}

/** Where there is no browser, the address is on the screen. */
function openBrowser(url: string): void {
  if ((process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"] ?? "") === "") return;
  const child = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
