import type { Command } from "commander";

import { RunReader } from "../../store/run-reader.ts";
import { verifyRun } from "../../verify/verify-run.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { prepareHost } from "../prepare-host.ts";
import { formatImageDifferences } from "../render/divergence-text.ts";
import { jsonText } from "../render/json-text.ts";
import { Progress } from "../render/progress.ts";
import { formatVerification, judge, toVerifyDocument } from "../render/verification.ts";
import { coldOption, concurrencyOption, jsonOption } from "./options.ts";

interface VerifyOptions {
  readonly cold?: true;
  readonly concurrency?: number;
  readonly json?: true;
}

/** Adds `sameseed verify`. */
export function addVerifyCommand(program: Command, choose: (work: CommandWork) => void): void {
  program
    .command("verify")
    .summary("run a recorded run again and compare every byte")
    .description(
      "Runs every recorded rollout again in fresh sandboxes, policy included, and compares the bytes. Where they part, it names the first step, the place and both values.",
    )
    .argument("<DIR>", "the run folder")
    .addOption(coldOption())
    .addOption(concurrencyOption())
    .addOption(jsonOption("the verdict as one JSON document"))
    .addHelpText("after", help)
    .action((dir: string, options: VerifyOptions) => choose(async (cli) => await verify(cli, dir, options)));
}

const help = `
Examples:
  sameseed verify runs/lake
  sameseed verify runs/lake --cold --json

The exit code is 0 when every rollout gave the same bytes, 4 when one did not, 1 when none diverged but
some failed in the same way both times (equal failures prove nothing), 3 when the host failed.`;

async function verify(cli: Cli, dir: string, options: VerifyOptions): Promise<number> {
  const { cold, concurrency, json } = options;
  await prepareForRun(cli, dir);
  let progress: Progress | undefined;
  let diverged = 0;
  let failed = 0;
  const result = await verifyRun(dir, {
    ...(cold ? { backend: "cold" } : {}),
    ...(concurrency === undefined ? {} : { concurrency }),
    signal: cli.signal,
    onStart: ({ rollouts, differences }) => {
      noteImageDifferences(cli, differences);
      progress = new Progress(cli.status, {
        verb: "verifying",
        total: rollouts,
        details: () => [`${diverged} diverged`, `${failed} failed`],
      });
    },
    onRollout: ({ verdict }) => {
      if (verdict === "diverged") diverged++;
      else if (verdict === "failed") failed++;
      progress?.advance();
    },
  });
  progress?.stop();
  if (json) await cli.output.write(`${jsonText(toVerifyDocument(result))}\n`);
  else await cli.output.lines(formatVerification(result, cli.paint));
  return judge(result);
}

/** Makes sure that the image a run was recorded with, or the one of its name, can be run. */
export async function prepareForRun(cli: Cli, dir: string): Promise<void> {
  using reader = await RunReader.open(dir);
  await prepareHost(cli, reader.manifest.image.name);
}

/** Says before anything is compared what else than the rollouts may differ. */
export function noteImageDifferences(
  cli: Cli,
  differences: Parameters<typeof formatImageDifferences>[0],
): void {
  if (differences.length === 0) return;
  cli.status.note(
    `${cli.paintStatus("warn", "warning:")} the image is not the one of the recording; what differs:`,
  );
  for (const line of formatImageDifferences(differences)) cli.status.note(line);
}
