import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { evaluateMatchup, type MatchupConfig } from "../../evaluate/matchup/evaluate-matchup.ts";
import { planMatchup, specOf } from "../../evaluate/matchup/matchup-config.ts";
import { keysOf } from "../../evaluate/matchup/unit-keys.ts";
import { refuseForReturns } from "../../evaluate/returns/compare-returns.ts";
import { evaluateReturns } from "../../evaluate/returns/evaluate-returns.ts";
import { exactMatchup } from "../../evaluate/matchup/exact-matchup.ts";
import { isGame, resolveGame } from "../../games/game-spec.ts";
import { resolveOptions } from "../../rollout/rollout-config.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { type FleetChoice, fleetOf, fleetOptions } from "../fleet-choice.ts";
import { MatchupProgress } from "../matchup-progress.ts";
import { policyFilesOption, withFiles } from "../parse/files-beside.ts";
import { decimal } from "../parse/schedule.ts";
import { shellPath } from "../parse/shell-words.ts";
import { prepareHost } from "../prepare-host.ts";
import { checkPlot, plotOption, returnsFigure, writePlot } from "../plot-file.ts";
import { shownPath } from "../record-with-progress.ts";
import { jsonText } from "../render/json-text.ts";
import { toMatchupDocument } from "../render/matchup-document.ts";
import { formatMatchup } from "../render/matchup-text.ts";
import { formatReturns } from "../render/returns-text.ts";
import { ReturnsProgress } from "../returns-progress.ts";
import {
  gameOptionsOf,
  isUntrustworthy,
  matchupOptions,
  toConfig,
  toReturnsConfig,
  type MatchupCommandOptions,
} from "./matchup-options.ts";
import { concurrencyOption, jsonOption } from "./options.ts";

interface EvalOptions extends MatchupCommandOptions, Omit<FleetChoice, "concurrency"> {
  readonly x: string;
  readonly o?: string;
  readonly xFiles?: string;
  readonly oFiles?: string;
  readonly swap: boolean;
  readonly exact?: true;
  readonly atLeast?: number;
  readonly plot?: string;
}

/** Adds `sameseed eval`. */
export function addEvalCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("eval")
    .summary("report a policy's mean return, in a game against another or in an environment")
    .description(
      "In a game, plays pairs of games with swapped seats, each policy from source in a sandbox of its own, and reports the mean return of --x with its confidence interval. In an environment with one seat, runs --x once under each seed.",
    )
    .addOption(policyOption("--x <POLICY>", "the policy whose results are reported").makeOptionMandatory())
    .addOption(policyFilesOption("--x-files", "--x"))
    .addOption(policyOption("--o <POLICY>", "its opponent, in a game"))
    .addOption(policyFilesOption("--o-files", "--o"));
  for (const option of matchupOptions()) command.addOption(option);
  command
    .option("--no-swap", "keep --x at the first seat in every game")
    .option(
      "--exact",
      "also give exact values by enumeration: tic-tac-toe with built-in and learned policies only",
    )
    .addOption(
      new Option(
        "--at-least <R>",
        "exit with 1 unless the interval of the mean return lies at or above R",
      ).argParser(decimal("--at-least")),
    )
    .addOption(plotOption("the returns"))
    .addOption(concurrencyOption())
    .addOption(jsonOption("the result as one JSON document"))
    .addHelpText("after", help)
    .action((options: EvalOptions) => choose(async (cli) => await evaluate(cli, options)));
  for (const option of fleetOptions()) command.addOption(option);
}

const help = `
A POLICY is random, greedy, minimax, or a Python file that defines choose_action(board, player, rng) or
act(observation, rng, info).

Examples:
  sameseed eval --x greedy --o random --exact
  sameseed eval --x bot.py --o minimax --seeds 1..4 --games 10 --json
  sameseed eval --x my_policy.py --env CartPole-v1 --seeds 0..99
  sameseed eval --x bot/bot.py --x-files bot --o greedy
  sameseed eval --x bot.py --env CartPole-v1 --seeds 0..9999 --fleet redis://queue:6379
  sameseed eval --x bot.py --o random --env pettingzoo:connect_four_v3 --out runs/four

The exit code is 0 when everything was played, 1 when --at-least was not shown, 2 for misuse, 3 when the
host failed more than one game in twenty, 130 when interrupted. With --out DIR, --resume continues it.`;

function policyOption(flags: string, what: string): Option {
  return new Option(flags, `${what}: random, greedy, minimax, or a Python file`);
}

async function evaluate(cli: Cli, options: EvalOptions): Promise<number> {
  checkPlot(options.plot);
  if (!isGame(options.env)) return await evaluateInEnvironment(cli, options);
  if (options.o === undefined)
    throw new SameseedError("bad_argument", `${options.env} is played by two: --o names the opponent`, {
      hint: "add --o POLICY, or name an environment with one seat with --env",
    });
  const config: MatchupConfig = {
    ...toConfig(options, cli.signal),
    ...(await fleetOf(cli, options)),
    policyX: withFiles(options.x, options.xFiles, "--x-files"),
    policyO: withFiles(options.o, options.oFiles, "--o-files"),
    swap: options.swap,
    exact: options.exact ?? false,
    trajectories: false,
  };
  // Files and names are looked at before anything slow is begun.
  const plan = planMatchup(config, config.seeds);
  if (options.exact) exactMatchup(plan);
  await prepareHost(cli, resolveGame(specOf(plan, false)).image);
  const progress = new MatchupProgress(cli, keysOf(plan).length * (plan.swap ? 2 : 1), options.out);
  const result = await progress.watch(
    async () =>
      await evaluateMatchup({
        ...config,
        policyX: plan.policyX,
        policyO: plan.policyO,
        onGame: progress.add,
      }),
  );
  const { exact } = result;
  const extras = {
    ...(options.out === undefined ? {} : { dir: options.out }),
    ...(exact === undefined ? {} : { exact }),
  };
  if (options.json) await cli.output.write(`${jsonText(toMatchupDocument(result, extras))}\n`);
  else {
    const { games, wallMs } = progress;
    await cli.output.lines([
      ...formatMatchup(result, { ...extras, games, wallMs }, cli.paint),
      ...recordedLines(cli, options.out),
    ]);
  }
  const { meanReturn, interval, bySeed, x, o, env } = result;
  const means = bySeed.map((seed) => seed.meanReturn);
  writePlot(
    cli,
    options.plot,
    returnsFigure(`${x} v ${o} in ${env}: mean return of each seed`, means, meanReturn, interval),
  );
  if (isUntrustworthy(result)) return 3;
  const low = result.interval?.low ?? Number.NEGATIVE_INFINITY;
  return options.atLeast === undefined || low >= options.atLeast ? 0 : 1;
}

async function evaluateInEnvironment(cli: Cli, options: EvalOptions): Promise<number> {
  const { x, o, xFiles, oFiles, exact, atLeast, seeds } = options;
  refuseForReturns({ "--o": o, "--o-files": oFiles, "--exact": exact, ...gameOptionsOf(options) });
  const config = {
    ...toReturnsConfig(options, cli.signal),
    ...(await fleetOf(cli, options)),
    policy: withFiles(x, xFiles, "--x-files"),
  };
  resolveOptions(config);
  await prepareHost(cli, config.image);
  const progress = new ReturnsProgress(cli, seeds.length, options.out);
  const result = await progress.watch(
    async () => await evaluateReturns({ ...config, seeds, onRollout: progress.add }),
  );
  if (options.json) await cli.output.write(`${jsonText(result)}\n`);
  else
    await cli.output.lines([
      ...formatReturns(result, progress.wallMs, cli.paint),
      ...recordedLines(cli, options.out),
    ]);
  const { meanReturn, interval, bySeed, policy, envName } = result;
  const returns = bySeed.map(({ totalReward }) => totalReward);
  writePlot(cli, options.plot, returnsFigure(`${policy} in ${envName}`, returns, meanReturn, interval));
  const low = interval?.low ?? Number.NEGATIVE_INFINITY;
  return atLeast === undefined || low >= atLeast ? 0 : 1;
}

/** Where the games are, and what can be done with them. */
export function recordedLines({ paint }: Cli, out: string | undefined): string[] {
  if (out === undefined) return [];
  const folder = shownPath(out);
  return [
    `recorded in ${folder}`,
    `next: ${paint("strong", `sameseed verify ${shellPath(folder)}`)} plays everything again and compares every byte`,
  ];
}
