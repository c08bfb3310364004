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
import { filesOption } from "../parse/files-beside.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { prepareHost } from "../prepare-host.ts";
import { formatCheckEnd, formatCheckHead, formatCheckPart } from "../render/check-text.ts";
import { jsonText } from "../render/json-text.ts";
import {
  envArgOption,
  givenLimits,
  imageOption,
  jsonOption,
  limitOptions,
  worldOption,
  type LimitOptions,
  maxStepsOption,
  volatileInfoOption,
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
      "Plays an environment, runs Gymnasium's own check_env, and checks that equal seeds give equal episodes and different seeds different ones, that rollouts give the same bytes warm, cold and under load, that an audit finds no cause, that plain Gymnasium gives the same values, and how fast it is.",
    )
    .argument(
      "<ENV>",
      "a Gymnasium id, module:Id or module:Class, path/to/file.py:ClassName or :Id, or parallel:MODULE",
    )
    .addOption(
      new Option(
        "--seeds <LIST>",
        `seeds to try, at least two (default: ${checkSeedsDefault[0]}..${checkSeedsDefault.at(-1)})`,
      ).argParser(parseSeeds),
    )
    .addOption(maxStepsOption(`check at most N steps of an episode (default: ${checkStepsDefault})`))
    .addOption(envArgOption())
    .addOption(filesOption())
    .addOption(volatileInfoOption())
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
  // A long check shows each part when it is known: whoever ends it early has what was found so far.
  const write = async (lines: readonly string[]): Promise<void> => {
    if (options.json === true) return;
    cli.status.clear();
    await cli.output.lines(lines);
  };
  const report = await checkEnvironment({
    ...request,
    ...(seeds === undefined ? {} : { seeds }),
    signal: cli.signal,
    onProgress: (doing) => cli.status.show(`checking: ${doing}`),
    onStart: async (subject) => await write(formatCheckHead(subject, cli.paint)),
    onPart: async (name, row) => await write(formatCheckPart(name, row, cli.paint)),
  });
  cli.status.clear();
  if (options.json) await cli.output.write(`${jsonText(report)}\n`);
  else await cli.output.lines(formatCheckEnd(report, cli.paint));
  return exitCodeOf(report);
}

function exitCodeOf({ fit, reproducible, checks }: CheckReport): number {
  if (fit) return 0;
  return reproducible || checks.plays.verdict === "fail" ? 1 : 4;
}
