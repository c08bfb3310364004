import { basename } from "node:path";
import type { Command } from "commander";

import { isLeagueFolder, recordedPairings } from "../../evaluate/league/league-file.ts";
import { isMatchupFolder, readMatchup } from "../../evaluate/matchup/matchup-file.ts";
import { recordedLegs, withoutUnplayed } from "../../evaluate/matchup/verify-matchup.ts";
import { isScoreFolder } from "../../judge/record/score-folder.ts";
import type { checkFleetCertificate, FleetCheck } from "../../fleet/certificate.ts";
import type { BackendKind } from "../../sandbox/sandbox-host.ts";
import { RunReader } from "../../store/run-reader.ts";
import { VerdictKeeper } from "../../verify/kept-verdict.ts";
import { verifyRun, type VerifyResult } from "../../verify/verify-run.ts";
import { certificateBeside } from "../certificate-beside.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { prepareHost } from "../prepare-host.ts";
import { asSameseedError } from "../render/error-text.ts";
import { formatImageDifferences } from "../render/divergence-text.ts";
import { fleetLines } from "../render/fleet-lines.ts";
import { jsonText } from "../render/json-text.ts";
import { Progress } from "../render/progress.ts";
import { runFoldersIn } from "../render/run-list.ts";
import { formatVerification, judge, toVerifyDocument } from "../render/verification.ts";
import { concurrencyOption, jsonOption, rerunBackendOptions } from "./options.ts";
import { verifyScoreFolder } from "./verify-scores.ts";

interface VerifyOptions {
  readonly deep?: true;
  readonly backend?: BackendKind;
  readonly concurrency?: number;
  readonly json?: true;
  readonly store?: string;
}

/** Adds `sameseed verify`. */
export function addVerifyCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("verify")
    .summary("run a recorded run again and compare every byte")
    .description(
      "Runs every recorded rollout again in fresh sandboxes, policies included, and compares the bytes. If they differ, it names the first step, the path and both values.",
    )
    .argument("<DIR>", "the run folder, or a folder of runs, of a matchup, of a league or of scores")
    .option("--deep", "read every file of the image and every recorded byte first")
    .option("--store <URL>", "compare a fleet's certificate with the records in its store, too")
    .addOption(concurrencyOption())
    .addOption(jsonOption("the verdict as one JSON document"))
    .addHelpText("after", help)
    .action((dir: string, options: VerifyOptions) => choose(async (cli) => await verify(cli, dir, options)));
  for (const option of rerunBackendOptions()) command.addOption(option);
}

const help = `
Examples:
  sameseed verify runs/lake
  sameseed verify runs/lake --cold --json
  sameseed verify runs/lake --deep

The exit code is 0 when every rollout of the run gave the same bytes, 4 when one did not, 1 when none diverged
but some are missing from the record or failed in the same way both times (equal failures prove nothing), 3 when
the host failed, 130 when interrupted; a verification cannot be resumed.`;

async function verify(cli: Cli, dir: string, options: VerifyOptions): Promise<number> {
  if (isScoreFolder(dir)) return await verifyScoreFolder(cli, dir, options);
  if (isMatchupFolder(dir)) return await verifyLegs(cli, [dir], options);
  if (isLeagueFolder(dir)) return await verifyLegs(cli, recordedPairings(dir), options);
  const runs = runFoldersIn(dir);
  if (runs.length > 0) return await verifyRuns(cli, runs, options);
  const own = await verifyLeg(cli, dir, options);
  if (options.json) await cli.output.write(`${jsonText(documentOf(own))}\n`);
  else await cli.output.lines(linesOf(own, cli));
  return codeOf(own);
}

/** Recorded matchups, one or those of a league: each order of seats is a run of its own. */
async function verifyLegs(cli: Cli, dirs: readonly string[], options: VerifyOptions): Promise<number> {
  const legs: Record<string, VerifiedLeg> = {};
  for (const dir of dirs) {
    const { maxPairs } = readMatchup(dir);
    for (const leg of recordedLegs(dir)) {
      const { result, fleet } = await verifyLeg(cli, leg, options);
      const name = dirs.length === 1 ? basename(leg) : `${basename(dir)}/${basename(leg)}`;
      // A test that stopped by itself leaves games that nobody misses.
      legs[name] = { result: maxPairs === null ? result : withoutUnplayed(result), fleet };
    }
  }
  return await printLegs(cli, legs, options);
}

/** The runs in a folder that is none itself, such as those of two policies that were compared. */
async function verifyRuns(cli: Cli, dirs: readonly string[], options: VerifyOptions): Promise<number> {
  const legs: Record<string, VerifiedLeg> = {};
  for (const dir of dirs) legs[basename(dir)] = await verifyLeg(cli, dir, options);
  return await printLegs(cli, legs, options);
}

/** One of several runs that were verified, with what a fleet vouches for of it. */
interface VerifiedLeg {
  readonly result: VerifyResult;
  readonly fleet: FleetCheck;
}

async function verifyLeg(cli: Cli, dir: string, options: VerifyOptions): Promise<VerifiedLeg> {
  const result = await compareAll(cli, dir, options);
  const load = async (): Promise<typeof checkFleetCertificate> =>
    (await import("../../fleet/certificate.ts")).checkFleetCertificate;
  return { result, fleet: await certificateBeside(dir, options.store, load) };
}

function documentOf({ result, fleet }: VerifiedLeg): object {
  return { ...toVerifyDocument(result), ...(fleet.state === "none" ? {} : { fleet }) };
}

function linesOf({ result, fleet }: VerifiedLeg, cli: Cli): string[] {
  return [...formatVerification(result, cli.paint), ...fleetLines(fleet, cli.paint)];
}

function codeOf({ result, fleet }: VerifiedLeg): number {
  return fleet.state === "altered" ? 4 : judge(result);
}

async function printLegs(
  cli: Cli,
  legs: Readonly<Record<string, VerifiedLeg>>,
  options: VerifyOptions,
): Promise<number> {
  const results = Object.entries(legs);
  const verified = results.every(([, { result }]) => result.verified);
  if (options.json) {
    const documents = Object.fromEntries(results.map(([leg, own]) => [leg, documentOf(own)]));
    await cli.output.write(`${jsonText({ verified, legs: documents })}\n`);
  } else
    for (const [leg, own] of results)
      await cli.output.lines([cli.paint("strong", leg), ...linesOf(own, cli)]);
  return results.reduce((code, [, own]) => Math.max(code, codeOf(own)), 0);
}

async function compareAll(cli: Cli, dir: string, options: VerifyOptions): Promise<VerifyResult> {
  const { backend, deep, concurrency } = options;
  await prepareForRun(cli, dir);
  let progress: Progress | undefined;
  let diverged = 0;
  let failed = 0;
  const keeper = new VerdictKeeper(dir);
  const result = await verifyRun(dir, {
    ...(deep ? { deep } : {}),
    ...(backend === undefined ? {} : { backend }),
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
    onDiverged: (name, trajectory) => keeper.add(name.branch ?? name.seed, trajectory),
  });
  progress?.stop();
  await keepVerdict(cli, dir, keeper, result);
  return result;
}

/** What was found stays beside the run. A folder that cannot be written to is verified all the same. */
async function keepVerdict(
  cli: Cli,
  dir: string,
  keeper: VerdictKeeper,
  result: VerifyResult,
): Promise<void> {
  try {
    using reader = await RunReader.open(dir);
    keeper.write(reader.manifest, result);
  } catch (error) {
    cli.status.note(
      `${cli.paintStatus("warn", "warning:")} the verdict is not kept: ${asSameseedError(error).message}`,
    );
  }
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
