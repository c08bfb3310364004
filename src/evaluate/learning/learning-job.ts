import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { Limits } from "../../model/limits.ts";
import { refuseAborted, runGroup } from "../../rollout/run-group.ts";
import type { SandboxBackend, SandboxEnd } from "../../sandbox/contract.ts";
import { opponentError } from "./opponent-error.ts";
import { LearningStream, type LearnedRows, readLearned } from "./learning-result.ts";
import { type LearningPiece, planPiece } from "./plan-piece.ts";

/** How often a piece that the host failed is started again, and how long before each time. */
const retryDelaysMs = [100, 1000];

/**
 * Plays a piece of training in fresh sandboxes: one that learns, and one for each seat of an opponent that is source. The
 * same piece gives the same bytes, wherever and however often it is run.
 * @throws SameseedError `bad_policy` where the opponent failed, `sandbox_ended` where the learner reached a limit, `aborted`,
 * `sandbox_failed` and the like after three attempts
 */
export async function learnPiece(
  backend: SandboxBackend,
  piece: LearningPiece,
  limits: Limits,
  signal?: AbortSignal,
): Promise<LearnedRows> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await tryPiece(backend, piece, limits, signal);
    } catch (error) {
      const delay = retryDelaysMs[attempt];
      if (!isSameseedError(error) || !error.kind.retryable || error.code === "aborted" || delay === undefined)
        throw error;
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }
}

async function tryPiece(
  backend: SandboxBackend,
  piece: LearningPiece,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<LearnedRows> {
  const stream = new LearningStream();
  let broken: unknown;
  const group = await runGroup(backend, {
    ...planPiece(piece, limits, await backend.receipt()),
    signal,
    onStream: (data) => {
      try {
        stream.push(data);
      } catch (error) {
        broken = error;
      }
      return broken === undefined;
    },
  });
  const learned = stream.payload === undefined ? undefined : readLearned(stream.payload);
  const failure = learned !== undefined && "outcome" in learned ? learned : undefined;
  const silent = failure?.kind === "silent" ? (failure.seat === "X" ? 1 : 2) : undefined;
  const itsEnd = await group.endOthers(silent);
  refuseAborted(signal, "training");
  if (broken !== undefined) throw broken;
  if (failure !== undefined) throw opponentError(piece.settings.against, failure, itsEnd);
  if (learned === undefined || "outcome" in learned) throw learnerEnded(group.first, group.said.of(0));
  return learned;
}

function learnerEnded(end: SandboxEnd, said: string): SameseedError {
  const last = said.trim().split("\n").at(-1) ?? "";
  if (end.cause === "own")
    return new SameseedError("internal", `the training sandbox ended without a result: ${last}`, {
      context: { exitCode: end.exitCode, signal: end.signal, said },
    });
  return new SameseedError("sandbox_ended", `the training sandbox reached a limit: ${end.cause}`, {
    context: { cause: end.cause, cpuMs: end.cpuMs, wallMs: end.wallMs },
    hint: "raise its limits: `limits.cpuMs`, `limits.wallMs`, `limits.memoryMb`",
  });
}
