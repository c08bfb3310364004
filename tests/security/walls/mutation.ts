import type { Probe } from "./probe.ts";
import type { WallChange } from "./wall-change.ts";

/** One step of the recipe that is taken out. */
export interface Mutation {
  /** Short and unique. */
  readonly id: string;
  /** What is taken out, for a reader of the table. */
  readonly step: string;
  readonly change: WallChange;
  /** What gets through without the step; where nothing can because no sandbox starts any more, `refused`. */
  readonly probe: Probe | "refused";
  /**
   * Other steps that close the same thing. With the step alone taken out the probe is held; with these out as well it
   * gets through.
   */
  readonly behind?: readonly string[];
  /** Calls of it that a sealed world's filter hands to its library: closed twice there, and taken out with the others. */
  readonly answered?: readonly string[];
  /** Why no program can show the step: the kernel or bubblewrap does the same without being asked. The probe is held. */
  readonly silent?: string;
  /** Whether the short list that CI runs has it. */
  readonly short?: boolean;
}

/** A change of one place of a file of `native/zygote/`. */
export function native(file: string, from: string, to = ""): WallChange {
  return { native: [{ file: `zygote/${file}`, from, to }] };
}

/** A change of bubblewrap's arguments. */
export function outer(from: readonly string[], to: readonly string[] = []): WallChange {
  return { outer: [{ from, to }] };
}
