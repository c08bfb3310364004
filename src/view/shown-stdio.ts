/* What the viewer shows of what a rollout's programs wrote. */
import type { ProgramStdio } from "../model/stdio.ts";

/** `stdio/ID/KEY`: what the programs of a rollout wrote to stdout and stderr when it was run again. */
export interface StdioDocument {
  readonly at: string;
  /** The digest of the image it was run again with. */
  readonly image: string;
  /** False where a limit ended both, one of them sooner. */
  readonly exact: boolean;
  /** The environment, and each policy that has a sandbox of its own. */
  readonly programs: readonly ProgramStdio[];
}
