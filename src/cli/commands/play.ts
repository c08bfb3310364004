import { basename } from "node:path";
import { Option, type Command } from "commander";

import { playAgainst, playWallMs } from "../../games/play/play-against.ts";
import type { PlayEnd } from "../../games/play/play-view.ts";
import { saveGame } from "../../games/play/save-game.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { gameImage } from "../parse/game-image.ts";
import { parseSeed } from "../parse/seeds.ts";
import { shellPath } from "../parse/shell-words.ts";
import { LineReader } from "../play/line-reader.ts";
import { playOut } from "../play/play-loop.ts";
import { prepareHost } from "../prepare-host.ts";
import { shownPath } from "../record-with-progress.ts";
import { gameRun, gameRunOptions, modeOption, type GameRunOptions } from "./options.ts";

interface PlayOptions extends GameRunOptions {
  readonly as: "X" | "O";
  readonly against?: string;
  readonly seed?: number;
  readonly hint?: true;
  readonly mode?: "keep" | "restart";
  readonly out?: string;
}

/** Adds `sameseed play`. */
export function addPlayCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("play")
    .summary("play a game against a policy")
    .description(
      "Lets you play a game against a policy, which runs in a sandbox of its own, and records the game as a rollout.",
    )
    .argument(
      "<GAME>",
      "tictactoe, connect_four, or a two-player PettingZoo classic game, such as pettingzoo:chess_v6",
    )
    .addOption(new Option("--as <SEAT>", "your seat; X moves first").choices(["X", "O"]).default("X"))
    .option(
      "--against <POLICY>",
      "random, greedy, minimax, or a Python file (default: greedy in tictactoe, random in other games)",
    )
    .addOption(new Option("--seed <N>", "the seed of the game (default: a random one)").argParser(parseSeed))
    .option("--hint", "show at each turn what every legal move leads to under perfect play")
    .addOption(modeOption())
    .option("--out <DIR>", "the run folder to write (default: a new one below runs/)")
    .addHelpText("after", help)
    .action((game: string, options: PlayOptions) => choose(async (cli) => await play(cli, game, options)));
  for (const option of gameRunOptions({ of: "the game", ms: playWallMs })) command.addOption(option);
}

const help = `
Examples:
  sameseed play tictactoe --as X --against minimax --hint
  sameseed play tictactoe --as O --against my_policy.py --seed 7
  printf '4\\n0\\n8\\n' | sameseed play tictactoe --as X --against greedy --seed 7

Type the number of a move to make it. \`back\` takes back your last move, \`swap\` changes seats, \`hint\` shows what each
move leads to, \`resign\` resigns, \`help\` lists these words. Moves can come from a pipe, one on each line. A policy that
crashes or stalls forfeits.

The game is recorded when it ends, also if the input ends first. The exit code is 0 when the game was finished,
whoever won, 1 when the input ended first, 2 for misuse, 3 when the host failed or the time limit was reached, and 130
when interrupted; then nothing is recorded.`;

async function play(cli: Cli, name: string, options: PlayOptions): Promise<number> {
  const { as, seed, hint, mode, out } = options;
  const against = options.against ?? (name === "tictactoe" ? "greedy" : "random");
  const image = gameImage(name, options.image);
  await prepareHost(cli, image);
  const reader = new LineReader(process.stdin, cli.signal);
  const game = await playAgainst(against, {
    game: name,
    as,
    ...(seed === undefined ? {} : { seed }),
    ...(mode === undefined ? {} : { mode }),
    ...gameRun(options),
    image,
    signal: cli.signal,
  });
  try {
    const { end } = await playOut(game, {
      cli,
      reader,
      interactive: process.stdin.isTTY && process.stdout.isTTY,
      table: {
        game: name,
        against: basename(against),
        seed: game.seed,
        hint: hint ?? false,
        paint: cli.paint,
      },
    });
    if (end?.how !== "failed" && end?.result?.rollout !== undefined) {
      const dir = await saveGame(game.spec, end.result.rollout, out);
      const shown = shownPath(dir);
      cli.status.note(`recorded in ${shown}, seed ${end.result.gameSeed}`);
      cli.status.note(`next: sameseed verify ${shellPath(shown)} plays it again and compares every byte`);
    }
    return exitCodeOf(end);
  } finally {
    reader.close();
    await game.close();
  }
}

function exitCodeOf(end: PlayEnd | undefined): number {
  if (end === undefined || end.how === "left") return 1;
  return end.how === "failed" ? 3 : 0;
}
