import type { OutputChannel } from "../contract.ts";

/** One start on a slot. */
export interface SlotStart {
  /** When the caller asked, on the `performance.now()` clock: births are counted from there. */
  readonly calledAt: number;
  readonly outputBytes: number;
  /** The wall time after which the slot ends the sandbox, in ms; undefined for one whose host has a part in it. */
  readonly wallMs: number | undefined;
  /** CPU time of all processes, in ms; the slot itself sees the first process only. */
  readonly cpuMs: number;
  /** Its memory limit, in bytes. */
  readonly memoryBytes: number;
  /** The number by which its stream comes where the slot does not carry it; its wall time is counted here then. */
  readonly direct?: { readonly run: number; readonly wallMs: number } | undefined;
  /** Whether the slot itself is a copy of what ran in a sandbox: that it speaks says nothing then. @default false */
  readonly untrusted?: boolean;
  readonly onOutput: (channel: OutputChannel, data: Buffer) => void;
}
