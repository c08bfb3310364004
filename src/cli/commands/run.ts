import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { type PolicyInput, resolveOptions } from "../../rollout/rollout-config.ts";
import { RunReader } from "../../store/run-reader.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { readActionsFile } from "../parse/actions-file.ts";
import { collectEnvArgs, type EnvArg } from "../parse/env-args.ts";
import { filesOption, policyFilesOption, withFiles } from "../parse/files-beside.ts";
import type { Keep } from "../../model/keep.ts";
import { parseKeep } from "../parse/keep.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { fleetOf, fleetOptions, type FleetChoice } from "../fleet-choice.ts";
import { prepareHost } from "../prepare-host.ts";
import { recordWithProgress, type RunRequest } from "../record-with-progress.ts";
import { printRun, type RunFormat } from "../render/print-run.ts";
import {
  collect,
  concurrencyOption,
  envArgOption,
  givenLimits,
  jsonOption,
  limitOptions,
  placementOptions,
  type LimitOptions,
  type PlacementOptions,
  maxStepsOption,
  volatileInfoOption,
} from "./options.ts";

interface RunOptions extends PlacementOptions, LimitOptions, FleetChoice {
  readonly seeds: readonly number[];
  readonly policy: readonly string[];
  readonly files?: string;
  readonly policyFiles?: string;
  readonly actions?: string;
  readonly maxSteps?: number;
  readonly envArg: readonly EnvArg[];
  readonly volatileInfo: readonly string[];
  readonly concurrency?: number;
  readonly prepared?: true;
  readonly out?: string;
  readonly resume?: true;
  readonly extend?: true;
  readonly force?: true;
  readonly keep?: Keep;
  readonly json?: true;
  readonly ndjson?: true;
}

/** Adds `sameseed run`. */
export function addRunCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("run")
    .summary("run an environment under one or more seeds and record every rollout")
    .description(
      "Runs one rollout for each seed, each in a fresh sandbox of its own, and records every step in a run folder.",
    )
    .argument(
      "<ENV>",
      "a Gymnasium id, module:Id or module:Class, path/to/file.py:ClassName or :Id, or parallel:MODULE",
    )
    .addOption(
      new Option(
        "--seeds <LIST>",
        "seeds and ranges of seeds, both ends included: 42..45 or 1,5,9 or 1..3,10",
      )
        .argParser(parseSeeds)
        .default([0], "0"),
    )
    .addOption(
      new Option(
        "--policy <POLICY>",
        "random, or a Python file that defines act(observation, rng, info); repeated: one for each agent of parallel:MODULE",
      )
        .argParser(collect((text) => text))
        .default([], "random"),
    )
    .addOption(filesOption())
    .addOption(policyFilesOption("--policy-files", "the policy"))
    .option("--actions <FILE.json>", "a JSON list of actions, one for each step, instead of a policy")
    .addOption(maxStepsOption("truncate each rollout after N steps"))
    .addOption(envArgOption())
    .addOption(volatileInfoOption())
    .addOption(concurrencyOption())
    .addOption(preparedOption())
    .option("--out <DIR>", "the run folder to write (default: a new one below runs/)")
    .option("--resume", "continue the run in --out: only missing rollouts are run")
    .option("--extend", "add the seeds of --seeds to the run in --out, and run what is missing")
    .addOption(
      new Option(
        "--force",
        "replace the run in --out if none of its rollouts was a complete episode",
      ).conflicts(["resume", "extend"]),
    )
    .addOption(
      new Option(
        "--keep <WHICH>",
        "trajectories to keep: full, failures, digest (none), or sample:SHARE; others are made again when they are read (default: full)",
      ).argParser(parseKeep),
    )
    .option("--verbose", "print the Python traceback where the environment cannot be imported or made")
    .addOption(jsonOption("the whole run as one JSON document"))
    .addOption(
      new Option(
        "--ndjson",
        "print one JSON line for each rollout as it is recorded, then one for the summary",
      ).conflicts("json"),
    )
    .addHelpText("after", help);
  for (const option of [...fleetOptions(), ...placementOptions(), ...limitOptions("a rollout")])
    command.addOption(option);
  command.action((envName: string, options: RunOptions) =>
    choose(async (cli) => await run(cli, envName, options)),
  );
}

function preparedOption(): Option {
  return new Option(
    "--prepared",
    "make the environment once and copy the process for each rollout, where that gives the same bytes (else it says why not)",
  );
}

const help = `
Examples:
  sameseed run CartPole-v1 --seeds 42..45
  sameseed run FrozenLake-v1 --seeds 1..100 --env-arg is_slippery=false --out runs/lake
  sameseed run my_env.py:MyEnv --seeds 7 --policy my_policy.py
  sameseed run CartPole-v1 --seeds 1..100000 --out runs/many --resume
  sameseed run CartPole-v1 --seeds 5..8 --out runs/cartpole --extend
  sameseed run CartPole-v1 --seeds 1..100000 --keep failures --out runs/many
  sameseed run my_env/env.py:MyEnv --files my_env
  sameseed run my_env.py:MyEnv --world host
  sameseed run CartPole-v1 --seeds 1..100000 --fleet redis://queue:6379
  sameseed run parallel:mpe2.simple_spread_v3 --image mine

The exit code is 0 when every rollout was a complete episode, 1 when some ended in a fault (a crash, a
limit), 2 for misuse, 3 when the host failed, 130 when interrupted. The same command with --out DIR and
--resume continues an interrupted run. Values that JSON cannot express are strings: "NaN", "Infinity",
"-Infinity".`;

async function run(cli: Cli, envName: string, options: RunOptions): Promise<number> {
  const request = { ...toRequest(envName, options), ...(await fleetOf(cli, options)) };
  // Files and names are looked at before anything slow is begun.
  resolveOptions(request);
  await prepareHost(cli, options.image);
  const format: RunFormat = options.json ? "json" : options.ndjson ? "ndjson" : "text";
  const recorded = await recordWithProgress(cli, request, format === "ndjson");
  using reader = await RunReader.open(recorded.run.dir);
  return await printRun(cli, reader, recorded, format);
}

function policyOf(
  policies: readonly string[],
  files: string | undefined,
): PolicyInput | readonly PolicyInput[] {
  if (files === undefined) return policies.length === 0 ? "random" : policies;
  const [policy = "random", ...more] = policies;
  if (more.length === 0) return withFiles(policy, files, "--policy-files");
  throw new SameseedError("bad_argument", "--policy-files needs one policy from a file", {
    hint: "name it with --policy FILE.py",
  });
}

function toRequest(envName: string, options: RunOptions): RunRequest {
  const { seeds, policy, actions, maxSteps, volatileInfo, image, backend, world, concurrency, out } = options;
  const { resume, extend, force, files, policyFiles, prepared } = options;
  if (policy.length > 0 && actions !== undefined) {
    throw new SameseedError("bad_argument", "--policy and --actions cannot be used together", {
      hint: "give one of them: a list of actions replaces the policy",
    });
  }
  const needs = resume ? "--resume" : extend ? "--extend" : force ? "--force" : undefined;
  if (needs !== undefined && out === undefined) {
    throw new SameseedError("bad_argument", `${needs} needs the run's folder`, {
      hint: "name it with --out DIR",
    });
  }
  return {
    envName,
    seeds,
    policy: actions === undefined ? policyOf(policy, policyFiles) : { actions: readActionsFile(actions) },
    ...(files === undefined ? {} : { files }),
    envArgs: collectEnvArgs(options.envArg),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    volatileInfo,
    image,
    backend,
    world,
    limits: givenLimits(options),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(prepared === true ? { start: "prepared" } : {}),
    ...(out === undefined ? {} : { dir: out }),
    resume: resume ?? false,
    extend: extend ?? false,
    replaceFailed: force ?? false,
    ...(options.keep === undefined ? {} : { keep: options.keep }),
  };
}
