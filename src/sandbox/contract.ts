import type { JsonObject } from "../model/json.ts";
import type { Limits } from "../model/limits.ts";
import type { Receipt } from "../model/receipt.ts";
import type { WorldSettings } from "./world-settings.ts";

/** A file that lies in the sandbox before anything runs. */
export interface JobFile {
  /** Absolute, below `/tmp`. */
  readonly path: string;
  readonly data: Uint8Array;
}

/** What an audit asks of a script's sandbox. Both are `python/sameseed`'s to understand: `perturb.py`, `explain.py`. */
export interface AuditDemands {
  /** What to change before the script runs. */
  readonly perturb?: JsonObject;
  /** Run it under the line tracer, which takes standard output. */
  readonly explain?: JsonObject;
}

/** What every job has. */
export interface JobBase {
  readonly files: readonly JobFile[];
  readonly env: Readonly<Record<string, string>>;
  /** The sealed world it begins; only where the backend's world is sealed. */
  readonly world?: WorldSettings;
}

/** What a sandbox runs as its first process. */
export type Job =
  | (JobBase & {
      /** A Python script, executed in the warm interpreter. */
      readonly entry: "script";
      readonly audit?: AuditDemands;
      /** The name it has in tracebacks. */
      readonly name: string;
      readonly source: string;
    })
  | (JobBase & {
      /** The agent that runs commands and moves files, for as long as the sandbox is open. */
      readonly entry: "agent";
    });

/** One sandbox to start. */
export interface SandboxPlan {
  readonly job: Job;
  readonly limits: Limits;
  /**
   * Whether it asks its host and waits for the {@link RunningSandbox.answer}. The time from its last word to an answer is
   * none of its wall time, less the CPU time that it uses meanwhile. Whether it waits for an answer at all the backend does not
   * know: one that says something and then hangs is its host's to {@link RunningSandbox.kill}.
   * @default false
   */
  readonly asks?: boolean;
}

/** A stream between two sandboxes of a group: descriptor 4 and up in each, in the order of the list. */
export type Link = readonly [from: number, to: number];

/** Which of its outputs a sandbox wrote to. */
export type OutputChannel = "stdout" | "stderr" | "stream";

/** Why a sandbox is over. */
export type EndCause =
  /** Its first process ended, by itself or by a signal, and there is no evidence that the host caused it. */
  | "own"
  /** `kill()` was called, or the caller's signal fired. */
  | "killed"
  /** It reached its wall time. */
  | "wall"
  /** It reached its CPU time. */
  | "cpu"
  /** The kernel killed a process of it because memory ran out. */
  | "memory"
  /** It sent more bytes than allowed. */
  | "output";

/** How a sandbox ended. When this is known, every process of it is dead. */
export interface SandboxEnd {
  readonly cause: EndCause;
  /** The first process's exit status; null if a signal ended it. */
  readonly exitCode: number | null;
  /** The signal that ended the first process, such as `SIGSEGV`; null if it exited. */
  readonly signal: string | null;
  /** CPU time of the whole process tree in ms where a control group counts it, else of the first process and those it waited for. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** The largest resident size of one process, in bytes; it includes the pages shared with the zygote. */
  readonly peakMemoryBytes: number;
  /** Whether a fork was refused because the sandbox had as many processes as it may; undefined if nothing counts that. */
  readonly processLimitHit: boolean | undefined;
  /** Processes the kernel ended for want of memory; undefined if nothing counts them. */
  readonly oomKills: number | undefined;
}

/** A sandbox that was started. */
export interface RunningSandbox {
  /**
   * Resolves with the time in ms from the call to the standing wall; rejects where the sandbox could not be started.
   * Known at once for an agent; for a script with its first output or its end.
   */
  readonly born: Promise<number>;
  /** Resolves when everything in the sandbox is dead; rejects with `sandbox_failed` where the host failed it. */
  readonly ended: Promise<SandboxEnd>;
  /** Processes of it that the kernel ended for want of memory, so far; undefined if nothing counts them. */
  oomKills(): number | undefined;
  /**
   * Sends bytes to the job's stream. What the job does not take yet waits in the sandbox's own memory, so callers bound
   * what they send ahead, with an answer of the job's protocol, to a few 100 KiB.
   */
  send(data: Uint8Array): void;
  /** Sends bytes that a sandbox which asks has waited for since its last word. */
  answer(data: Uint8Array): void;
  /** Ends the job's input. */
  endInput(): void;
  /**
   * Ends the sandbox and everything in it. Safe to call at any time, any number of times.
   * @param cause what its end is to say, where the host has counted a time of its own. @default killed
   */
  kill(cause?: "wall"): void;
  /** Lets it keep this process running, as it does from its start on. */
  ref(): void;
  /** Lets this process end while it runs; it then ends with the process. */
  unref(): void;
}

/** Takes a sandbox's bytes. They are valid during the call only; keep a copy. */
export type OutputHandler = (member: number, channel: OutputChannel, data: Buffer) => void;

/** What one call starts: sandboxes that end together. */
export interface GroupPlan {
  readonly members: readonly SandboxPlan[];
  readonly links: readonly Link[];
  readonly onOutput: OutputHandler;
  readonly signal?: AbortSignal;
}

/** What a branch is started with. */
export interface BranchPlan {
  /** As {@link SandboxPlan.asks}. @default false */
  readonly asks?: boolean;
  /** None may be larger than the trunk's. */
  readonly limits: Limits;
  readonly onOutput: (channel: OutputChannel, data: Buffer) => void;
  readonly signal?: AbortSignal;
}

/** A state that can be copied: a trunk while its job waits in `_zygote.await_message`, or a checkpoint. */
export interface CopySource {
  /**
   * Why the state cannot be copied, in one sentence; undefined if it can. What it looks at is the kernel's account of the
   * process, not what the process says.
   */
  copyRefusal(): Promise<string | undefined>;
  /**
   * Starts a copy behind the whole wall. It goes on where the trunk waits, as if the trunk had, with a stream, limits, and
   * files of its own.
   * @throws `not_copyable` with the reason; `sandbox_failed`, `zygote_failed`, `aborted`
   */
  branch(plan: BranchPlan): Promise<RunningSandbox>;
  /**
   * Keeps the state, whatever becomes of the trunk's; but it ends when the trunk does.
   * @throws as {@link branch}
   */
  checkpoint(): Promise<Checkpoint>;
}

/** A sandbox that can be copied. It runs environment code and keeps rights that copying takes: no untrusted policy belongs into one. */
export interface TrunkSandbox extends RunningSandbox, CopySource {
  /** How many trunks it descends from. */
  readonly generation: number;
}

/** A state of a trunk that was kept. */
export interface Checkpoint extends CopySource {
  /**
   * Goes on from it with another trunk. Any number of times, but only so deep: a trunk that goes on from a checkpoint is a
   * generation younger, and the kernel counts generations.
   * @throws as {@link CopySource.branch}
   */
  resume(plan: BranchPlan): Promise<TrunkSandbox>;
  /** Lets it go. What was started from it goes on. */
  close(): void;
}

/** What a tree starts from. */
export interface TreePlan extends BranchPlan {
  readonly job: Job;
}

/** A trunk and all that is copied of it, behind an outer wall that it shares with nobody. */
export interface SandboxTree {
  readonly trunk: TrunkSandbox;
  /** Ends everything in it. */
  close(): Promise<void>;
}

/** What a backend can say of every sandbox it starts. */
export type BackendReceipt = Omit<Receipt, "limits">;

/**
 * Starts fresh sandboxes. A backend passes when the contract suite (`sameseed/testing`) passes on it:
 * nothing of one sandbox is seen by another, and nothing outlives its sandbox.
 */
export interface SandboxBackend {
  readonly name: "zygote" | "cold";
  /** What is enforced; known once the first zygote stands. */
  receipt(): Promise<BackendReceipt>;
  /**
   * Starts a group, waiting for free slots first.
   * @throws `wall_unavailable`, `tool_missing`, `zygote_failed`, `sandbox_failed`, `aborted`
   */
  start(plan: GroupPlan): Promise<readonly RunningSandbox[]>;
  /**
   * Starts one sandbox whose state can be copied; a backend without it has none.
   * @throws `not_copyable` where the backend or its image has no such sandboxes; else as {@link start}
   */
  openTree?(plan: TreePlan): Promise<SandboxTree>;
  /** Ends every sandbox and releases all resources. */
  close(): Promise<void>;
}
