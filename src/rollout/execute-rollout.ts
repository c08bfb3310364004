import { SameseedError, isSameseedError } from "../base/error.ts";
import type { Limits } from "../model/limits.ts";
import type { RecordedRollout, RolloutSummary, SeatUse } from "../model/rollout.ts";
import type { Frame } from "../model/trajectory.ts";
import type { BackendReceipt, SandboxBackend, SandboxEnd } from "../sandbox/contract.ts";
import { receiptUnder } from "../sandbox/receipt-under.ts";
import { FrameDecoder } from "../trajectory/frame-decoder.ts";
import { RolloutRecording } from "../trajectory/rollout-recording.ts";
import { classifyRollout, type Classified } from "./classify-rollout.ts";
import type { RolloutPlan, SharedPlan } from "./plan-rollout.ts";
import { type EndedGroup, refuseAborted, roundMs, runGroup, type SandboxStarter } from "./run-group.ts";

/**
 * Runs one rollout in fresh sandboxes. Everything the environment or a policy can do wrong is in the result;
 * what is thrown is the host's failure or the caller's abort.
 * @param onPicture takes what is rendered, where the plan has pictures
 * @throws `aborted`, `sandbox_failed`, `zygote_failed`, `wall_unavailable`, `tool_missing`
 */
export async function executeRollout(
  backend: SandboxStarter,
  receipt: BackendReceipt,
  plan: RolloutPlan,
  limits: Limits,
  signal?: AbortSignal,
  onPicture?: (payload: Uint8Array) => void,
): Promise<RecordedRollout> {
  const calledAt = performance.now();
  const recording = new RolloutRecording(plan.manifest, plan.branch?.gate(), onPicture);
  const group = await runGroup(backend, { ...plan, signal, onStream: (data) => recording.push(data) });
  const judged = await judge(plan, recording, group);
  refuseAborted(signal, "rollout");
  recording.refuseOtherPast(judged.fault?.message ?? judged.outcome);
  const totalMs = performance.now() - calledAt;
  return {
    ...summarize(plan, recording, judged, {
      receipt: receiptUnder(receipt, limits),
      timings: timingsOf(group.startMs, totalMs - group.startMs),
    }),
    seats: await seatsUse(plan, group),
  };
}

/**
 * Runs rollouts one after the other in one fresh sandbox. Only Sameseed's own code runs there, so whatever goes wrong is the
 * host's failure.
 * @throws `sandbox_failed`, `aborted` and what starting a sandbox throws
 */
export async function executeShared(
  backend: SandboxBackend,
  receipt: BackendReceipt,
  { rollouts, member }: SharedPlan,
  limits: Limits,
  signal?: AbortSignal,
): Promise<RecordedRollout[]> {
  const calledAt = performance.now();
  const recorder = new SharedRecorder(rollouts);
  const onStream = (data: Buffer): boolean => recorder.push(data);
  const group = await runGroup(backend, { members: [member], links: [], signal, onStream });
  refuseAborted(signal, "rollouts");
  const totalMs = performance.now() - calledAt;
  const recordings = recorder.finished();
  if (recordings === undefined) {
    const { cause, exitCode } = group.first;
    const last = group.said.of(0).trim().split("\n").at(-1) ?? "";
    throw new SameseedError(
      "sandbox_failed",
      `the referee of ${rollouts.length} rollouts ended early (${cause}, status ${exitCode}): ${recorder.problem ?? last}`,
    );
  }
  // What each took by itself nobody measures: the set's time in equal shares.
  const timings = timingsOf(group.startMs, (totalMs - group.startMs) / recordings.length);
  return await Promise.all(
    recordings.map(async (recording, at) => {
      const plan = rollouts[at]!;
      const judged = await judge(plan, recording, group);
      return {
        ...summarize(plan, recording, judged, { receipt: receiptUnder(receipt, limits), timings }),
        seats: [],
      };
    }),
  );
}

/** What the seats' sandboxes used, when all of them are over. */
export async function seatsUse({ seats }: RolloutPlan, { running, said }: EndedGroup): Promise<SeatUse[]> {
  const ends = await Promise.all(running.slice(1).map(async ({ ended }) => await ended));
  return seats.map((seat, at) => ({ seat, cpuMs: ends[at]?.cpuMs ?? 0, stderr: said.of(at + 1) }));
}

/**
 * Ends the seats' sandboxes and gives the rollout its verdict.
 * @throws `sandbox_failed` where a seat is said to have used time that it did not live
 */
export async function judge(
  plan: RolloutPlan,
  recording: RolloutRecording,
  { first, said, running, endOthers }: EndedGroup,
): Promise<Classified> {
  const error = recording.end?.error;
  const silent = error?.kind === "silent" ? plan.seats.indexOf(error.seat ?? "") + 1 : 0;
  const policy = await endOthers(silent === 0 ? undefined : silent);
  if (recording.end?.outcome === "wall_limit" && error?.kind === "limit") {
    const late = plan.seats.indexOf(error.seat ?? "") + 1;
    if (late > 0) refuseUnlived(plan, late, await running[late]!.ended);
  }
  const { clocks } = plan.spec;
  return classifyRollout({
    summary: recording.end,
    broken: recording.broken?.message,
    referee: first,
    policy,
    said: { referee: said.of(0), policy: said.of(silent) },
    ...(clocks === null ? {} : { moveCpuMs: clocks.moveCpuMs }),
  });
}

/**
 * How much of the time that a seat is charged with its sandbox must have lived. The referee may wait before the sandbox is
 * there, as each begins when the kernel gives it a processor: milliseconds on a busy host, and no reason to play again.
 */
const livedShare = 0.95;

/**
 * A seat whose sandbox lived shorter than the time it is charged with was started late, by a host that was stopped or had no
 * time between two starts. Nothing a policy does shortens its life and lets the referee wait: the end of its sandbox ends
 * its link.
 */
function refuseUnlived({ seats, lateAfterMs }: RolloutPlan, member: number, end: SandboxEnd): void {
  if (end.wallMs >= livedShare * lateAfterMs) return;
  const lived = `${roundMs(end.wallMs)} ms of the ${lateAfterMs} ms`;
  throw new SameseedError(
    "sandbox_failed",
    `the host started the policy of seat ${seats[member - 1]} too late: it lived ${lived} that it is charged with`,
  );
}

/** The row and the bytes of a rollout that is over. */
export function summarize(
  { spec, branch }: RolloutPlan,
  recording: RolloutRecording,
  { outcome, fault }: Classified,
  { receipt, timings }: Pick<RolloutSummary, "receipt" | "timings">,
): Omit<RecordedRollout, "seats"> {
  const own = withoutHold(receipt, recording.end?.notHeld ?? []);
  const digests = recording.digests();
  return {
    trajectory: recording.blob(),
    summary: {
      seed: spec.seed,
      ...(branch?.lineage === undefined ? {} : { branch: branch.lineage }),
      outcome,
      totalReward: recording.end === undefined ? recording.rewardSum() : recording.end.totalReward,
      steps: digests.steps,
      digest: digests.digest,
      contentDigest: digests.contentDigest,
      playDigest: digests.playDigest,
      seeded: recording.end?.seeded ?? [],
      warnings: recording.end?.warnings ?? [],
      receipt: branch === undefined ? own : { ...own, engine: branch.engine },
      timings,
      ...(fault === undefined ? {} : { error: fault }),
    },
  };
}

/** What does not hold where something runs beside the program in real time: then the bytes are promised nowhere. */
const racing: ReadonlySet<string> = new Set(["children", "loopback", "threads"]);

/** The receipt of a rollout in whose process more of the world turned out not to hold than its zygote could know. */
export function withoutHold<R extends BackendReceipt>(receipt: R, notHeld: readonly string[]): R {
  const all = [...new Set([...receipt.world.notHeld, ...notHeld])];
  if (all.length === receipt.world.notHeld.length) return receipt;
  const races = all.some((name) => racing.has(name));
  return { ...receipt, world: { ...receipt.world, notHeld: all }, tier: races ? "none" : "T1" };
}

/** The timings of a rollout from its two parts. */
export function timingsOf(startMs: number, runMs: number): RolloutSummary["timings"] {
  return { startMs: roundMs(startMs), runMs: roundMs(runMs), totalMs: roundMs(startMs + runMs) };
}

/** Cuts one stream into the recordings of its rollouts. */
class SharedRecorder {
  readonly #decoder = new FrameDecoder({ live: true });
  readonly #recordings: readonly RolloutRecording[];
  #at = 0;
  #problem: string | undefined;

  constructor(rollouts: readonly RolloutPlan[]) {
    this.#recordings = rollouts.map(({ manifest }) => new RolloutRecording(manifest));
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  push(chunk: Buffer): boolean {
    if (this.#problem !== undefined) return false;
    try {
      // A copy: frames are views of it.
      for (const frame of this.#decoder.push(Buffer.from(chunk))) this.#take(frame);
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      this.#problem = error.message;
    }
    return this.#problem === undefined;
  }

  /** All recordings, where every rollout came to its end. */
  finished(): readonly RolloutRecording[] | undefined {
    return this.#problem === undefined && this.#at === this.#recordings.length ? this.#recordings : undefined;
  }

  #take(frame: Frame): void {
    const recording = this.#recordings[this.#at];
    if (recording === undefined) this.#problem = "the referee plays more rollouts than it was given";
    else if (!recording.take(frame)) this.#problem = recording.broken?.message ?? "a broken recording";
    else if (recording.end !== undefined) this.#at++;
  }
}
