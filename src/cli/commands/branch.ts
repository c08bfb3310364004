import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import type { BranchRunConfig } from "../../branch/branch-config.ts";
import type { BranchRunResult } from "../../branch/branch-run.ts";
import type { BranchEngine } from "../../model/branch.ts";
import type { BackendKind } from "../../sandbox/sandbox-host.ts";
import { branchWithProgress } from "../branch-with-progress.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { readActionsFile } from "../parse/actions-file.ts";
import { parseNumber, rolloutOptions, type RolloutChoice } from "../parse/rollout-choice.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { formatBranches, judgeBranches, toBranchDocument } from "../render/branch-text.ts";
import { jsonText } from "../render/json-text.ts";
import { collect, concurrencyOption, jsonOption, rerunBackendOptions } from "./options.ts";
import { prepareForRun } from "./verify.ts";

interface BranchOptions extends RolloutChoice {
  readonly step: number;
  readonly count?: number;
  readonly reseed?: readonly number[];
  readonly policy?: string;
  readonly actions?: string;
  readonly seat: readonly SeatChoice[];
  readonly engine?: BranchEngine;
  readonly backend?: BackendKind;
  readonly concurrency?: number;
  readonly out?: string;
  readonly resume?: true;
  readonly json?: true;
}

/** A seat and its policy, as `--seat X=greedy` names them. */
interface SeatChoice {
  readonly seat: string;
  readonly policy: string;
}

/** Adds `sameseed branch`. */
export function addBranchCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("branch")
    .summary("continue a recorded rollout from one of its steps in another way")
    .description(
      "Continues from the state after one step of a recorded rollout, once or many times, each in fresh sandboxes, and records every branch. The recorded steps are played again first and compared: a rollout that does not give its recorded bytes is refused.",
    )
    .argument("<DIR>", "the run folder");
  const options = [
    ...rolloutOptions(),
    new Option("--step <K>", "the step after which the branch begins; 0 is the reset")
      .argParser(parseNumber)
      .makeOptionMandatory(),
    new Option(
      "--count <N>",
      "how many branches (default: one for each integer of --reseed, else 1)",
    ).argParser(wholeNumber({ option: "--count", unit: "branches", max: 1_000_000 })),
    new Option(
      "--reseed <LIST>",
      "integers, one for each branch, by which all its generators and its world's entropy are re-keyed: 1..100 or 3,5 (default: the state is taken as it is)",
    ).argParser(parseSeeds),
    new Option(
      "--policy <POLICY>",
      "random, or a Python file; it starts at the branch (default: the policy that played before)",
    ),
    new Option(
      "--actions <FILE.json>",
      "a JSON list of actions from the branch on, instead of a policy",
    ).conflicts("policy"),
    new Option("--seat <SEAT=POLICY>", "the policy of one seat of a game, such as X=greedy; may be repeated")
      .argParser(collect(parseSeat))
      .default([], "none"),
    new Option(
      "--engine <NAME>",
      "fork: the state is reached once and copied in memory; replay: each branch plays the steps again (default: fork for several branches, if the state can be copied)",
    ).choices(["fork", "replay"]),
    concurrencyOption(),
    new Option("--out <DIR>", "the run folder of the branches (default: a new one below runs/)"),
    new Option("--resume", "continue in --out: only missing branches are run"),
    jsonOption("all branches as one JSON document"),
    ...rerunBackendOptions(),
  ];
  for (const option of options) command.addOption(option);
  command
    .addHelpText("after", help)
    .action((dir: string, given: BranchOptions) => choose(async (cli) => await branch(cli, dir, given)));
}

const help = `
Examples:
  sameseed branch runs/cart --seed 42 --step 10
  sameseed branch runs/cart --seed 42 --step 10 --reseed 1..100 --out runs/futures
  sameseed branch runs/cart --seed 42 --step 10 --policy my_policy.py
  sameseed branch runs/futures --branch 3 --step 20 --count 2

What is written is a run: show, verify, replay and branch take it, with --branch I instead of a seed.
Image, world and limits are the parent's.

The exit code is 0 when every branch was a complete episode, 1 when some ended in a fault, 2 for misuse,
3 when the host failed some, 4 when the recorded steps did not give their bytes again, 130 when
interrupted. The same command with --out DIR and --resume continues.`;

async function branch(cli: Cli, dir: string, options: BranchOptions): Promise<number> {
  const config = toConfig(options);
  await prepareForRun(cli, dir);
  const startedAt = performance.now();
  const result: BranchRunResult = await branchWithProgress(cli, dir, config);
  const wallMs = performance.now() - startedAt;
  if (options.json) await cli.output.write(`${jsonText(toBranchDocument(result, wallMs))}\n`);
  else await cli.output.lines(formatBranches(result, wallMs, cli.paint));
  return judgeBranches(result);
}

function toConfig(options: BranchOptions): BranchRunConfig {
  const { seed, branch: number, step, count, reseed, policy, actions, seat, backend } = options;
  const { concurrency, out, resume, engine } = options;
  if (resume && out === undefined)
    throw new SameseedError("bad_argument", "--resume needs the folder of the branches", {
      hint: "name it with --out DIR",
    });
  return {
    step,
    ...(seed === undefined ? {} : { seed }),
    ...(number === undefined ? {} : { branch: number }),
    ...(count === undefined ? {} : { count }),
    ...(reseed === undefined ? {} : { reseed }),
    ...(policy === undefined ? {} : { policy }),
    ...(actions === undefined ? {} : { actions: readActionsFile(actions) }),
    seats: Object.fromEntries(seat.map((own) => [own.seat, own.policy])),
    ...(engine === undefined ? {} : { engine }),
    ...(backend === undefined ? {} : { backend }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(out === undefined ? {} : { out }),
    resume: resume ?? false,
  };
}

function parseSeat(text: string): SeatChoice {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return { seat: text.slice(0, at), policy: text.slice(at + 1) };
  throw new SameseedError(
    "bad_argument",
    `--seat: ${JSON.stringify(text)} does not name a seat and its policy`,
    {
      hint: "write SEAT=POLICY, such as X=greedy or O=my_policy.py",
    },
  );
}
