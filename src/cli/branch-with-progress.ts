import type { SameseedError } from "../base/error.ts";
import type { BranchRunConfig, OpenBranchRun } from "../branch/branch-config.ts";
import { branchRun, type BranchRunResult } from "../branch/branch-run.ts";
import { isComplete } from "../model/outcome.ts";
import type { Cli } from "./cli.ts";
import { resumeCommand } from "./parse/shell-words.ts";
import { shownPath } from "./record-with-progress.ts";
import { asSameseedError } from "./render/error-text.ts";
import { count } from "./render/numbers.ts";
import { Progress } from "./render/progress.ts";
import { withWayOn } from "./way-on.ts";

/**
 * Branches a rollout and says on standard error how far it is.
 * @throws as `branchRun`; where something is recorded already, the error says how to go on
 */
export async function branchWithProgress(
  cli: Cli,
  dir: string,
  config: BranchRunConfig,
): Promise<BranchRunResult> {
  let progress: Progress | undefined;
  let open: OpenBranchRun | undefined;
  let recorded = 0;
  let faults = 0;
  let failed = 0;
  try {
    return await branchRun(dir, {
      ...config,
      signal: cli.signal,
      onOpen: (run) => {
        open = run;
        const before = run.recorded === 0 ? "" : `; ${run.recorded} recorded before`;
        cli.status.note(
          `recording ${count(run.total, "branch", "branches")} in ${shownPath(run.dir)}${before}`,
        );
        progress = new Progress(cli.status, {
          verb: "branching",
          total: run.total,
          before: run.recorded,
          details: () => [count(faults, "fault"), ...(failed === 0 ? [] : [`${failed} failed`])],
        });
      },
      onBranch: (settled) => {
        if (settled.status === "rejected") failed++;
        else {
          recorded++;
          if (!isComplete(settled.rollout.outcome)) faults++;
        }
        progress?.advance();
      },
    });
  } catch (error) {
    throw stopped(cli, asSameseedError(error), open, recorded);
  } finally {
    progress?.stop();
  }
}

function stopped(
  cli: Cli,
  error: SameseedError,
  run: OpenBranchRun | undefined,
  recorded: number,
): SameseedError {
  const done = (run?.recorded ?? 0) + recorded;
  if (run === undefined || error.kind.exitCode === 2 || done === 0) return error;
  const dir = shownPath(run.dir);
  return withWayOn(error, {
    kept: `${done} of ${count(run.total, "branch", "branches")} ${done === 1 ? "is" : "are"} recorded in ${dir}`,
    goOn: resumeCommand(cli.args, dir),
    context: { dir: run.dir, recorded: done, total: run.total },
  });
}
