import { join } from "node:path";
import { Option, type Command } from "commander";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { SameseedError } from "../../base/error.ts";
import { makeFolders } from "../../base/make-folders.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { RolloutFleet } from "../../rollout/rollout-fleet.ts";
import { resolveOptions, type RolloutOptions } from "../../rollout/rollout-config.ts";
import { auditAll, type AuditTable } from "../../verify/audit/audit-all.ts";
import { auditEnvironment, auditStepsDefault, auditWallMs } from "../../verify/audit/audit-environment.ts";
import { isReproducible, type AuditReport } from "../../verify/audit/audit-report.ts";
import { auditRun } from "../../verify/audit/audit-run.ts";
import { readAuditTable } from "../../verify/audit/audit-table-file.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { readActionsFile } from "../parse/actions-file.ts";
import { collectEnvArgs, type EnvArg } from "../parse/env-args.ts";
import { filesOption, policyFilesOption, withFiles } from "../parse/files-beside.ts";
import { parseSeeds } from "../parse/seeds.ts";
import { type FleetChoice, fleetOf, fleetOptions } from "../fleet-choice.ts";
import { prepareHost } from "../prepare-host.ts";
import { shownPath } from "../record-with-progress.ts";
import { formatAuditTable } from "../render/audit-table.ts";
import { formatAudit, formatAuditRow } from "../render/audit-text.ts";
import { jsonText } from "../render/json-text.ts";
import {
  concurrencyOption,
  envArgOption,
  givenLimits,
  imageOption,
  jsonOption,
  limitOptions,
  worldOption,
  type LimitOptions,
  maxStepsOption,
} from "./options.ts";
import { prepareForRun } from "./verify.ts";

interface AuditCommandOptions extends LimitOptions, FleetChoice {
  readonly seeds?: readonly number[];
  readonly policy?: string;
  readonly actions?: string;
  readonly files?: string;
  readonly policyFiles?: string;
  readonly maxSteps?: number;
  readonly envArg: readonly EnvArg[];
  readonly image: string;
  readonly world: WorldMode;
  readonly all?: true;
  readonly only?: string;
  readonly out?: string;
  readonly resume?: true;
  readonly run?: string;
  readonly json?: true;
}

/** Adds `sameseed audit`. */
export function addAuditCommand(program: Command, choose: (work: CommandWork) => void): void {
  const command = program
    .command("audit")
    .summary("find what an environment depends on besides its seed")
    .description(
      "Runs the same rollout in worlds in which factors are changed: the clock, entropy, addresses, file order and more. If the bytes differ, it names the factor, the first step, the field, both values and the source line.",
    )
    .argument("[ENV]", "a Gymnasium id, module:Id or module:Class, or path/to/file.py:ClassName or :Id")
    .addOption(
      new Option("--seeds <LIST>", "seeds to audit: 0 or 1..3,10 (default: 0)").argParser(parseSeeds),
    )
    .option(
      "--policy <POLICY>",
      "random, or a Python file that defines act(observation, rng, info) (default: random)",
    )
    .addOption(filesOption())
    .addOption(policyFilesOption("--policy-files", "the policy"))
    .option("--actions <FILE.json>", "a JSON list of actions, one for each step, instead of a policy")
    .addOption(maxStepsOption(`audit at most N steps (default: ${auditStepsDefault})`))
    .addOption(envArgOption())
    .addOption(imageOption())
    .addOption(worldOption("sealed"))
    .addOption(concurrencyOption())
    .option("--all", "audit every environment that the image registers")
    .option("--only <TEXT>", "with --all: only environments whose names contain this text")
    .option("--out <DIR>", "with --all: write the table to DIR/audit.md and DIR/audit.json")
    .option("--resume", "with --out: keep the finished rows of an interrupted audit of the same image")
    .option("--run <RUN>", "audit a recorded run and write a certificate to its folder")
    .addOption(jsonOption("the report as one JSON document"))
    .addHelpText("after", help)
    .action((envName: string | undefined, options: AuditCommandOptions) =>
      choose(async (cli) => await audit(cli, envName, options)),
    );
  for (const option of [...fleetOptions("audit"), ...limitOptions("a rollout", { wallMs: auditWallMs })])
    command.addOption(option);
}

const tableFile = "audit.json";

const help = `
Examples:
  sameseed audit CartPole-v1
  sameseed audit my_env.py:MyEnv --seeds 1..3 --max-steps 50
  sameseed audit my_env/env.py:MyEnv --files my_env
  sameseed audit --run runs/lake
  sameseed audit --all --image gymnasium --out audits/gymnasium
  sameseed audit --all --fleet redis://queue:6379

The verdict is pure (equal bytes in every world, and nothing was asked of it), virtualised (equal bytes,
although the environment asked for something), sensitive (another world gives other bytes) or broken (the
same world gives other bytes, or no complete episode could be judged).
The exit code is 0 for pure and virtualised, 4 for the others, 2 for misuse, 3 when the host failed.`;

async function audit(cli: Cli, envName: string | undefined, options: AuditCommandOptions): Promise<number> {
  const given = [envName !== undefined, options.all === true, options.run !== undefined].filter(
    Boolean,
  ).length;
  if (given !== 1) {
    throw new SameseedError(
      "bad_argument",
      "name exactly one thing to audit: an environment, a run, or all environments of an image",
      {
        hint: "give ENV, --run RUN or --all",
      },
    );
  }
  if (options.only !== undefined && options.all !== true)
    throw new SameseedError("bad_argument", "--only can only be used with --all", { hint: "add --all" });
  if (options.out !== undefined && options.all !== true) {
    throw new SameseedError("bad_argument", "--out can only be used with --all", {
      hint: "for one environment, redirect the output of --json",
    });
  }
  if (options.run !== undefined && Object.keys(givenLimits(options)).length > 0)
    throw new SameseedError(
      "bad_argument",
      "limits cannot be set with --run: it uses those of the recording",
      {
        hint: "leave out the limits, or record the run again with other limits",
      },
    );
  if (envName === undefined && (options.files ?? options.policyFiles) !== undefined)
    throw new SameseedError("bad_argument", "--files and --policy-files need an environment to lie beside", {
      hint: options.run === undefined ? "name ENV instead of --all" : "a run has its files in its folder",
    });
  if (options.resume === true && options.out === undefined)
    throw new SameseedError("bad_argument", "--resume needs the folder of the table to continue", {
      hint: "add --out DIR",
    });
  if (options.all === true) return await auditImage(cli, options);
  if (options.run !== undefined) return await auditRecorded(cli, options.run, options);
  return await auditOne(cli, envName!, options);
}

async function auditOne(cli: Cli, envName: string, options: AuditCommandOptions): Promise<number> {
  const { policy, actions, files, policyFiles, maxSteps, image, world } = options;
  if (policy !== undefined && actions !== undefined) {
    throw new SameseedError("bad_argument", "--policy and --actions cannot be used together", {
      hint: "give one of them: a list of actions replaces the policy",
    });
  }
  const request: RolloutOptions = {
    envName,
    policy:
      actions === undefined
        ? withFiles(policy ?? "random", policyFiles, "--policy-files")
        : { actions: readActionsFile(actions) },
    ...(files === undefined ? {} : { files }),
    envArgs: collectEnvArgs(options.envArg),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    image,
    world,
    limits: givenLimits(options),
  };
  // Files and names are looked at before anything slow is begun.
  resolveOptions(request);
  await prepareHost(cli, image);
  const report = await auditEnvironment({ ...request, ...(await watchOptions(cli, options)) });
  return await print(cli, report, options, []);
}

async function auditRecorded(cli: Cli, dir: string, options: AuditCommandOptions): Promise<number> {
  await prepareForRun(cli, dir);
  const { report, path } = await auditRun(dir, await watchOptions(cli, options));
  return await print(cli, report, options, [`certificate: ${shownPath(path)}`]);
}

async function print(
  cli: Cli,
  report: AuditReport,
  options: AuditCommandOptions,
  more: readonly string[],
): Promise<number> {
  cli.status.clear();
  if (options.json) await cli.output.write(`${jsonText(report)}\n`);
  else await cli.output.lines([...formatAudit(report, cli.paint), ...more]);
  return isReproducible(report.verdict) ? 0 : 4;
}

async function auditImage(cli: Cli, options: AuditCommandOptions): Promise<number> {
  await prepareHost(cli, options.image);
  // A folder that cannot be written is known before the hours, not after.
  const { out } = options;
  if (out !== undefined) makeFolders(out);
  const before = options.resume === true ? readAuditTable(join(out!, tableFile)) : undefined;
  const table = await auditAll({
    image: options.image,
    world: options.world,
    limits: givenLimits(options),
    envArgs: collectEnvArgs(options.envArg),
    ...(options.seeds === undefined ? {} : { seeds: options.seeds }),
    ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
    ...(options.only === undefined ? {} : { only: options.only }),
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(before === undefined ? {} : { before }),
    ...(await fleetOf(cli, options)),
    signal: cli.signal,
    onRow: (row, soFar) => {
      cli.status.note(formatAuditRow(row, cli.paintStatus));
      cli.status.show(`audited ${soFar.rows.length}/${soFar.total}`);
      if (out !== undefined) writeTable(out, soFar);
    },
  });
  cli.status.clear();
  if (out !== undefined) writeTable(out, table);
  await cli.output.write(options.json ? `${jsonText(table)}\n` : formatAuditTable(table));
  return exitCodeOf(table);
}

/** Both forms of a table, complete or as far as it goes. */
function writeTable(folder: string, table: AuditTable): void {
  writeFileAtomic(join(folder, "audit.md"), formatAuditTable(table));
  writeFileAtomic(join(folder, tableFile), `${jsonText(table)}\n`);
}

function exitCodeOf({ rows }: AuditTable): number {
  if (rows.some((row) => "failed" in row)) return 3;
  return rows.every((row) => !("report" in row) || isReproducible(row.report.verdict)) ? 0 : 4;
}

async function watchOptions(
  cli: Cli,
  options: AuditCommandOptions,
): Promise<{
  readonly signal: AbortSignal;
  readonly seeds?: readonly number[];
  readonly concurrency?: number;
  readonly fleet?: RolloutFleet;
  readonly onProgress: (doing: string) => void;
}> {
  const { seeds, concurrency } = options;
  return {
    ...(await fleetOf(cli, options)),
    signal: cli.signal,
    ...(seeds === undefined ? {} : { seeds }),
    ...(concurrency === undefined ? {} : { concurrency }),
    onProgress: (doing) => cli.status.show(`auditing: ${doing}`),
  };
}
