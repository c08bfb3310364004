import type { FaultKind, FaultOwner, Outcome, RolloutFault } from "../model/outcome.ts";
import type { EndError, EndSummary } from "../model/trajectory.ts";
import type { SandboxEnd } from "../sandbox/contract.ts";

/** What is known when every sandbox of a rollout is dead. */
export interface RolloutEvidence {
  /** The referee's own summary, where it came so far. */
  readonly summary: EndSummary | undefined;
  /** Why the referee's stream was not of the protocol. */
  readonly broken: string | undefined;
  readonly referee: SandboxEnd;
  /** How the policy's sandbox ended, where it has one and ended before it was told to. */
  readonly policy: SandboxEnd | undefined;
  /** The CPU time of one move in ms, where the policy has a clock for it. */
  readonly moveCpuMs?: number;
  /** The last of what each wrote to standard error. */
  readonly said: { readonly referee: string; readonly policy: string };
}

/** A rollout's verdict. */
export interface Classified {
  readonly outcome: Outcome;
  readonly fault?: RolloutFault;
}

const limitWords: Readonly<Partial<Record<SandboxEnd["cause"], readonly [Outcome, string]>>> = {
  cpu: ["cpu_limit", "used up its CPU time"],
  wall: ["wall_limit", "used up its wall time"],
  memory: ["memory_limit", "used up its memory"],
  output: ["output_limit", "sent more bytes than it may"],
  killed: ["killed", "was ended from outside"],
};

/**
 * Gives a rollout its outcome. The referee's summary is believed as far as it goes, for the environment is its own
 * judge; what it cannot know, why a policy fell silent or why it fell silent itself, the supervisor knows.
 */
export function classifyRollout(evidence: RolloutEvidence): Classified {
  const { summary, broken, referee } = evidence;
  if (broken !== undefined) {
    return fault("protocol_error", "environment", "protocol", "ProtocolError", broken);
  }
  if (summary === undefined)
    return silent(evidence, "environment", referee, evidence.said.referee, "env_error");
  if (summary.error?.kind === "silent" && evidence.policy !== undefined) {
    return silentPolicy(evidence, evidence.policy, summary.error);
  }
  if (summary.error === undefined) return { outcome: summary.outcome };
  const { kind, type, message, traceback, step, by, seat } = summary.error;
  return {
    outcome: summary.outcome,
    fault: {
      by,
      kind,
      ...(seat === undefined ? {} : { seat }),
      type,
      message,
      ...(step === null ? {} : { step }),
      ...(traceback === "" ? {} : { traceback }),
    },
  };
}

/** A policy whose move clock ran out exits with this status. */
const moveClockStatus = 152;

/** The verdict on a policy that ended without a word; the referee knows at which step it was missed. */
function silentPolicy(evidence: RolloutEvidence, end: SandboxEnd, error: EndError): Classified {
  const place = {
    ...(error.seat === undefined ? {} : { seat: error.seat }),
    ...(error.step === null ? {} : { step: error.step }),
  };
  const { moveCpuMs } = evidence;
  // A policy may exit with that status itself, but it cannot have used the time.
  const late = end.cause === "own" && end.exitCode === moveClockStatus;
  if (late && moveCpuMs !== undefined && end.cpuMs >= moveCpuMs / 2) {
    const message = `the policy used more than ${moveCpuMs} ms of CPU time for one move`;
    return { outcome: "cpu_limit", fault: { by: "policy", kind: "limit", type: "limit", message, ...place } };
  }
  const { outcome, fault: own } = silent(evidence, "policy", end, evidence.said.policy, "policy_error");
  return { outcome, ...(own === undefined ? {} : { fault: { ...own, ...place } }) };
}

/** What C++ says before it ends a process that gets no more memory. */
const moreMemory = " (it could not get more memory: raise --memory-mb, `limits.memoryMb` in the SDK)";

/** The verdict on a process that ended without a word; at which step is not known, only how many were recorded. */
function silent(
  evidence: RolloutEvidence,
  by: FaultOwner,
  end: SandboxEnd,
  said: string,
  otherwise: Outcome,
): Classified {
  const who = by === "policy" ? "the policy" : "the environment";
  const limit = limitWords[end.cause];
  if (limit !== undefined) return fault(limit[0], by, "limit", "limit", `${who} ${limit[1]}`);
  const line = said.trim().split("\n").at(-1) ?? "";
  const last = `${line === "" ? "" : `: ${line}`}${/bad_alloc|out of memory/i.test(line) ? moreMemory : ""}`;
  if (end.signal !== null)
    return fault(otherwise, by, "signal", "signal", `${who}'s process was ended by ${end.signal}${last}`);
  return fault(otherwise, by, "exit", "exit", `${who}'s process exited with status ${end.exitCode}${last}`);
}

function fault(outcome: Outcome, by: FaultOwner, kind: FaultKind, type: string, message: string): Classified {
  return { outcome, fault: { by, kind, type, message } };
}
