import type { Output } from "./output.ts";
import type { Painter } from "./render/style.ts";
import type { StatusLine } from "./render/status-line.ts";

/** What every command is given. */
export interface Cli {
  /** Everything after `sameseed`. */
  readonly args: readonly string[];
  /** Standard output: the result. */
  readonly output: Output;
  /** Standard error: progress and notes. */
  readonly status: StatusLine;
  /** Colours for standard output, and for standard error. */
  readonly paint: Painter;
  readonly paintStatus: Painter;
  /** Aborts when the user interrupts, or when nobody reads standard output any more. */
  readonly signal: AbortSignal;
}

/** A command's work. @returns the exit code */
export type CommandWork = (cli: Cli) => Promise<number>;
