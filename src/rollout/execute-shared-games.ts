import { isSameseedError, SameseedError } from "../base/error.ts";
import { FrameDecoder } from "../trajectory/frame-decoder.ts";
import type { Limits } from "../model/limits.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { Frame } from "../model/trajectory.ts";
import type { BackendReceipt, SandboxBackend } from "../sandbox/contract.ts";
import { classifyRollout } from "./classify-rollout.ts";
import { round, summarize } from "./execute-rollout.ts";
import { LastWords } from "./last-words.ts";
import type { SharedGamesPlan } from "./plan-game.ts";
import type { RolloutPlan } from "./plan-rollout.ts";
import { RolloutRecording } from "../trajectory/rollout-recording.ts";

/**
 * Plays games of built-in policies one after the other in one fresh sandbox. Only Sameseed's own code runs there, so
 * whatever goes wrong is the host's failure.
 * @throws `sandbox_failed`, `aborted` and what starting a sandbox throws
 */
export async function executeSharedGames(
  backend: SandboxBackend,
  receipt: BackendReceipt,
  plan: SharedGamesPlan,
  limits: Limits,
  signal?: AbortSignal,
): Promise<RecordedRollout[]> {
  const calledAt = performance.now();
  const recorder = new SharedRecorder(plan.games);
  const words = new LastWords();
  const [running] = await backend.start({
    members: [plan.member],
    links: [],
    ...(signal === undefined ? {} : { signal }),
    onOutput: (member, channel, data) => {
      if (channel === "stderr") words.push(member, data);
      if (channel === "stream") recorder.push(data);
    },
  });
  const startMs = await running!.born;
  const end = await running!.ended;
  if (signal?.aborted === true) throw new SameseedError("aborted", "the games were aborted");
  const totalMs = performance.now() - calledAt;
  const said = words.of(0);
  const recordings = recorder.finished();
  if (recordings === undefined) {
    const last = said.trim().split("\n").at(-1) ?? "";
    throw new SameseedError(
      "sandbox_failed",
      `the referee of ${plan.games.length} games ended early (${end.cause}, status ${end.exitCode}): ${recorder.problem ?? last}`,
    );
  }
  // What each game took by itself nobody measures: the set's time in equal shares.
  const share = (totalMs - startMs) / recordings.length;
  return recordings.map((recording, at) => {
    const game = plan.games[at]!;
    const judged = classifyRollout({
      summary: recording.end,
      broken: undefined,
      referee: end,
      policy: undefined,
      said: { referee: said, policy: "" },
    });
    return summarize(game, recording, judged, {
      receipt: { ...receipt, limits },
      timings: { startMs: round(startMs), runMs: round(share), totalMs: round(startMs + share) },
    });
  });
}

/** Cuts one stream into the recordings of its games. */
class SharedRecorder {
  readonly #decoder = new FrameDecoder({ live: true });
  readonly #recordings: readonly RolloutRecording[];
  #at = 0;
  #problem: string | undefined;

  constructor(games: readonly RolloutPlan[]) {
    this.#recordings = games.map(({ manifest }) => new RolloutRecording(manifest));
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  push(chunk: Buffer): void {
    if (this.#problem !== undefined) return;
    try {
      // A copy: frames are views of it.
      for (const frame of this.#decoder.push(Buffer.from(chunk))) this.#take(frame);
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      this.#problem = error.message;
    }
  }

  /** All recordings, where every game came to its end. */
  finished(): readonly RolloutRecording[] | undefined {
    return this.#problem === undefined && this.#at === this.#recordings.length ? this.#recordings : undefined;
  }

  #take(frame: Frame): void {
    const recording = this.#recordings[this.#at];
    if (recording === undefined) this.#problem = "the referee plays more games than it was given";
    else if (!recording.take(frame)) this.#problem = recording.broken?.message ?? "a broken recording";
    else if (recording.end !== undefined) this.#at++;
  }
}
