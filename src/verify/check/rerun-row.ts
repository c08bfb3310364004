import { availableParallelism } from "node:os";

import type { Limits } from "../../model/limits.ts";
import { endSandboxes, startBusySandboxes } from "../../sandbox/busy-sandboxes.ts";
import type { SandboxBackend } from "../../sandbox/contract.ts";
import { verifyRun, type VerifyResult } from "../verify-run.ts";
import type { RerunRow } from "./check-report.ts";

/** Where recorded rollouts are run again: in copies of the warm interpreter, in new ones, or beside sandboxes that compute. */
export type RerunKind = "warm" | "cold" | "loaded";

const words: Readonly<Record<RerunKind, string>> = {
  warm: "from the warm interpreter, one at a time",
  cold: "each from a new interpreter",
  loaded: "many at a time, beside sandboxes that compute",
};

/**
 * Runs a recorded run again, otherwise than it was recorded, and compares every byte.
 * @param busy what the neighbours of a loaded rerun run on
 * @throws as `verifyRun`
 */
export async function rerun(
  dir: string,
  kind: RerunKind,
  busy: { readonly backend: SandboxBackend; readonly limits: Limits },
  signal?: AbortSignal,
): Promise<RerunRow> {
  const own = signal === undefined ? {} : { signal };
  if (kind !== "loaded") {
    const concurrency = kind === "warm" ? 1 : availableParallelism();
    return toRow(
      kind,
      await verifyRun(dir, { backend: kind === "cold" ? "cold" : "zygote", concurrency, ...own }),
    );
  }
  const neighbours = await startBusySandboxes(busy.backend, availableParallelism(), busy.limits, signal);
  try {
    const concurrency = 4 * availableParallelism();
    return toRow(kind, await verifyRun(dir, { backend: "zygote", concurrency, ...own }));
  } finally {
    await endSandboxes(neighbours);
  }
}

function toRow(kind: RerunKind, { rollouts, equal, diverged, failed }: VerifyResult): RerunRow {
  const [first] = diverged;
  const where =
    first === undefined
      ? ""
      : `; seed ${first.seed} differs at step ${first.firstDivergence.step}, ${first.firstDivergence.path}`;
  const faults = failed.length === 0 ? "" : `; ${failed.length} failed both times`;
  return {
    verdict: equal === rollouts ? "pass" : "fail",
    summary: `${equal} of ${rollouts} with the same bytes, ${words[kind]}${where}${faults}`,
    notes: [],
    rollouts,
    equal,
    ...(first === undefined ? {} : { firstDivergence: first.firstDivergence }),
  };
}
