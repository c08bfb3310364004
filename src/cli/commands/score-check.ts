import { Option, type Command } from "commander";

import { defaultImageName } from "../../image/default-image.ts";
import { checkTasks, type TaskCheck } from "../../judge/check/check-tasks.ts";
import { readTasks } from "../../judge/read/read-tasks.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { wholeNumber } from "../parse/whole-number.ts";
import { prepareHost } from "../prepare-host.ts";
import { jsonText } from "../render/json-text.ts";
import { count } from "../render/numbers.ts";
import { clip, type Painter } from "../render/style.ts";
import { jsonOption, testConcurrencyOption } from "./options.ts";

interface CheckOptions {
  readonly repeat: number;
  readonly concurrency?: number;
  readonly json?: true;
}

/** A task that one answer passes so much of can be guessed. */
const guessable = 0.5;

/** Adds `sameseed score check`. */
export function addScoreCheckCommand(score: Command, choose: (work: CommandWork) => void): void {
  score
    .command("check")
    .summary("check tasks before anything is trained on them")
    .description(
      "Checks that each task's right solution scores 1, that solutions which solve nothing score 0 (empty, exits, equal to everything, prints that tests passed), and that scoring again gives the same results.",
    )
    .argument("<TASKS.jsonl>", "tasks, one a line")
    .addOption(
      new Option("--repeat <N>", "score each right solution N times alone and N times under load")
        .argParser(wholeNumber({ option: "--repeat", unit: "times", max: 1000 }))
        .default(1),
    )
    .addOption(testConcurrencyOption())
    .addOption(jsonOption("what was found as one JSON document"))
    .addHelpText("after", help)
    .action((tasks: string, options: CheckOptions) =>
      choose(async (cli) => await check(cli, tasks, options)),
    );
}

const help = `
Examples:
  sameseed score check tasks.jsonl
  sameseed score check tasks.jsonl --repeat 10 --json

The exit code is 0 when every task is good, 1 when one is not, 4 when the same solution had different
results, 2 for misuse, 3 when the host failed.`;

async function check(cli: Cli, path: string, { repeat, concurrency, json }: CheckOptions): Promise<number> {
  const tasks = readTasks(path);
  await prepareHost(cli, defaultImageName);
  const found = await checkTasks(tasks, {
    repeat,
    ...(concurrency === undefined ? {} : { concurrency }),
    signal: cli.signal,
    onResult: (done, total) => cli.status.show(`scoring ${done}/${total}`),
  });
  cli.status.clear();
  if (json) await cli.output.write(`${jsonText(found)}\n`);
  else await cli.output.lines(formatCheck(found, repeat, cli.paint));
  if (found.infra > 0) return 3;
  if (!found.stable) return 4;
  return found.ok ? 0 : 1;
}

function formatCheck({ tasks, runs }: TaskCheck, repeat: number, paint: Painter): string[] {
  const bad = tasks.filter(({ ok }) => !ok);
  const lines = bad.flatMap(({ task, problems }) => [
    `${paint("bad", "bad")}  ${task}`,
    ...problems.map((problem) => `     ${clip(problem, 300)}`),
  ]);
  const hints = tasks
    .filter(({ constant }) => constant !== null && constant > guessable)
    .map(
      ({ task, constant }) =>
        `${paint("warn", "note")} ${task}: one answer to everything scores ${constant!.toFixed(2)}; add tests with other answers`,
    );
  const good = tasks.length - bad.length;
  const stability = repeat > 1 ? `; ${count(runs, "run")} of right solutions, alone and under load` : "";
  return [...lines, ...hints, `${good} of ${count(tasks.length, "task")} good${stability}`];
}
