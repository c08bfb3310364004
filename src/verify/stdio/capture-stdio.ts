import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { isCutOff } from "../../model/outcome.ts";
import type { RecordedRollout, RolloutSummary } from "../../model/rollout.ts";
import { checkSeed } from "../../model/seed.ts";
import type { ProgramStdio } from "../../model/stdio.ts";
import { executeRollout } from "../../rollout/execute-rollout.ts";
import { askedBranch } from "../../rollout/plan-branch.ts";
import { asksCaller, planRollout } from "../../rollout/plan-rollout.ts";
import { runWithRecording } from "../../rollout/recorded-answers.ts";
import { defaultIdleMs } from "../../rollout/rollout-config.ts";
import type { BackendChoice } from "../../rollout/rollout-host.ts";
import { RunReader } from "../../store/run-reader.ts";
import { firstDivergence } from "../../trajectory/first-divergence.ts";
import { chainOf, type TrajectoryChain } from "../../trajectory/trajectory-chain.ts";
import { keptNow } from "../kept-beside.ts";
import {
  hostForRerun,
  nameOf,
  optionsForRerun,
  recordedAnswers,
  recordedChain,
  sameEnd,
} from "../recorded-run.ts";
import { stdioPath, writeStdio } from "./stdio-file.ts";
import { StdioTaker } from "./take-stdio.ts";

/** How a rollout is run again for what it writes. */
export interface CaptureOptions {
  /** A backend that the caller created has its own image. @default the backend of the recording */
  readonly backend?: BackendChoice;
  readonly signal?: AbortSignal;
}

/** What the programs of a rollout wrote. */
export interface CaptureResult {
  readonly seed: number;
  /** Its number, if it is a branch. */
  readonly branch?: number;
  /** The file in the run folder. */
  readonly path: string;
  /** False where a limit ended both, one of them sooner. */
  readonly exact: boolean;
  /** The environment, and each policy that has a sandbox of its own. */
  readonly programs: readonly ProgramStdio[];
}

const names = { backend: true, signal: true } satisfies NamesOf<CaptureOptions>;

/**
 * Runs one rollout again as it was recorded, policies included, and keeps beside the run what its programs write to stdout and
 * stderr. Nothing recorded changes, and it is kept only where the rollout gave its recorded bytes again. Of each stream the
 * first and the last 64 KiB are kept.
 *
 * @example
 * const { programs } = await captureStdio("runs/lake", 42);
 * console.log(programs[0]?.stdout.text);
 *
 * @param ofSeed its seed, or its number where the run is one of branches
 * @throws `prefix_diverged` where the bytes are others, `run_missing`, `run_damaged`, `image_missing`, `wall_unavailable`,
 * `io_failed`, `aborted`…
 *
 * @experimental
 */
export async function captureStdio(
  dir: string,
  ofSeed: number,
  options: CaptureOptions = {},
): Promise<CaptureResult> {
  refuseUnknownOptions(options, names, "captureStdio");
  const key = checkSeed(ofSeed);
  using reader = await RunReader.open(dir);
  const expected = reader.row(key);
  const chain = recordedChain(reader, expected);
  const { manifest } = reader;
  const host = await hostForRerun(manifest, options.backend ?? manifest.backend);
  const { limits } = expected.receipt;
  const { template, branch } = optionsForRerun(manifest, host.image.manifest.digest, host.backend, limits);
  const own = askedBranch(branch, key);
  const { receipt } = host;
  const { signal } = options;
  const spec = { ...template, seed: expected.seed };
  const answers = asksCaller(template) ? recordedAnswers(chain) : undefined;
  const plan = planRollout(spec, limits, receipt, {
    ...own,
    ...(answers === undefined ? {} : { manifest: answers.manifest }),
  });
  const taker = new StdioTaker();
  const starter = taker.listeningTo(host.backend);
  const actual =
    answers === undefined
      ? await executeRollout(starter, receipt, plan, limits, signal)
      : await runWithRecording(starter, plan, answers, { receipt, limits, signal, idleMs: defaultIdleMs });
  const exact = sameEnd(expected, actual.summary);
  if (!exact) refuseOthers(chain, expected, actual);
  const path = stdioPath(dir, key);
  const programs = taker.programs(plan.seats);
  writeStdio(path, { ...keptNow(expected.digest, host.image.manifest.digest), exact, programs });
  return { ...nameOf(expected), path, exact, programs };
}

/**
 * Where a limit ended both, or a process that vanished, how far each came depends on the machine's load.
 * @throws `prefix_diverged`
 */
function refuseOthers(
  chain: TrajectoryChain,
  { outcome }: RolloutSummary,
  { summary, trajectory }: RecordedRollout,
): void {
  const divergence = firstDivergence(chain, chainOf(trajectory));
  const isLoose = isCutOff(outcome) || chain.digests.outcome === null;
  const isShorter = divergence === undefined || divergence.field === "length";
  if (outcome === summary.outcome && isLoose && isShorter) return;
  const what = "the rollout that was run again for what it writes";
  throw new SameseedError(
    "prefix_diverged",
    divergence === undefined
      ? `${what} ended as ${summary.outcome}, not as ${outcome}`
      : `${what} is another one from step ${divergence.step} on: ${divergence.path} differs`,
    {
      hint: "nothing is kept; `sameseed verify DIR` says of every rollout whether it gives its bytes again",
      ...(divergence === undefined ? {} : { context: { firstDivergence: { ...divergence } } }),
    },
  );
}
