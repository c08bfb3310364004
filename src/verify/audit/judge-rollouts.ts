import { isComplete } from "../../model/outcome.ts";
import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import type { AuditCause, AuditedWorld, AuditVerdict } from "./audit-report.ts";
import type { WorldChange } from "./audit-world.ts";
import type { Ledger } from "../../model/trajectory.ts";
import { compareRollouts, compareTwins, type Compared } from "./compare-rollouts.ts";
import { describeFault } from "./describe-fault.ts";
import { explainCauses, type SeedSuspect } from "./explain-causes.ts";
import { factors, type Factor } from "./factors.ts";
import type { LocateInputs } from "./locate-cause.ts";
import { everything, innocent, searchCauses } from "./search-causes.ts";
import type { WorldRunner } from "./world-runner.ts";

/** Of how many seeds that differ the causes are looked for. */
const searchedSeedsMost = 3;

/** What judging needs. */
export interface Audit {
  readonly onProgress: (doing: string) => void;
  readonly runner: WorldRunner;
  readonly specs: readonly RolloutSpec[];
  readonly locate: Omit<LocateInputs, "spec">;
  /** Whether this world counts what is asked of it. */
  readonly counted: boolean;
  /** The factors that this world can change. */
  readonly usable: readonly Factor[];
}

/** What judging gives. */
export interface Finding {
  readonly verdict: AuditVerdict;
  readonly worlds: readonly AuditedWorld[];
  readonly causes: readonly AuditCause[];
}

/** One rollout of each seed in a world. */
export async function runAll(
  { runner, specs }: Audit,
  change: Parameters<WorldRunner["run"]>[0],
): Promise<RecordedRollout[]> {
  return await Promise.all(specs.map(async (spec) => await runner.run(change, spec)));
}

/** Judges rollouts whose baseline was run once: runs it again, then with everything changed, then one factor at a time. */
export async function judgeRollouts(
  audit: Audit,
  baseline: readonly RecordedRollout[],
  ledger: Ledger,
): Promise<Finding> {
  const { onProgress, specs, usable } = audit;
  const faults = baseline.filter(({ summary }) => !isComplete(summary.outcome));
  onProgress("the same world again, and everything changed");
  // Side by side: mostly both are needed. What is no complete episode is not run in any other world.
  const [again, changed] = await Promise.all([
    runAll(audit, {}),
    faults.length > 0 ? [] : runAll(audit, everything(usable)),
  ]);
  const unstable = suspectsOf(compareAll(audit, baseline, again, compareTwins), "baseline", {});
  const untried = factors
    .filter((factor) => !usable.includes(factor))
    .map(({ id }) => ({ factor: id, equal: null, how: "not tried" }) as const);
  const first: AuditedWorld = { factor: "baseline", equal: unstable.length === 0, how: "alone" };
  if (unstable.length > 0)
    return {
      verdict: "broken",
      worlds: [first, ...untried],
      causes: await explainCauses(audit.locate, unstable),
    };
  if (faults.length > 0) {
    const causes = faults.map((fault) =>
      describeFault({ ...audit.locate, spec: specOf(specs, fault) }, fault, ledger),
    );
    return { verdict: "broken", worlds: [first, ...untried], causes };
  }
  const comparisons = compareAll(audit, baseline, changed);
  const equal = comparisons.every(({ compared: { divergence } }) => divergence === undefined);
  const second: AuditedWorld = { factor: "everything", equal, how: "together" };
  const unlike = comparisons.filter(({ compared }) => Object.keys(compared).length > 0);
  const clean = audit.counted && Object.keys(ledger).length === 0 ? "pure" : "virtualised";
  if (unlike.length === 0) {
    return { verdict: clean, worlds: [first, second, ...usable.map(innocent), ...untried], causes: [] };
  }
  const { worlds, causes } = await attribute(audit, unlike);
  const verdict = causes.length === 0 ? clean : "sensitive";
  return { verdict, worlds: [first, second, ...worlds, ...untried], causes };
}

/** A rollout in the unchanged world and in another. */
interface SeedComparison {
  readonly spec: RolloutSpec;
  readonly baseline: RecordedRollout;
  readonly compared: Compared;
}

function compareAll(
  { specs }: Audit,
  baseline: readonly RecordedRollout[],
  others: readonly RecordedRollout[],
  compare: typeof compareRollouts = compareRollouts,
): SeedComparison[] {
  return baseline.map((rollout, at) => ({
    spec: specs[at]!,
    baseline: rollout,
    compared: compare(rollout, others[at]!),
  }));
}

function suspectsOf(
  comparisons: readonly SeedComparison[],
  factor: string,
  change: WorldChange,
): SeedSuspect[] {
  return comparisons.flatMap(({ compared: { divergence }, ...seed }) =>
    divergence === undefined ? [] : [{ ...seed, suspect: { factor, change, divergence } }],
  );
}

/** Looks into each seed that differed with everything changed, or that a limit ended then. */
async function attribute(audit: Audit, unlike: readonly SeedComparison[]): Promise<Omit<Finding, "verdict">> {
  const worlds = new Map<string, AuditedWorld>();
  const suspects: SeedSuspect[] = [];
  let tried = 0;
  for (const { compared, ...seed } of unlike.slice(0, searchedSeedsMost)) {
    const found = await searchCauses({
      runner: audit.runner,
      ...seed,
      factors: audit.usable,
      onWorld: (factor) => audit.onProgress(`world ${++tried}: ${factor}`),
    });
    for (const world of found.worlds) {
      const before = worlds.get(world.factor);
      if (before === undefined || (before.equal === true && world.equal === false))
        worlds.set(world.factor, world);
    }
    // What only happens with everything changed, and not every time, has no narrower name.
    const all = suspectsOf([{ ...seed, compared }], "everything", everything(audit.usable));
    suspects.push(
      ...(found.suspects.length === 0 ? all : found.suspects.map((suspect) => ({ ...seed, suspect }))),
    );
  }
  audit.onProgress("the lines behind it");
  return { worlds: [...worlds.values()], causes: await explainCauses(audit.locate, suspects) };
}

function specOf(specs: readonly RolloutSpec[], { summary }: RecordedRollout): RolloutSpec {
  return specs.find(({ seed }) => seed === summary.seed)!;
}
