import { argumentTargets } from "./argument-targets.ts";
import { makeDecoderTarget } from "./decoder-targets.ts";
import { makeFolderTargets } from "./folder-targets.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { messageTargets } from "./message-targets.ts";
import { streamTargets } from "./stream-targets.ts";

/** Everything that takes bytes from outside, but for what Python tests alone; close each. */
export async function makeTargets(): Promise<readonly FuzzTarget[]> {
  return [
    ...streamTargets,
    ...messageTargets,
    ...argumentTargets,
    makeDecoderTarget(),
    ...(await makeFolderTargets()),
  ];
}

/** How many cases of some thousand fall to a target: what is slow gets fewer. */
export function casesFor(target: FuzzTarget, targets: readonly FuzzTarget[], cases: number): number {
  const shares = targets.reduce((sum, { cost }) => sum + 1 / cost, 0);
  return Math.ceil(cases / target.cost / shares);
}
