import { Option, type Command } from "commander";

import type { WorldMode } from "../../model/receipt.ts";
import {
  checkEnvironment,
  checkSeedsDefault,
  checkStepsDefault,
  type CheckEnvironmentOptions,
} from "../../verify/check/check-environment.ts";
import type { CheckReport } from "../../verify/check/check-report.ts";
import { resolveOptions } from "../../rollout/rollout-config.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { collectEnvArgs, type EnvArg } from "../parse/env-args.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";
import { formatCheck } from "../render/check-text.ts";
import { jsonText } from "../render/json-text.ts";
import {
  collect,
  envArgOption,
  givenLimits,
  imageOption,
  jsonOption,
  limitOptions,
  worldOption,
  type LimitOptions,
} from "./options.ts";

interface CheckCommandOptions extends LimitOptions {
  readonly seeds?: readonly number[];
  readonly maxSteps?: number;
  readonly envArg: readonly EnvArg[];
  readonly files?: string;
  readonly volatileInfo: readonly string[];
  readonly image: string;
  readonly world: WorldMode;
  readonly json?: true;
}

/** Adds `sameseed check`. */
export function addCheckCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("check")
    .summary("say whether an environment is fit for reproducible rollouts")
    .description(
      "Plays an environment, runs Gymnasium's own check_env, and finds out whether its seed decides in both directions, whether its rollouts give the same bytes warm, cold and beside busy sandboxes, what an audit says, whether they are what plain Gymnasium gives, and how fast they are.",
    )
    .argument(
      "<ENV>",
      "a Gymnasium id, module:Id or module:Class, path/to/file.py:ClassName, or parallel:MODULE",
    )
    .addOption(
      new Option(
        "--seeds <LIST>",
        `seeds to try, at least two (default: ${checkSeedsDefault[0]}..${checkSeedsDefault.at(-1)})`,
      ).argParser(parseSeeds),
    )
    .addOption(
      new Option(
        "--max-steps <N>",
        `look at N steps of an episode at most (default: ${checkStepsDefault})`,
      ).argParser(wholeNumber({ option: "--max-steps", unit: "steps", max: Number.MAX_SAFE_INTEGER })),
    )
    .addOption(envArgOption())
    .option("--files <DIR>", "what lies beside the environment: modules and data")
    .addOption(
      new Option("--volatile-info <PATH>", "leave this key of info out of every comparison; may be repeated")
        .argParser(collect(String))
        .default([], "none"),
    )
    .addOption(imageOption())
    .addOption(worldOption("sealed"))
    .addOption(jsonOption("the report as one JSON document"))
    .addHelpText("after", help)
    .action((envName: string, options: CheckCommandOptions) =>
      choose(async (cli) => await check(cli, envName, options)),
    );
  for (const option of limitOptions("a rollout")) command.addOption(option);
}

const help = `
Examples:
  sameseed check CartPole-v1
  sameseed check my_env.py:MyEnv --seeds 0..7 --max-steps 500
  sameseed check highway_env:highway-v0 --image roads --json

Each part passes, warns, fails or is skipped. The exit code is 0 when no part fails, 4 when rollouts differ or the
audit finds a cause, 1 when another part fails, 2 for misuse, 3 when the host failed.`;

async function check(cli: Cli, envName: string, options: CheckCommandOptions): Promise<number> {
  const { seeds, maxSteps, files, volatileInfo, image, world } = options;
  const request: CheckEnvironmentOptions = {
    envName,
    envArgs: collectEnvArgs(options.envArg),
    ...(files === undefined ? {} : { files }),
    volatileInfo,
    image,
    world,
    limits: givenLimits(options),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  };
  // Files and names are looked at before anything slow is begun.
  resolveOptions(request);
  await prepareHost(cli, image);
  const report = await checkEnvironment({
    ...request,
    ...(seeds === undefined ? {} : { seeds }),
    signal: cli.signal,
    onProgress: (doing) => cli.status.show(`checking: ${doing}`),
  });
  cli.status.clear();
  if (options.json) await cli.output.write(`${jsonText(report)}\n`);
  else await cli.output.lines(formatCheck(report, cli.paint));
  return exitCodeOf(report);
}

function exitCodeOf({ fit, reproducible, checks }: CheckReport): number {
  if (fit) return 0;
  return reproducible || checks.plays.verdict === "fail" ? 1 : 4;
}
