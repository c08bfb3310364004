import { Option, type Command } from "commander";

import { checkPolicy } from "../../evaluate/check/check-policy.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { gameImage } from "../parse/game-image.ts";
import { parseSeed } from "../parse/seeds.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";
import { jsonText } from "../render/json-text.ts";
import { formatPolicyCheck } from "../render/policy-check-text.ts";
import { gameRun, gameRunOptions, jsonOption, modeOption, type GameRunOptions } from "./options.ts";

interface CheckCommandOptions extends GameRunOptions {
  readonly mode: "keep" | "restart";
  readonly games: number;
  readonly seed: number;
  readonly env: string;
  readonly json?: true;
}

const defaultGames = 3;

/** Adds `sameseed policy check`. */
export function addPolicyCommand(program: Command, choose: (work: CommandWork) => void): void {
  const policy = program
    .command("policy")
    .summary("check a policy before it plays others")
    .description("Checks a policy before it plays others.")
    .helpCommand(false)
    .addHelpText("after", "\nExample:\n  sameseed policy check my_policy.py");
  const command = policy
    .command("check")
    .summary("play a policy against itself and report faults and repeatability")
    .description(
      "Plays a policy against itself, each seat in a sandbox of its own, and reports its interface, its faults with their lines, its CPU time, whether equal seeds give equal games, and whether it depends on state kept between moves.",
    )
    .argument(
      "<FILE>",
      "a Python file that defines choose_action(board, player, rng) or act(observation, rng, info)",
    )
    .addOption(modeOption())
    .addOption(
      new Option("--games <N>", "games to play")
        .argParser(wholeNumber({ option: "--games", unit: "games", max: 1000 }))
        .default(defaultGames),
    )
    .addOption(new Option("--seed <N>", "the seed of the games").argParser(parseSeed).default(0))
    .option("--env <GAME>", "tictactoe, connect_four, or a two-player PettingZoo classic game", "tictactoe")
    .addOption(jsonOption("the result as one JSON document"))
    .addHelpText("after", help)
    .action((file: string, options: CheckCommandOptions) =>
      choose(async (cli) => await check(cli, file, options)),
    );
  for (const option of gameRunOptions({ of: "a game" })) command.addOption(option);
}

const help = `
Examples:
  sameseed policy check my_policy.py
  sameseed policy check my_policy.py --mode restart --games 20 --json

The exit code is 0 when the policy played every game without a fault and gave the same bytes twice, 1 when it did not,
2 for misuse, 3 when the host failed. Playing differently in restart mode is reported, but is not a fault.`;

async function check(cli: Cli, file: string, options: CheckCommandOptions): Promise<number> {
  const { mode, games, seed, env, json } = options;
  const image = gameImage(env, options.image);
  await prepareHost(cli, image);
  let played = 0;
  const found = await checkPolicy(file, {
    game: env,
    games,
    seed,
    mode,
    ...gameRun(options),
    image,
    signal: cli.signal,
    onGame: () => cli.status.show(`game ${++played} of ${3 * games}`),
  });
  cli.status.clear();
  if (json) await cli.output.write(`${jsonText(found)}\n`);
  else await cli.output.lines(formatPolicyCheck(found, cli.paint));
  if (found.ok) return 0;
  return found.faults.length === 0 && found.infra > 0 ? 3 : 1;
}
