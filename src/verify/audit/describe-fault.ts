import type { RecordedRollout } from "../../model/rollout.ts";
import type { AuditCause } from "./audit-report.ts";
import type { Ledger } from "../../model/trajectory.ts";
import { faultValues } from "./compare-rollouts.ts";
import { locateTraceback, type LocateInputs } from "./locate-cause.ts";

/** What Python calls a refused socket, name look-up or connection. */
const networkWords = /socket|network|resolution|getaddrinfo|connect|Errno 97|Errno 101/i;

/**
 * The cause of a baseline that was no complete episode. Two equal failures prove nothing, so that there is nothing to
 * compare; but the failure itself says what was asked for and refused.
 */
export function describeFault(
  inputs: LocateInputs,
  { summary }: RecordedRollout,
  ledger: Ledger,
): AuditCause {
  const { error, seed, steps } = summary;
  const traceback = error?.traceback ?? "";
  const values = faultValues(summary);
  const isNetwork =
    (ledger["socket"] ?? 0) > 0 || networkWords.test(values.actual) || /\bsocket\b/.test(lastLine(traceback));
  const location = locateTraceback(inputs, traceback);
  return {
    factor: isNetwork ? "network" : "fault",
    also: [],
    seed,
    step: error?.step ?? steps,
    field: "end",
    ...values,
    location,
    ...(location === null ? { unlocated: "no-traceback" as const } : {}),
  };
}

function lastLine(traceback: string): string {
  return traceback.trimEnd().split("\n").slice(-4).join("\n");
}
