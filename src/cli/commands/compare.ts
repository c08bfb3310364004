import { Option, type Command } from "commander";

import {
  type CompareConfig,
  type Comparison,
  comparePolicies,
  defaultElo,
  defaultMaxPairs,
  planComparison,
} from "../../evaluate/matchup/compare-policies.ts";
import { compareReturns, refuseForReturns } from "../../evaluate/returns/compare-returns.ts";
import { isGame, resolveGame } from "../../games/game-spec.ts";
import type { SourcePath } from "../../rollout/policy-input.ts";
import { resolveOptions } from "../../rollout/rollout-config.ts";
import { specOf } from "../../evaluate/matchup/matchup-config.ts";
import { keysOf } from "../../evaluate/matchup/unit-keys.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { MatchupProgress } from "../matchup-progress.ts";
import { policyFilesOption, withFiles } from "../parse/files-beside.ts";
import { parseElo } from "../parse/schedule.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";
import { jsonText } from "../render/json-text.ts";
import { toComparisonDocument } from "../render/matchup-document.ts";
import { formatComparison, formatUnequal } from "../render/matchup-text.ts";
import { formatReturnsComparison } from "../render/returns-text.ts";
import { ReturnsProgress } from "../returns-progress.ts";
import { recordedLines } from "./eval.ts";
import {
  gameOptionsOf,
  isUntrustworthy,
  matchupOptions,
  toConfig,
  toReturnsConfig,
  type MatchupCommandOptions,
} from "./matchup-options.ts";
import { concurrencyOption, jsonOption } from "./options.ts";

interface CompareOptions extends MatchupCommandOptions {
  readonly aFiles?: string;
  readonly bFiles?: string;
  readonly until?: "sprt";
  readonly elo?: readonly [number, number];
  readonly maxPairs?: number;
}

/** Adds `sameseed compare`. */
export function addCompareCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("compare")
    .summary("test whether one policy is better than another")
    .description(
      "In a game, first plays each policy against itself, where every byte must be equal. Then plays both against each other in pairs of games with swapped seats, and estimates how much better the first one is. In an environment with one seat, runs both under the same seeds and compares their returns.",
    )
    .argument("<A>", "random, greedy, minimax, or a Python file")
    .argument("<B>", "the policy to compare it with")
    .addOption(policyFilesOption("--a-files", "A"))
    .addOption(policyFilesOption("--b-files", "B"))
    .addOption(
      new Option("--until <TEST>", "stop as soon as the test is decided, and cancel queued games").choices([
        "sprt",
      ]),
    )
    .addOption(
      new Option(
        "--elo <LOW,HIGH>",
        `the hypotheses of the test, in normalised Elo (default: ${defaultElo.join(",")})`,
      ).argParser(parseElo),
    )
    .addOption(
      new Option("--max-pairs <N>", `with --until: the most pairs (default: ${defaultMaxPairs})`).argParser(
        wholeNumber({ option: "--max-pairs", unit: "pairs", max: 10_000_000 }),
      ),
    );
  for (const option of matchupOptions()) command.addOption(option);
  command
    .addOption(concurrencyOption())
    .addOption(jsonOption("the result as one JSON document"))
    .addHelpText("after", help)
    .action((a: string, b: string, options: CompareOptions) =>
      choose(async (cli) => await compare(cli, [a, b], options)),
    );
}

const help = `
Examples:
  sameseed compare greedy random
  sameseed compare new.py old.py --until sprt --elo 0,50 --max-pairs 400
  sameseed compare new.py old.py --seeds 0..99 --games 20 --json
  sameseed compare new.py old.py --env CartPole-v1 --seeds 0..99
  sameseed compare new/bot.py old/bot.py --a-files new --b-files old

The exit code is 0 when the first policy is better (the test accepted HIGH; without --until, the interval of
the mean return, or of the mean difference on common seeds, lies above 0), 1 when it is not or the evidence does not suffice, 2 for misuse, 3 when the
host failed more than one game in twenty, 4 when a policy does not play the same game twice, 130 when
interrupted.`;

async function compare(
  cli: Cli,
  [a, b]: readonly [string, string],
  options: CompareOptions,
): Promise<number> {
  if (!isGame(options.env)) return await compareInEnvironment(cli, [a, b], options);
  const { until, elo, maxPairs, out } = options;
  const config: CompareConfig = {
    ...toConfig(options, cli.signal),
    ...policiesOf([a, b], options),
    ...(until === undefined ? {} : { until }),
    ...(elo === undefined ? {} : { elo }),
    ...(maxPairs === undefined ? {} : { maxPairs }),
  };
  // Files and names are looked at before anything slow is begun.
  const plan = planComparison(config, options.seeds);
  await prepareHost(cli, resolveGame(specOf(plan, false)).image);
  const progress = new MatchupProgress(cli, keysOf(plan).length * 2, out);
  const comparison = await progress.watch(
    async () =>
      await comparePolicies({
        ...config,
        policyX: plan.policyX,
        policyO: plan.policyO,
        onGame: progress.add,
      }),
  );
  const isEqual = comparison.selfCheck.equal === comparison.selfCheck.seeds;
  const dir = out === undefined || !isEqual ? {} : { dir: out };
  if (options.json) await cli.output.write(`${jsonText(toComparisonDocument(comparison, dir))}\n`);
  else if (!isEqual) await cli.output.lines(formatUnequal(comparison, cli.paint));
  else {
    const { games, wallMs } = progress;
    const most = plan.sequential?.maxPairs;
    const extras = {
      games,
      wallMs,
      elo: elo ?? defaultElo,
      ...(most === undefined ? {} : { maxPairs: most }),
    };
    await cli.output.lines([...formatComparison(comparison, extras, cli.paint), ...recordedLines(cli, out)]);
  }
  return exitCodeOf(comparison, isEqual);
}

/** Both policies with what lies beside them. */
function policiesOf(
  [a, b]: readonly [string, string],
  { aFiles, bFiles }: CompareOptions,
): Record<"policyX" | "policyO", string | SourcePath> {
  return { policyX: withFiles(a, aFiles, "--a-files"), policyO: withFiles(b, bFiles, "--b-files") };
}

async function compareInEnvironment(
  cli: Cli,
  names: readonly [string, string],
  options: CompareOptions,
): Promise<number> {
  const { policyX: policyA, policyO: policyB } = policiesOf(names, options);
  const { until, elo = defaultElo, maxPairs, out, seeds } = options;
  refuseForReturns({ "--max-pairs": maxPairs, ...gameOptionsOf(options) });
  const config = toReturnsConfig(options, cli.signal);
  for (const policy of [policyA, policyB]) resolveOptions({ ...config, policy });
  await prepareHost(cli, config.image);
  const progress = new ReturnsProgress(cli, 2 * seeds.length, out);
  const result = await progress.watch(
    async () =>
      await compareReturns({
        ...config,
        policyA,
        policyB,
        seeds,
        elo,
        ...(until === undefined ? {} : { until }),
        onRollout: progress.add,
      }),
  );
  const isEqual = result.selfCheck.equal === result.selfCheck.rollouts;
  if (options.json) await cli.output.write(`${jsonText(result)}\n`);
  else {
    await cli.output.lines([
      ...formatReturnsComparison(result, { elo, wallMs: progress.wallMs }, cli.paint),
      ...(isEqual ? recordedLines(cli, out) : []),
    ]);
  }
  if (!isEqual) return 4;
  return result.decision === "better" ? 0 : 1;
}

function exitCodeOf(comparison: Comparison, isEqual: boolean): number {
  if (!isEqual) return 4;
  if (isUntrustworthy(comparison)) return 3;
  return comparison.decision === "better" ? 0 : 1;
}
