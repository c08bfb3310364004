import type { Command } from "commander";

import { isScoreFolder } from "../../judge/record/score-folder.ts";
import { Trajectory } from "../../trajectory/trajectory.ts";
import { RunReader } from "../../store/run-reader.ts";
import { makeForReading } from "../make-for-reading.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { rolloutKey, rolloutOptions, type RolloutChoice } from "../parse/rollout-choice.ts";
import { listScores } from "../render/score-list.ts";
import { jsonText } from "../render/json-text.ts";
import { listRun, listRuns, runFoldersIn } from "../render/run-list.ts";
import { formatTrajectory } from "../render/trajectory-text.ts";
import { jsonOption } from "./options.ts";

interface ShowOptions extends RolloutChoice {
  readonly json?: true;
}

/** Adds `sameseed show`. */
export function addShowCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("show")
    .summary("list what is recorded, or print one rollout step by step")
    .description(
      "Lists the rollouts of a run, the scores of a folder that `score --out` wrote, or the runs in a folder. With --seed or --branch, prints the record of one rollout: the reset and every step; of a branch, where it comes from and its own steps.",
    )
    .argument("<DIR>", "the run folder, a folder of scores, or a folder of runs")
    .addOption(
      jsonOption("JSON: one document for a run, a line for each run, or a line for the reset and each step"),
    )
    .addHelpText("after", help)
    .action((dir: string, options: ShowOptions) => choose(async (cli) => await show(cli, dir, options)));
  for (const option of rolloutOptions()) command.addOption(option);
}

const help = `
Examples:
  sameseed show runs
  sameseed show runs/lake
  sameseed show scores/step-100 --json
  sameseed show runs/lake --seed 42
  sameseed show runs/lake --seed 42 --json | head -3
  sameseed show runs/futures --branch 3

Recorded values are exact. In JSON, integers beyond 2^53 - 1 and values that JSON cannot express are
strings.`;

async function show(cli: Cli, dir: string, options: ShowOptions): Promise<number> {
  if (options.seed === undefined && options.branch === undefined) {
    if (isScoreFolder(dir)) {
      await listScores(cli, dir, options.json === true);
      return 0;
    }
    const runs = runFoldersIn(dir);
    if (runs.length > 0) await listRuns(cli, runs, options.json === true);
    else await listRun(cli, dir, options.json === true);
    return 0;
  }
  using reader = await RunReader.open(dir);
  const key = rolloutKey(reader.manifest.spec, options);
  await makeForReading(cli, dir, [key]);
  const summary = reader.row(key);
  const trajectory = new Trajectory(reader.trajectory(key));
  if (!options.json) {
    for (const line of formatTrajectory(reader.manifest.spec, summary, trajectory, cli))
      await cli.output.lines([line]);
    return 0;
  }
  for (const step of trajectory.steps()) await cli.output.write(`${jsonText(step)}\n`);
  return 0;
}
