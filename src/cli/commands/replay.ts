import type { Command } from "commander";

import type { BackendKind } from "../../sandbox/sandbox-host.ts";
import { captureStdio } from "../../verify/stdio/capture-stdio.ts";
import { renderRollout } from "../../verify/pictures/render-rollout.ts";
import { replayRollout } from "../../verify/replay-rollout.ts";
import { makeForReading } from "../make-for-reading.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { rolloutKey, rolloutOptions, type RolloutChoice } from "../parse/rollout-choice.ts";
import { RunReader } from "../../store/run-reader.ts";
import { shownPath } from "../record-with-progress.ts";
import { jsonText } from "../render/json-text.ts";
import { stdioLines } from "../render/stdio-lines.ts";
import { formatReplay, judgeReplay } from "../render/verification.ts";
import { jsonOption, rerunBackendOptions } from "./options.ts";
import { noteImageDifferences, prepareForRun } from "./verify.ts";

interface ReplayOptions extends RolloutChoice {
  readonly backend?: BackendKind;
  readonly render?: true;
  readonly stdio?: true;
  readonly json?: true;
}

/** Adds `sameseed replay`. */
export function addReplayCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("replay")
    .summary("feed one rollout's recorded actions to a fresh environment")
    .description(
      "Feeds the recorded actions of one rollout to a fresh environment and compares every byte of its results. No policy runs, so any difference comes from the environment.",
    )
    .argument("<DIR>", "the run folder")
    .option(
      "--render",
      "where the bytes are equal, keep pictures of what the environment renders, for `sameseed view`",
    )
    .option(
      "--stdio",
      "also run the rollout again with its policies, and show and keep what it writes to stdout and stderr",
    )
    .addOption(jsonOption("the verdict as one JSON document"))
    .addHelpText("after", help)
    .action((dir: string, options: ReplayOptions) => choose(async (cli) => await replay(cli, dir, options)));
  for (const option of [...rolloutOptions(), ...rerunBackendOptions()]) command.addOption(option);
}

const help = `
Examples:
  sameseed replay runs/lake --seed 42
  sameseed replay runs/lake --seed 42 --render
  sameseed replay runs/lake --seed 42 --stdio

Pictures and texts lie beside the run (DIR/pictures, DIR/stdio) and are no part of what was recorded.
The exit code is 0 when the bytes are equal, 4 when they are not, 1 when the rollout had failed and
failed in the same way again (equal failures prove nothing), 3 when the host failed.`;

async function replay(cli: Cli, dir: string, options: ReplayOptions): Promise<number> {
  const { backend, json } = options;
  const key = await keyIn(dir, options);
  await prepareForRun(cli, dir);
  await makeForReading(cli, dir, [key]);
  const how = { ...(backend === undefined ? {} : { backend }), signal: cli.signal };
  const result = await replayRollout(dir, key, how);
  noteImageDifferences(cli, result.imageDifferences);
  const pictures = options.render && result.equal ? await renderRollout(dir, key, how) : undefined;
  const wrote = options.stdio && judgeReplay(result) !== 4 ? await captureStdio(dir, key, how) : undefined;
  if (json)
    await cli.output.write(
      `${jsonText({ ...result, ...(pictures && { pictures }), ...(wrote && { stdio: wrote }) })}\n`,
    );
  else await cli.output.lines([...formatReplay(result, cli.paint), ...(wrote ? stdioLines(wrote) : [])]);
  if (pictures !== undefined)
    cli.status.note(
      `kept ${pictures.pictures} pictures in ${shownPath(pictures.path)}: sameseed view ${dir}`,
    );
  return judgeReplay(result);
}

async function keyIn(dir: string, choice: RolloutChoice): Promise<number> {
  using reader = await RunReader.open(dir);
  return rolloutKey(reader.manifest.spec, choice);
}
