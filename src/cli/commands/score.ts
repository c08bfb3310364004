import type { Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { recordScores } from "../../judge/record/record-scores.ts";
import { readCompletions, readTasks } from "../../judge/read/read-tasks.ts";
import { scoreCompletions } from "../../judge/score-completions.ts";
import { summarizeScores } from "../../judge/summarize-scores.ts";
import { defaultImageName } from "../../image/default-image.ts";
import type { ScoreItem, ScoreResult } from "../../model/score.ts";
import type { RolloutFleet } from "../../rollout/rollout-fleet.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { type FleetChoice, fleetOf, fleetOptions } from "../fleet-choice.ts";
import { resumeCommand, shellPath } from "../parse/shell-words.ts";
import { prepareHost } from "../prepare-host.ts";
import { shownPath } from "../record-with-progress.ts";
import { jsonText } from "../render/json-text.ts";
import { Progress } from "../render/progress.ts";
import { formatScores, scoreExitCode } from "../render/score-text.ts";
import { withWayOn } from "../way-on.ts";
import { asSameseedError } from "../render/error-text.ts";
import { addScoreCheckCommand } from "./score-check.ts";
import { addScoreRedteamCommand } from "./score-redteam.ts";
import { ndjsonOption, jsonOption, testConcurrencyOption } from "./options.ts";

interface ScoreOptions extends FleetChoice {
  readonly out?: string;
  readonly resume?: true;
  readonly json?: true;
  readonly ndjson?: true;
}

/** Adds `sameseed score` and what is below it. */
export function addScoreCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("score")
    .summary("score a model's code: hidden tests that code cannot trick")
    .description(
      "Scores completions against tasks. Each test runs in a fresh sandbox; a solution's answers are compared outside of its process, and a failure of the host or of a task is a null score, never 0.",
    )
    .helpCommand(false)
    .argument(
      "<TASKS.jsonl>",
      "tasks, one a line; rows of HumanEval, MBPP, APPS and LiveCodeBench are read as they are",
    )
    .argument("<COMPLETIONS.jsonl>", "one a line: the `task` it answers, and its `completion` or `files`")
    .option("--out <DIR>", "record every score in this folder, for `sameseed verify`")
    .option("--resume", "continue in --out; completions without a score are scored again")
    .addOption(testConcurrencyOption())
    .addOption(jsonOption("all scores as one JSON document"))
    .addOption(
      ndjsonOption("print one JSON line for each score as soon as it is known, then one for the summary"),
    )
    .addHelpText("after", help)
    .action((tasks: string, completions: string, options: ScoreOptions) =>
      choose(async (cli) => await score(cli, tasks, completions, options)),
    );
  for (const option of fleetOptions()) command.addOption(option);
  addScoreCheckCommand(command, choose);
  addScoreRedteamCommand(command, choose);
}

const help = `
Examples:
  sameseed score tasks.jsonl completions.jsonl
  sameseed score tasks.jsonl completions.jsonl --out scores/step-100 --ndjson
  sameseed score tasks.jsonl completions.jsonl --fleet redis://queue:6379
  sameseed score check tasks.jsonl --repeat 5
  sameseed score redteam

The exit code is 0 when every completion has a score, whatever it is; 1 when a task is at fault, 2 for
misuse, 3 when the host failed more than one completion in twenty, 130 when interrupted.`;

async function score(
  cli: Cli,
  tasksPath: string,
  completionsPath: string,
  options: ScoreOptions,
): Promise<number> {
  const { out, resume, concurrency, json, ndjson } = options;
  const far = await fleetOf(cli, options);
  if (resume && out === undefined)
    throw new SameseedError("bad_argument", "--resume needs the folder of the scores", {
      hint: "name it with --out DIR",
    });
  const items = readCompletions(completionsPath, readTasks(tasksPath));
  await prepareHost(cli, defaultImageName);
  const watch = new ScoreWatch(cli, items.length, ndjson === true);
  const given = { items, signal: cli.signal, ...far, ...(concurrency === undefined ? {} : { concurrency }) };
  let results: ScoreResult[];
  try {
    results =
      out === undefined
        ? await inOrder(given, watch)
        : await recordScores({
            ...given,
            dir: out,
            resume: resume === true,
            onRecorded: (result) => watch.before(result),
            onResult: (result) => watch.add(result),
          });
    await watch.written;
  } catch (error) {
    throw stopped(cli, error, out, watch);
  } finally {
    watch.stop();
  }
  const summary = summarizeScores(results);
  if (json) await cli.output.write(`${jsonText({ ...summary, scores: results })}\n`);
  else if (ndjson) await cli.output.write(`${jsonText({ summary })}\n`);
  else {
    await cli.output.lines(formatScores(results, watch.wallMs, cli.paint));
    if (out !== undefined) {
      const folder = shownPath(out);
      const next = `next: ${cli.paint("strong", `sameseed verify ${shellPath(folder)}`)} scores every completion again and compares`;
      const isScored = results.some(({ score }) => score !== null);
      await cli.output.lines([`recorded in ${folder}`, ...(isScored ? [next] : [])]);
    }
  }
  return scoreExitCode(results);
}

async function inOrder(
  given: {
    readonly items: readonly ScoreItem[];
    readonly signal: AbortSignal;
    readonly concurrency?: number;
    readonly fleet?: RolloutFleet;
  },
  watch: ScoreWatch,
): Promise<ScoreResult[]> {
  const results = new Map<string, ScoreResult>();
  for await (const result of scoreCompletions(given)) {
    results.set(result.id, result);
    watch.add(result);
  }
  return given.items.map(({ id }) => results.get(id!)!);
}

function stopped(
  cli: Cli,
  thrown: unknown,
  out: string | undefined,
  { recorded }: ScoreWatch,
): SameseedError {
  const error = asSameseedError(thrown);
  if (error.code !== "aborted") return error;
  if (out === undefined || recorded === 0)
    return new SameseedError("aborted", "interrupted; nothing is recorded");
  return withWayOn(error, {
    kept: `${recorded} scores are recorded in ${shownPath(out)}`,
    goOn: resumeCommand(cli.args, shownPath(out)),
  });
}

/** Says how far it is, and prints each score where lines are asked for. */
class ScoreWatch {
  written: Promise<void> = Promise.resolve();
  recorded = 0;
  readonly #cli: Cli;
  readonly #lines: boolean;
  readonly #total: number;
  readonly #startedAt: number = performance.now();
  #progress: Progress | undefined;
  #sum = 0;
  #scored = 0;
  #unscored = 0;
  #before = 0;

  constructor(cli: Cli, total: number, lines: boolean) {
    this.#cli = cli;
    this.#total = total;
    this.#lines = lines;
  }

  get wallMs(): number {
    return performance.now() - this.#startedAt;
  }

  before(result: ScoreResult): void {
    this.#before++;
    this.#count(result);
  }

  add(result: ScoreResult): void {
    this.#count(result);
    if (this.#lines) {
      this.written = this.written.then(async () => {
        await this.#cli.output.write(`${jsonText(result)}\n`);
      });
      // Whoever waits for it hears of a failure; until then it must not end the process.
      this.written.catch(() => {});
    }
    this.#progress ??= new Progress(this.#cli.status, {
      verb: "scoring",
      total: this.#total,
      before: this.#before,
      details: () => [
        ...(this.#scored === 0 ? [] : [`mean score ${(this.#sum / this.#scored).toFixed(3)}`]),
        `${this.#unscored} without a score`,
      ],
    });
    this.#progress.advance();
  }

  stop(): void {
    this.#progress?.stop();
  }

  #count({ score: value }: ScoreResult): void {
    this.recorded++;
    if (value === null) this.#unscored++;
    else {
      this.#scored++;
      this.#sum += value;
    }
  }
}
