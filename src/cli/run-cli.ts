/*
 * A command's work returns an exit code or throws. Every error ends here: as a message with its fix on standard error,
 * as a document on standard output if JSON was requested, and as the exit code of its catalogue entry. Only this file
 * ends the process.
 */
import { CommanderError } from "commander";

import { SameseedError } from "../base/error.ts";
import { closeSandboxes } from "../sandbox/sandbox-host.ts";
import type { Cli, CommandWork } from "./cli.ts";
import { endWhereDrained } from "./drained.ts";
import { abortOnInterrupt, interruptedExitCode } from "./interrupts.ts";
import { misuse } from "./misuse.ts";
import { Output, OutputClosedError } from "./output.ts";
import { makeProgram, wantsJson } from "./program.ts";
import { asSameseedError, formatError } from "./render/error-text.ts";
import { jsonText } from "./render/json-text.ts";
import { printable } from "./render/safe-text.ts";
import { StatusLine } from "./render/status-line.ts";
import { painterFor } from "./render/style.ts";

/** Runs one command line and ends the process with its exit code. @param args everything after `sameseed` */
export async function runCli(args: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const status = new StatusLine(process.stderr);
  process.stderr.on("error", () => {}); // nobody reads the progress; the work goes on
  abortOnInterrupt(controller, () => status.clear());
  const cli: Cli = {
    args,
    output: new Output(process.stdout, () => controller.abort()),
    status,
    paint: painterFor(process.stdout),
    paintStatus: painterFor(process.stderr),
    signal: controller.signal,
  };
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    // A defect: nothing can be known of the state after it, so nothing is tidied up; the kernel ends the sandboxes.
    process.on(event, (error: unknown) => process.exit(report(cli, error)));
  }
  endWhereDrained(() => report(cli, unresumed()));
  let exitCode = await settle(cli, async () => await parseAndRun(cli));
  exitCode = Math.max(exitCode, await settle(cli, finish));
  process.exit(exitCode);
}

async function parseAndRun(cli: Cli): Promise<number> {
  let work: CommandWork | undefined;
  const program = await makeProgram((chosen) => {
    work = chosen;
  }, cli.args);
  try {
    await program.parseAsync([...cli.args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    // No command at all: the help that was printed says it all.
    if (error.code === "commander.help") return 2;
    throw misuse(program, cli.args, error.message);
  }
  const exitCode = work === undefined ? 2 : await work(cli);
  await cli.output.flush();
  return exitCode;
}

async function finish(): Promise<number> {
  await closeSandboxes();
  return 0;
}

async function settle(cli: Cli, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (thrown) {
    cli.status.clear();
    if (thrown instanceof OutputClosedError) return 0;
    const failed = cli.output.failure;
    // Where a recording was cut short because nobody reads its lines any more, that is worth a word.
    if (failed instanceof OutputClosedError && isAborted(thrown) && !isResumable(thrown)) return 0;
    const isOutputFailure = failed instanceof SameseedError && isAborted(thrown);
    return report(cli, isOutputFailure ? failed : thrown);
  }
}

function report(cli: Cli, thrown: unknown): number {
  const error = asSameseedError(thrown);
  const debug = (process.env["SAMESEED_DEBUG"] ?? "") !== "";
  const { traceback } = error.context;
  if (typeof traceback === "string" && cli.args.includes("--verbose"))
    for (const line of printable(traceback.trimEnd(), true).split("\n")) cli.status.note(line);
  for (const line of formatError(error, cli.paintStatus, debug).split("\n")) cli.status.note(line);
  // Where a document was begun, nothing that follows can make it whole.
  if (wantsJson(cli.args) && cli.output.failure === undefined)
    process.stdout.write(`${jsonText({ error: error.toJSON() })}\n`);
  return isAborted(error) ? interruptedExitCode : error.kind.exitCode;
}

function unresumed(): SameseedError {
  return new SameseedError(
    "internal",
    "internal error in Sameseed: the command waits for something that cannot come",
    {
      hint: "please report it, with the command",
    },
  );
}

function isAborted(error: unknown): boolean {
  return asSameseedError(error).code === "aborted";
}

function isResumable(error: unknown): boolean {
  return asSameseedError(error).context["resume"] !== undefined;
}
