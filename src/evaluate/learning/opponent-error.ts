import { SameseedError } from "../../base/error.ts";
import type { SandboxEnd } from "../../sandbox/contract.ts";
import type { SeatFault } from "../../games/play-games.ts";
import type { OpponentFailure } from "./learning-result.ts";

const byCause: Readonly<Partial<Record<SandboxEnd["cause"], SeatFault>>> = {
  cpu: "cpu_limit",
  wall: "wall_limit",
  memory: "memory_limit",
  output: "output_limit",
};

const moveClockStatus = 152;

const faults: readonly SeatFault[] = [
  "illegal_action",
  "cpu_limit",
  "wall_limit",
  "memory_limit",
  "output_limit",
  "protocol_error",
  "no_policy",
];

/**
 * The error for an opponent that could not go on: nothing can be learned from it.
 * @param end how its sandbox ended by itself, where it fell silent
 */
export function opponentError(
  name: string,
  failure: OpponentFailure,
  end: SandboxEnd | undefined,
): SameseedError {
  const { episode, seat, message } = failure;
  const fault = faultOf(failure, end);
  const who = name.replace(/ sha256:[0-9a-f]{64}$/, "");
  return new SameseedError(
    "bad_policy",
    `${who} failed as ${seat} in episode ${episode}: ${fault}${message === "" ? "" : `: ${message}`}`,
    {
      hint: "training needs an opponent that plays without faults; check it with `sameseed policy check FILE`",
      context: { episode, seat, fault },
    },
  );
}

function faultOf({ outcome, kind }: OpponentFailure, end: SandboxEnd | undefined): SeatFault {
  const cause = end === undefined ? undefined : byCause[end.cause];
  if (cause !== undefined) return cause;
  // The status of a policy whose move clock ran out; nothing is gained by pretending it.
  if (end?.cause === "own" && end.exitCode === moveClockStatus) return "cpu_limit";
  if (kind === "no_policy" || kind === "bad_policy") return "no_policy";
  return faults.find((fault) => fault === outcome) ?? "crash";
}
