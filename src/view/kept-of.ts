import type { KeptBeside } from "../verify/kept-beside.ts";
import type { LoadedRollout } from "./open-runs.ts";

/**
 * What lies beside the run, where it is of this very rollout. What is damaged is none: it is no part of what is recorded.
 * @param read what is there, by the run's folder and the rollout's key
 */
export function keptOf<T extends Pick<KeptBeside, "rollout">>(
  { recording, key, isOther, summary }: LoadedRollout,
  read: (dir: string, key: number) => T | undefined,
): T | undefined {
  if (isOther) return undefined;
  try {
    const kept = read(recording.dir, key);
    return kept?.rollout === summary.digest ? kept : undefined;
  } catch {
    return undefined;
  }
}
