import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { builtinPolicies } from "../../games/builtin-games.ts";
import {
  checkLeague,
  type LeagueConfig,
  type LeagueResult,
  runLeague,
} from "../../evaluate/league/run-league.ts";
import { isPath } from "../../rollout/policy-input.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { parseSeed } from "../parse/seeds.ts";
import { resumeCommand } from "../parse/shell-words.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";
import { checkPlot, leagueFigure, plotOption, writePlot } from "../plot-file.ts";
import { shownPath } from "../record-with-progress.ts";
import { asSameseedError } from "../render/error-text.ts";
import { jsonText } from "../render/json-text.ts";
import { formatLeague, leagueDocument, tooMuchTrouble } from "../render/league-text.ts";
import { count } from "../render/numbers.ts";
import { Progress } from "../render/progress.ts";
import { withWayOn } from "../way-on.ts";
import {
  concurrencyOption,
  gameRun,
  gameRunOptions,
  jsonOption,
  modeOption,
  type GameRunOptions,
} from "./options.ts";

interface LeagueCommandOptions extends GameRunOptions {
  readonly env: string;
  readonly games: number;
  readonly seed: number;
  readonly mode: "keep" | "restart";
  readonly concurrency?: number;
  readonly out?: string;
  readonly resume?: true;
  readonly plot?: string;
  readonly json?: true;
}

/** Adds `sameseed league`. */
export function addLeagueCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("league")
    .summary("let many policies play each other and rate them")
    .description(
      "Plays a round robin in sandboxes: every two policies play pairs of games with swapped seats. Prints ratings with error bars, the payoff of every pairing, and forfeits by cause.",
    )
    .argument(
      "<POLICY...>",
      `${builtinPolicies().join(", ")}, Python files that define choose_action(board, player, rng), or folders of such files`,
    )
    .option(
      "--env <GAME>",
      "tictactoe, connect_four, or a two-player PettingZoo classic game, such as pettingzoo:chess_v6",
      "tictactoe",
    )
    .addOption(
      new Option(
        "--games <N>",
        "games in each pairing; even, so that both players have the first seat equally often",
      )
        .argParser(wholeNumber({ option: "--games", unit: "games", max: 10_000_000 }))
        .default(20),
    )
    .addOption(new Option("--seed <N>", "the seed of all games").argParser(parseSeed).default(0))
    .addOption(modeOption())
    .addOption(new Option("--restart", "the same as --mode restart").implies({ mode: "restart" }))
    .addOption(concurrencyOption())
    .option("--out <DIR>", "record the league in this folder; every pairing is saved as soon as it ends")
    .option("--resume", "continue the league in --out: only missing pairings are played")
    .addOption(plotOption("the ratings"))
    .addOption(jsonOption("the whole league as one JSON document"))
    .addHelpText("after", help)
    .action((players: readonly string[], options: LeagueCommandOptions) =>
      choose(async (cli) => await league(cli, players, options)),
    );
  for (const option of gameRunOptions({ of: "a game" })) command.addOption(option);
}

const help = `
Examples:
  sameseed league random greedy minimax learned.py
  sameseed league bots/ --games 100 --out leagues/bots
  sameseed league bots/ --games 100 --out leagues/bots --resume

The exit code is 0 when every pairing was played, 2 for misuse, 3 when the host failed (also if more than
one game in twenty has no result for that reason), 130 when interrupted. The same command with --out DIR and
--resume continues, and ends with the same table.`;

async function league(cli: Cli, players: readonly string[], options: LeagueCommandOptions): Promise<number> {
  const { out, json, plot } = options;
  checkPlot(plot);
  // Names and files are looked at before anything slow is begun.
  const config = toConfig(players, options);
  const { image } = checkLeague(config);
  if (options.resume && out === undefined)
    throw new SameseedError("bad_argument", "--resume needs the league's folder", {
      hint: "name it with --out DIR",
    });
  await prepareHost(cli, image);
  const result = await play(cli, config, out);
  if (json) await cli.output.write(`${jsonText(leagueDocument(result))}\n`);
  else await cli.output.lines(formatLeague(result, cli.paint));
  writePlot(cli, plot, leagueFigure(result.plan.game, result.table));
  return tooMuchTrouble(result.table) ? 3 : 0;
}

async function play(cli: Cli, config: LeagueConfig, out: string | undefined): Promise<LeagueResult> {
  let progress: Progress | undefined;
  let done = 0;
  let total = 0;
  try {
    return await runLeague({
      ...config,
      signal: cli.signal,
      onStart: ({ players, pairings, before }) => {
        done = before;
        total = pairings;
        const earlier = before === 0 ? "" : `; ${before} played before`;
        const where = out === undefined ? "" : ` in ${shownPath(out)}`;
        cli.status.note(
          `${count(players.length, "player")}, ${count(pairings, "pairing")}${where}${earlier}`,
        );
        progress = new Progress(cli.status, { verb: "pairing", total: pairings, before, details: () => [] });
      },
      onPairing: () => {
        done++;
        progress?.advance();
      },
    });
  } catch (error) {
    const failure = asSameseedError(error);
    if (out === undefined || failure.kind.exitCode === 2) throw failure;
    throw withWayOn(failure, {
      kept: `${done} of ${count(total, "pairing")} are kept in ${shownPath(out)}`,
      goOn: resumeCommand(cli.args, shownPath(out)),
      context: { dir: out },
    });
  } finally {
    progress?.stop();
  }
}

function toConfig(players: readonly string[], options: LeagueCommandOptions): LeagueConfig {
  const { env, games, seed, mode, concurrency, out, resume } = options;
  return {
    players: players.map((word) =>
      builtinPolicies().some((name) => name === word) || isPath(word) ? word : { folder: word },
    ),
    game: env,
    games,
    seed,
    mode,
    ...gameRun(options),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(out === undefined ? {} : { dir: out }),
    resume: resume ?? false,
  };
}
