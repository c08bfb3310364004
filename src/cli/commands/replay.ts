import type { Command } from "commander";

import type { BackendKind } from "../../sandbox/sandbox-host.ts";
import { replayRollout } from "../../verify/replay-rollout.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { parseSeed } from "../parse/seeds.ts";
import { jsonText } from "../render/json-text.ts";
import { formatReplay, judgeReplay } from "../render/verification.ts";
import { jsonOption, rerunBackendOptions } from "./options.ts";
import { noteImageDifferences, prepareForRun } from "./verify.ts";

interface ReplayOptions {
  readonly backend?: BackendKind;
  readonly seed: number;
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
    .requiredOption("--seed <N>", "the seed of the rollout", parseSeed)
    .addOption(jsonOption("the verdict as one JSON document"))
    .addHelpText("after", help)
    .action((dir: string, options: ReplayOptions) => choose(async (cli) => await replay(cli, dir, options)));
  for (const option of rerunBackendOptions()) command.addOption(option);
}

const help = `
Examples:
  sameseed replay runs/lake --seed 42

The exit code is 0 when the bytes are equal, 4 when they are not, 1 when the rollout had failed and
failed in the same way again (equal failures prove nothing), 3 when the host failed.`;

async function replay(cli: Cli, dir: string, { backend, seed, json }: ReplayOptions): Promise<number> {
  await prepareForRun(cli, dir);
  const result = await replayRollout(dir, seed, {
    ...(backend === undefined ? {} : { backend }),
    signal: cli.signal,
  });
  noteImageDifferences(cli, result.imageDifferences);
  if (json) await cli.output.write(`${jsonText(result)}\n`);
  else await cli.output.lines(formatReplay(result, cli.paint));
  return judgeReplay(result);
}
