import { styleText } from "node:util";
import { Command } from "commander";

import { packageVersion } from "../base/package-version.ts";
import type { CommandWork } from "./cli.ts";
import { helpText } from "./render/help-text.ts";

type AddCommand = (program: Command, choose: (work: CommandWork) => void) => void;

/** Every command and how it is loaded, in the order of the help: to load all of them takes most of a short command's time. */
const commands: readonly (readonly [name: string, load: () => Promise<AddCommand>])[] = [
  ["run", async () => (await import("./commands/run.ts")).addRunCommand],
  ["verify", async () => (await import("./commands/verify.ts")).addVerifyCommand],
  ["replay", async () => (await import("./commands/replay.ts")).addReplayCommand],
  ["show", async () => (await import("./commands/show.ts")).addShowCommand],
  ["view", async () => (await import("./commands/view.ts")).addViewCommand],
  ["diff", async () => (await import("./commands/diff.ts")).addDiffCommand],
  ["export", async () => (await import("./commands/export.ts")).addExportCommand],
  ["branch", async () => (await import("./commands/branch.ts")).addBranchCommand],
  ["audit", async () => (await import("./commands/audit.ts")).addAuditCommand],
  ["check", async () => (await import("./commands/check.ts")).addCheckCommand],
  ["eval", async () => (await import("./commands/eval.ts")).addEvalCommand],
  ["compare", async () => (await import("./commands/compare.ts")).addCompareCommand],
  ["play", async () => (await import("./commands/play.ts")).addPlayCommand],
  ["policy", async () => (await import("./commands/policy.ts")).addPolicyCommand],
  ["train", async () => (await import("./commands/train.ts")).addTrainCommand],
  ["league", async () => (await import("./commands/league.ts")).addLeagueCommand],
  ["score", async () => (await import("./commands/score.ts")).addScoreCommand],
  ["exec", async () => (await import("./commands/exec.ts")).addExecCommand],
  ["serve", async () => (await import("./commands/serve.ts")).addServeCommand],
  ["worker", async () => (await import("./commands/worker.ts")).addWorkerCommand],
  ["fleet", async () => (await import("./commands/fleet.ts")).addFleetCommand],
  ["image", async () => (await import("./image/image-command.ts")).addImageCommand],
  ["doctor", async () => (await import("./commands/doctor.ts")).addDoctorCommand],
  ["attack", async () => (await import("./commands/attack.ts")).addAttackCommand],
  ["setup", async () => (await import("./commands/setup.ts")).addSetupCommand],
  ["bench", async () => (await import("./commands/bench.ts")).addBenchCommand],
];

/**
 * The program with its options and help. Parsing runs nothing: it chooses the work, or throws commander's errors.
 * @param choose is given the work of the command that was parsed
 * @param args the command line, of which the one command is loaded that it names; all are where it names none
 * @returns the program with that command or with all
 */
export async function makeProgram(
  choose: (work: CommandWork) => void,
  [first]: readonly string[] = [],
): Promise<Command> {
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
  const named = commands.filter(([name]) => name === first);
  const isVersion = first === "-V" || first === "--version";
  for (const [, load] of isVersion ? [] : named.length > 0 ? named : commands)
    (await load())(program, choose);
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
