import { SameseedError } from "../../../base/error.ts";
import type { RunProgress } from "./served-run.ts";

/** How far a run is that this server is not recording. */
export function recordedProgress(
  run: string,
  { rollouts, missing }: { readonly rollouts: number; readonly missing: number },
): RunProgress {
  const far = { run, total: rollouts + missing, recorded: rollouts };
  if (missing === 0) return { ...far, state: "ended", error: null };
  const error = new SameseedError("aborted", "the run was cut short by the end of what recorded it", {
    hint: `POST /v1/runs/${run}/resume goes on with it`,
  });
  return { ...far, state: "failed", error: error.toJSON() };
}
