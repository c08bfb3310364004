import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Option, type Command } from "commander";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { timeName } from "../../base/clock.ts";
import { SameseedError } from "../../base/error.ts";
import { makeFolders } from "../../base/make-folders.ts";
import {
  type ImproveOptions,
  improvePolicy,
  improveRules,
  type ImprovementRound,
} from "../../evaluate/learning/improve-policy.ts";
import { qPolicyCode } from "../../evaluate/learning/q-policy-code.ts";
import {
  readCheckpoint,
  removeCheckpoint,
  type SavedImprovement,
  writeCheckpoint,
} from "../../evaluate/learning/training-checkpoint.ts";
import { episodesMost } from "../../evaluate/learning/training-settings.ts";
import { Training } from "../../evaluate/learning/training.ts";
import { acquireRunLock } from "../../store/run-lock.ts";
import { storeError } from "../../store/store-error.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { decimal, type FromTo, parseElo, schedule } from "../parse/schedule.ts";
import { parseSeed } from "../parse/seeds.ts";
import { resumeCommand } from "../parse/shell-words.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";
import { checkPlot, plotOption, trainingFigure, writePlot } from "../plot-file.ts";
import { asSameseedError } from "../render/error-text.ts";
import { jsonText } from "../render/json-text.ts";
import { formatRound, formatTraining, type Trained, trainingDocument } from "../render/training-text.ts";
import { withWayOn } from "../way-on.ts";
import {
  concurrencyOption,
  givenLimits,
  jsonOption,
  limitOptions,
  placementOptions,
  type LimitOptions,
  type PlacementOptions,
} from "./options.ts";

interface TrainCommandOptions extends PlacementOptions, LimitOptions {
  readonly episodes: number;
  readonly seed: number;
  readonly against: string;
  readonly alpha?: FromTo;
  readonly epsilon?: FromTo;
  readonly gamma?: number;
  readonly evaluateEvery?: number;
  readonly patience?: number;
  readonly elo?: readonly [number, number];
  readonly maxPairs?: number;
  readonly concurrency?: number;
  readonly out?: string;
  readonly resume?: true;
  readonly plot?: string;
  readonly json?: true;
}

/** Adds `sameseed train`. */
export function addTrainCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("train")
    .summary("train a tic-tac-toe policy and keep the best one")
    .description(
      "Learns tic-tac-toe by Q-learning, all episodes in sandboxes. After each round of episodes the current policy plays the best one so far and replaces it if a sequential test shows that it is better.",
    );
  for (const option of [...ownOptions(), ...placementOptions(), ...limitOptions("a thousand episodes")])
    command.addOption(option);
  command
    .addOption(plotOption("the tests of its rounds"))
    .addOption(concurrencyOption())
    .addOption(jsonOption("the rounds and the result as one JSON document"))
    .addHelpText("after", help)
    .action((options: TrainCommandOptions) => choose(async (cli) => await train(cli, options)));
}

function ownOptions(): Option[] {
  const count = (option: string, unit: string, max: number): ((text: string) => number) =>
    wholeNumber({ option, unit, max });
  return [
    new Option("--episodes <N>", "number of episodes")
      .argParser(count("--episodes", "episodes", episodesMost))
      .default(30_000),
    new Option("--seed <N>", "the seed: equal seeds give equal policies").argParser(parseSeed).default(0),
    new Option(
      "--against <POLICY>",
      "the opponent: self (both seats learn), random, greedy, minimax, or a Python file that defines choose_action(board, player, rng)",
    ).default("self"),
    new Option(
      "--alpha <A[..B]>",
      "learning rate, from the first episode to the last (default: 0.5..0.05)",
    ).argParser(schedule("--alpha")),
    new Option("--epsilon <A[..B]>", "share of random moves while learning (default: 0.5..0.3)").argParser(
      schedule("--epsilon"),
    ),
    new Option("--gamma <N>", "discount for each of the learner's own moves (default: 1)").argParser(
      decimal("--gamma"),
    ),
    new Option(
      "--evaluate-every <N>",
      "episodes between evaluations, a multiple of 1000 (default: a tenth of all)",
    ).argParser(count("--evaluate-every", "episodes", episodesMost)),
    new Option(
      "--patience <N>",
      "stop after N evaluations in a row without a promotion (default: 3)",
    ).argParser(count("--patience", "evaluations", 1_000_000)),
    new Option(
      "--elo <LOW,HIGH>",
      "promote a policy if it is better by HIGH normalised Elo rather than LOW (default: 0,50)",
    ).argParser(parseElo),
    new Option("--max-pairs <N>", "the most pairs of games in an evaluation (default: 200)").argParser(
      count("--max-pairs", "pairs", 1_000_000),
    ),
    new Option("--out <FILE.py>", "the file to write the policy to (default: a new one below policies/)"),
    new Option("--resume", "continue the interrupted training of --out"),
  ];
}

const help = `
Examples:
  sameseed train --seed 7 --out learned.py
  sameseed train --against random --episodes 20000 --epsilon 0.5..0.1 --out beats_random.py
  sameseed train --against my_bot.py --out answer.py
  sameseed eval --x learned.py --o random --exact

The exit code is 0 when a policy was promoted, 1 when none was better than random play, 2 for misuse (a
policy with faults as opponent included), 3 when the host failed, 130 when interrupted. The same command
with --resume continues, and ends with the same file.`;

async function train(cli: Cli, options: TrainCommandOptions): Promise<number> {
  const { out, resume = false, json, plot } = options;
  checkPlot(plot);
  const request = toRequest(options);
  // Numbers and files are looked at before anything slow is begun.
  const { settings } = new Training(request);
  improveRules(request, settings.plannedEpisodes);
  if (resume && out === undefined)
    throw new SameseedError("bad_argument", "--resume needs the training's file", {
      hint: "name it with --out FILE.py",
    });
  await prepareHost(cli, options.image);
  const trained = await learn(cli, request, out ?? defaultFile(), resume);
  if (json) await cli.output.write(`${jsonText(trainingDocument(trained))}\n`);
  else await cli.output.lines(formatTraining(trained, cli.paint));
  writePlot(cli, plot, trainingFigure(trained.improvement.rounds));
  return trained.improvement.champion === undefined ? 1 : 0;
}

/** A file that no other training has, for a policy whose user named none: what was learned is never thrown away. */
function defaultFile(): string {
  return join("policies", `tictactoe-${timeName()}-${randomBytes(2).toString("hex")}.py`);
}

async function learn(cli: Cli, request: ImproveOptions, out: string, resume: boolean): Promise<Trained> {
  const { settings } = new Training(request);
  makeFolderOf(out);
  const checkpoint = `${out}.training`;
  const lock = acquireRunLock(`${checkpoint}.lock`);
  let saved: SavedImprovement | undefined;
  try {
    const from = beginning(out, checkpoint, resume);
    saved = from;
    const improvement = await improvePolicy({
      ...request,
      ...watching(cli),
      ...(from === undefined ? {} : { from }),
      onSave: (now) => {
        writeCheckpoint(checkpoint, now);
        saved = now;
      },
    });
    const champion = improvement.champion;
    if (champion !== undefined) writePolicy(out, qPolicyCode(champion));
    removeCheckpoint(checkpoint);
    return { settings, improvement, file: champion === undefined ? null : out };
  } catch (error) {
    const failure = asSameseedError(error);
    if (saved === undefined || failure.kind.exitCode === 2) throw failure;
    const kept = `the training is saved in ${out}.training`;
    throw withWayOn(failure, { kept, goOn: resumeCommand(cli.args, out) });
  } finally {
    cli.status.clear();
    lock.release();
  }
}

/** What there is to go on with, where that was asked for; refuses to write over anything. */
function beginning(out: string, checkpoint: string, resume: boolean): SavedImprovement | undefined {
  const from = readCheckpoint(checkpoint);
  if (from !== undefined && resume) return from;
  const there = from === undefined ? out : checkpoint;
  if (!existsSync(there)) return undefined;
  throw new SameseedError("run_exists", `${there} already exists`, {
    hint:
      from === undefined
        ? "name another file with --out, or remove this one"
        : "continue it with --resume, or remove it",
    context: { path: there },
  });
}

function makeFolderOf(path: string): void {
  const folder = dirname(path);
  try {
    makeFolders(folder);
  } catch (error) {
    throw storeError(error, "making", folder);
  }
}

function writePolicy(path: string, code: string): void {
  try {
    writeFileAtomic(path, code);
  } catch (error) {
    throw storeError(error, "writing", path);
  }
}

function watching(cli: Cli): Pick<ImproveOptions, "signal" | "onProgress" | "onPairs" | "onRound"> {
  return {
    signal: cli.signal,
    onProgress: ({ episodes, planned }) => cli.status.show(`learning ${episodes}/${planned} episodes`),
    onPairs: ({ episodes, planned, pairs }) =>
      cli.status.show(`evaluating after ${episodes}/${planned} episodes · ${pairs} pairs of games`),
    onRound: (round: ImprovementRound) => cli.status.note(formatRound(round, cli.paintStatus)),
  };
}

function toRequest(options: TrainCommandOptions): ImproveOptions {
  const { episodes, seed, against, image, backend, world, elo } = options;
  const { alpha, epsilon, gamma, evaluateEvery, patience, maxPairs, concurrency } = options;
  const chosen = { alpha, epsilon, gamma, evaluateEvery, patience, maxPairs, concurrency };
  return {
    episodes,
    seed,
    against,
    image,
    backend,
    world,
    limits: givenLimits(options),
    ...(elo === undefined ? {} : { sprt: { elo0: elo[0], elo1: elo[1] } }),
    ...Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)),
  };
}
