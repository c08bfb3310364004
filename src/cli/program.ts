import { styleText } from "node:util";
import { Command } from "commander";

import { packageVersion } from "../base/package-version.ts";
import type { CommandWork } from "./cli.ts";
import { addAttackCommand } from "./commands/attack.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addBenchCommand } from "./commands/bench.ts";
import { addBranchCommand } from "./commands/branch.ts";
import { addCheckCommand } from "./commands/check.ts";
import { addCompareCommand } from "./commands/compare.ts";
import { addDiffCommand } from "./commands/diff.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEvalCommand } from "./commands/eval.ts";
import { addExecCommand } from "./commands/exec.ts";
import { addExportCommand } from "./commands/export.ts";
import { addFleetCommand } from "./commands/fleet.ts";
import { addLeagueCommand } from "./commands/league.ts";
import { addPlayCommand } from "./commands/play.ts";
import { addPolicyCommand } from "./commands/policy.ts";
import { addReplayCommand } from "./commands/replay.ts";
import { addRunCommand } from "./commands/run.ts";
import { addScoreCommand } from "./commands/score.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addSetupCommand } from "./commands/setup.ts";
import { addShowCommand } from "./commands/show.ts";
import { addTrainCommand } from "./commands/train.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { addViewCommand } from "./commands/view.ts";
import { addWorkerCommand } from "./commands/worker.ts";
import { addImageCommand } from "./image/image-command.ts";
import { helpText } from "./render/help-text.ts";

/**
 * Every command with its options and help. Parsing runs nothing: it chooses the work, or throws commander's errors.
 * @param choose is given the work of the command that was parsed
 */
export function makeProgram(choose: (work: CommandWork) => void): Command {
  const program = new Command("sameseed")
    .description(
      "Reproducible reinforcement learning: every rollout in its own fresh sandbox, recorded byte for byte.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [COMMAND]", "print help for a command")
    .usage("COMMAND [OPTIONS]")
    .configureHelp({
      styleTitle: (title) => styleText("bold", title, { validateStream: false }),
      // Arguments stand in each command's own help; here they would leave its summary half a line.
      subcommandTerm: (command) => command.name(),
    })
    .configureOutput({
      writeOut: (part) => process.stdout.write(helpText(part, process.stdout.columns)),
      // The funnel in run-cli.ts prints errors; here they are only thrown.
      outputError: () => {},
    })
    .exitOverride()
    .enablePositionalOptions()
    .addHelpText("after", help);
  const commands = [
    addRunCommand,
    addVerifyCommand,
    addReplayCommand,
    addShowCommand,
    addViewCommand,
    addDiffCommand,
    addExportCommand,
    addBranchCommand,
    addAuditCommand,
    addCheckCommand,
    addEvalCommand,
    addCompareCommand,
    addPlayCommand,
    addPolicyCommand,
    addTrainCommand,
    addLeagueCommand,
    addScoreCommand,
    addExecCommand,
    addServeCommand,
    addWorkerCommand,
    addFleetCommand,
    addImageCommand,
    addDoctorCommand,
    addAttackCommand,
    addSetupCommand,
    addBenchCommand,
  ];
  for (const add of commands) add(program, choose);
  return program;
}

/** Whether a command line asks for JSON, also where it cannot be parsed. What `exec` hands on is not its own. */
export function wantsJson(args: readonly string[]): boolean {
  return args[0] !== "exec" && args.some((arg) => arg === "--json" || arg === "--ndjson");
}

const help = `
First steps:
  sameseed run CartPole-v1 --seeds 42..45   run four rollouts, a sandbox each
  sameseed show runs                        list what is recorded
  sameseed verify runs/CartPole-v1-…        run it again, compare every byte
  sameseed doctor                           check whether sandboxes work here
  sameseed run --help                       a command's options, with examples

Results go to standard output, progress to standard error. Exit codes: 0 yes · 1 the answer is no ·
2 misuse · 3 the sandbox or host failed · 4 not reproducible · 130 interrupted; what records can be resumed.`;
