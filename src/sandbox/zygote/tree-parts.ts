import type { SameseedError } from "../../base/error.ts";
import type { TreeStreams } from "./tree-streams.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

/** What everything in one tree shares. */
export interface TreeParts {
  readonly zygote: ZygoteProcess;
  readonly streams: TreeStreams;
  /** Copies and their children count as processes of the trunk's user, and must not use up what the trunk may have. */
  readonly copyProcesses: number;
  /** Ends the whole tree; returns why. */
  fail(error: SameseedError): SameseedError;
  /** Tells when the tree is lost. Returns how to stop listening. */
  lost(listener: (error: SameseedError) => void): () => void;
  /** Runs one copying after the other: streams are lent in the order in which they are taken. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}
