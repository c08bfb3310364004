import type { RewardSum } from "../model/reward-sum.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { chainOf } from "../trajectory/trajectory-chain.ts";
import type { ImageDifference } from "../model/image-manifest.ts";
import type { Outcome } from "../model/outcome.ts";
import { checkSeed } from "../model/seed.ts";
import type { Divergence } from "../model/trajectory.ts";
import { executeRollout } from "../rollout/execute-rollout.ts";
import { askedBranch } from "../rollout/plan-branch.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import type { BackendChoice } from "../rollout/rollout-host.ts";
import { RunReader } from "../store/run-reader.ts";
import { firstDivergence } from "../trajectory/first-divergence.ts";
import { recordsDivergence } from "./row-divergence.ts";
import { runWithRecording } from "../rollout/recorded-answers.ts";
import { defaultIdleMs } from "../rollout/rollout-config.ts";
import {
  hostForRerun,
  optionsForRerun,
  recordedAnswers,
  recordedChain,
  replaySource,
  nameOf,
} from "./recorded-run.ts";

/** How a rollout is replayed. */
export interface ReplayOptions {
  /** A backend that the caller created has its own image. @default the backend of the recording */
  readonly backend?: BackendChoice;
  readonly signal?: AbortSignal;
}

/** The result of a replay. */
export interface ReplayResult {
  readonly seed: number;
  /** Its number, if it is a branch. */
  readonly branch?: number;
  /** Whether every byte equals the recording. */
  readonly equal: boolean;
  readonly outcome: Outcome;
  readonly recordedOutcome: Outcome;
  readonly steps: number;
  readonly totalReward: RewardSum;
  /** The recorded trajectory's digest, and the replayed one's; equal where the bytes are. */
  readonly expectedDigest: string;
  readonly digest: string;
  readonly firstDivergence?: Divergence;
  readonly imageDifferences: readonly ImageDifference[];
}

/**
 * Feeds the recorded actions of one rollout to the environment in a fresh sandbox. No policy runs, so any difference
 * comes from the environment.
 * @param ofSeed its seed, or its number where the run is one of branches
 * @throws `run_missing`, `run_damaged`, `image_missing`, `wall_unavailable`, `aborted`…
 */
export async function replayRollout(
  dir: string,
  ofSeed: number,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  refuseUnknownOptions(
    options,
    { backend: true, signal: true } satisfies NamesOf<ReplayOptions>,
    "replayRollout",
  );
  const seed = checkSeed(ofSeed);
  using reader = await RunReader.open(dir);
  const expected = reader.row(seed);
  const chain = recordedChain(reader, expected);
  const { manifest } = reader;
  const host = await hostForRerun(manifest, options.backend ?? manifest.backend);
  const { backend, receipt, differences } = host;
  const { template, branch } = optionsForRerun(manifest, host.image.manifest.digest, backend);
  // Those of the rollout itself: a run may have been resumed with others.
  const { limits } = expected.receipt;
  const spec = { ...template, seed: expected.seed };
  const replay = replaySource(chain);
  const { end } = replay;
  const own = askedBranch(branch, seed);
  const { signal } = options;
  const actual = template.seats.every(({ policy }) => policy.kind === "caller")
    ? await runWithRecording(
        backend,
        planRollout(spec, limits, receipt, { ...own, manifest: replay.manifest }),
        recordedAnswers(chain),
        { receipt, limits, signal, idleMs: defaultIdleMs },
      )
    : await executeRollout(
        backend,
        receipt,
        planRollout(spec, limits, receipt, { ...own, replay }),
        limits,
        signal,
      );
  const { summary } = actual;
  const isSame = summary.digest === expected.digest;
  const divergence = isSame
    ? recordsDivergence(expected, summary)
    : firstDivergence(chain, chainOf(actual.trajectory));
  const equal = isSame && divergence === undefined;
  return {
    ...nameOf(expected),
    equal,
    // Why a policy fell silent is the supervisor's to know, and here is none to supervise.
    outcome: equal && end !== undefined ? expected.outcome : summary.outcome,
    recordedOutcome: expected.outcome,
    steps: summary.steps,
    totalReward: summary.totalReward,
    expectedDigest: expected.digest,
    digest: summary.digest,
    ...(divergence === undefined ? {} : { firstDivergence: divergence }),
    imageDifferences: differences,
  };
}
