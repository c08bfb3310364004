/*
 * Theory of operation. Most changes of a world move objects in memory as well: another time zone is another text, and what is
 * made after it lies elsewhere. Where a program depends on the order of addresses, each of these worlds gives other bytes, and
 * none of them is the cause. So the rollout is run in some more layouts of memory with nothing else changed. If one of them
 * gives the same record that another factor gave, that factor did no more than to move objects.
 */
import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import type { Divergence } from "../../model/trajectory.ts";
import type { AuditedWorld } from "./audit-report.ts";
import type { WorldChange } from "./audit-world.ts";
import { compareRollouts } from "./compare-rollouts.ts";
import type { WorldRunner } from "./world-runner.ts";

/** A world that gave other bytes. */
export interface Suspect {
  /** A factor's id, or several joined by `+`. */
  readonly factor: string;
  readonly change: WorldChange;
  readonly divergence: Divergence;
}

/** A suspect, and what was recorded in its world. */
export interface RecordedSuspect extends Suspect {
  readonly rollout: RecordedRollout;
}

/** What a search found for one seed. */
export interface FoundCauses<S extends Suspect = Suspect> {
  readonly suspects: readonly S[];
  readonly worlds: readonly AuditedWorld[];
}

const factor = "addresses";

/**
 * Other layouts of memory than the factor's own. Their numbers lie far apart: of the layouts 1 to 80 half move two objects past
 * each other, and under Debian's Python 3.11.2 none of 21 to 36 does.
 */
export const otherHeaps = [21, 34, 55, 89, 144, 233, 377, 610] as const;

/**
 * Puts factors that did no more than to move objects under the addresses of objects, which is then the first suspect: they get
 * its change and its divergence, so that they are explained together.
 */
export async function tellLayouts(
  runner: WorldRunner,
  spec: RolloutSpec,
  baseline: RecordedRollout,
  found: FoundCauses<RecordedSuspect>,
): Promise<FoundCauses> {
  const others = found.suspects.filter((suspect) => suspect.factor !== factor);
  if (others.length === 0) return found;
  const layouts = await Promise.all(
    otherHeaps.map(async (heap): Promise<readonly RecordedSuspect[]> => {
      const change = { perturb: { heap } };
      const rollout = await runner.run(change, spec);
      const { divergence } = compareRollouts(baseline, rollout);
      return divergence === undefined ? [] : [{ factor, change, divergence, rollout }];
    }),
  );
  const moved = [...found.suspects.filter((suspect) => suspect.factor === factor), ...layouts.flat()];
  const first = moved[0];
  if (first === undefined) return found;
  const suspects = others.map((suspect) =>
    moved.some(({ rollout }) => isAlike(rollout, suspect)) ? { ...first, factor: suspect.factor } : suspect,
  );
  const worlds = found.worlds.map((world) =>
    world.factor === factor ? ({ factor, equal: false, how: "alone" } as const) : world,
  );
  return { suspects: [first, ...suspects], worlds };
}

/** Whether a rollout has the very record with which another left the baseline, and all before it. */
function isAlike(rollout: RecordedRollout, { rollout: other, divergence }: RecordedSuspect): boolean {
  const between = compareRollouts(rollout, other).divergence;
  return between === undefined || between.step > divergence.step;
}
