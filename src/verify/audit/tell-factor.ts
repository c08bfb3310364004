/*
 * Theory of operation. In the host's world nothing can be held still, so that two runs of it which differ say where, not why.
 * The sealed world can say it: there two runs are equal, and one of the things that the host leaves to chance is changed at
 * a time. Where exactly one of them makes the same place differ, that is what the host's runs differ by. Where none does, or
 * several do, or the environment does not play or repeat itself there, nothing is claimed.
 */
import { isSameseedError } from "../../base/error.ts";
import { isComplete } from "../../model/outcome.ts";
import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import type { Divergence } from "../../model/trajectory.ts";
import type { AuditCause } from "./audit-report.ts";
import type { WorldChange } from "./audit-world.ts";
import { compareRollouts } from "./compare-rollouts.ts";
import { type Factor, moreEntropy } from "./factors.ts";
import type { WorldRunner } from "./world-runner.ts";

/** What telling needs. */
export interface TellInputs {
  /** Runs the world in which two runs differ. */
  readonly runner: WorldRunner;
  readonly specs: readonly RolloutSpec[];
  /** What only the sealed world can change. */
  readonly factors: readonly Factor[];
}

/** Names the factor of each cause that is known only as two runs that differ, where the sealed world tells it. */
export async function tellFactors(
  { runner, specs, factors }: TellInputs,
  causes: readonly AuditCause[],
): Promise<AuditCause[]> {
  const open = causes.filter(({ factor }) => factor === "baseline");
  const seeds = new Set(open.map(({ seed }) => seed));
  const told = new Map<number, readonly Shown[]>();
  for (const spec of specs)
    if (seeds.has(spec.seed)) told.set(spec.seed, await showEach(runner, spec, factors));
  return causes.map((cause) => {
    if (cause.factor !== "baseline") return cause;
    const shown = (told.get(cause.seed) ?? []).filter(({ places }) => places.has(placeOf(cause)));
    const [only] = shown;
    return shown.length === 1 && only !== undefined ? { ...cause, factor: only.id, toldBy: "sealed" } : cause;
  });
}

/** A factor, and the places that differ first where it is changed. */
interface Shown {
  readonly id: string;
  readonly places: ReadonlySet<string>;
}

/** Nothing where the sealed world has nothing to say of this environment. */
async function showEach(
  runner: WorldRunner,
  spec: RolloutSpec,
  factors: readonly Factor[],
): Promise<readonly Shown[]> {
  const sealed = runner.sealed();
  try {
    const [baseline, again] = await Promise.all([sealed.run({}, spec), sealed.run({}, spec)]);
    if (!isComplete(baseline.summary.outcome) || placesOf(baseline, [again]).size > 0) return [];
    return await Promise.all(
      factors.map(async (factor) => {
        const others = await Promise.all(
          changesOf(factor).map(async (change) => await sealed.run(change, spec)),
        );
        return { id: factor.id, places: placesOf(baseline, others) };
      }),
    );
  } catch (error) {
    if (isSameseedError(error) && error.code !== "aborted") return [];
    throw error;
  }
}

/** A draw of a few values is often the same, so more than one other entropy is tried. */
function changesOf({ id, change }: Factor): readonly WorldChange[] {
  return id === "entropy" ? [change, ...moreEntropy] : [change];
}

function placesOf(baseline: RecordedRollout, others: readonly RecordedRollout[]): Set<string> {
  return new Set(
    others.flatMap((other) => {
      const { divergence } = compareRollouts(baseline, other);
      return divergence === undefined ? [] : [placeOf(divergence)];
    }),
  );
}

/** Which element of an array, and in which step, chance decides. */
function placeOf({ field, path }: Pick<Divergence, "field" | "path">): string {
  return `${field} ${path.replaceAll(/\[\d+\]/g, "[]")}`;
}
