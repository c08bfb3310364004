import { isComplete } from "../../model/outcome.ts";
import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import type { AuditCause, AuditedWorld, AuditVerdict } from "./audit-report.ts";
import type { WorldChange } from "./audit-world.ts";
import type { Ledger } from "../../model/trajectory.ts";
import { compareRollouts, compareTwins, type Compared } from "./compare-rollouts.ts";
import { describeFault } from "./describe-fault.ts";
import { explainCauses, type SeedSuspect } from "./explain-causes.ts";
import { factors, moreDraws, moreEntropy, moreSalts, sealedFactors, type Factor } from "./factors.ts";
import type { LocateInputs } from "./locate-cause.ts";
import { everything, innocent, searchCauses } from "./search-causes.ts";
import { tellFactors } from "./tell-factor.ts";
import type { WorldRunner } from "./world-runner.ts";

/** Of how many seeds that differ the causes are looked for. */
const searchedSeedsMost = 3;

/** Another layout of memory than that of the change of everything. */
const otherLayout: WorldChange = { perturb: { heap: 3 } };

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
  const layout = layoutOf(audit, faults.length);
  // Side by side: mostly both are needed. What is no complete episode is not run in any other world.
  const [again, changed] = await Promise.all([
    runAll(audit, layout),
    faults.length > 0 ? [] : runAll(audit, everything(usable)),
  ]);
  const { unstable, placed } = await findUnstable(audit, baseline, again, layout);
  const untried = factors
    .filter((factor) => !usable.includes(factor))
    .map(({ id }) => ({ factor: id, equal: null, how: "not tried" }) as const);
  const first: AuditedWorld = { factor: "baseline", equal: unstable.length === 0, how: "alone" };
  if (unstable.length > 0) {
    const causes = await explainCauses(audit.locate, unstable);
    const isHost = !audit.counted;
    if (isHost) onProgress("what the sealed world tells of it");
    const told = isHost ? await tellFactors({ ...audit, factors: sealedFactors }, causes) : causes;
    return { verdict: "broken", worlds: [first, ...untried], causes: told };
  }
  if (faults.length > 0) {
    const causes = faults.map((fault) =>
      describeFault({ ...audit.locate, spec: specOf(specs, fault) }, fault, ledger),
    );
    return { verdict: "broken", worlds: [first, ...untried], causes };
  }
  const comparisons = compareAll(audit, baseline, changed);
  const equal = comparisons.every(({ compared: { divergence } }) => divergence === undefined);
  const second: AuditedWorld = { factor: "everything", equal, how: "together" };
  const unlike = comparisons.filter(isUnlike);
  const byChance = equal && placed.length === 0 ? await findChance(audit, baseline, ledger) : placed;
  if (equal && byChance.length > 0) {
    const differing = [...new Set(byChance.map(({ suspect }) => suspect.factor))].map(
      (factor) => ({ factor, equal: false, how: "alone" }) as const,
    );
    const causes = await explainCauses(audit.locate, byChance);
    return { verdict: "sensitive", worlds: [first, second, ...differing, ...untried], causes };
  }
  const clean = audit.counted && Object.keys(ledger).length === 0 ? "pure" : "virtualised";
  if (unlike.length === 0) {
    return { verdict: clean, worlds: [first, second, ...usable.map(innocent), ...untried], causes: [] };
  }
  const { worlds, causes } = await attribute(audit, unlike);
  if (!causes.some(({ factor }) => factor === "addresses"))
    causes.push(...(await explainCauses(audit.locate, placed)));
  const verdict = causes.length === 0 ? clean : "sensitive";
  return { verdict, worlds: [first, second, ...worlds, ...untried], causes };
}

/**
 * The change with which the same world is run again: objects lie elsewhere, which no world holds and which costs nothing.
 * Two objects of a set mostly keep their order wherever they lie, so that one change of everything may miss it.
 */
function layoutOf({ usable }: Audit, faults: number): WorldChange {
  return faults === 0 && usable.some(({ id }) => id === "addresses") ? otherLayout : {};
}

/**
 * Rollouts of the same world that differ, and those that differ only where objects lie elsewhere. Where nothing is counted,
 * chance can be drawn without a trace, and what is drawn may be one of a few values, the same twice: such a world is run more often.
 * @param layout what was changed in the second rollouts: where they differ, it is told by rollouts of the unchanged world
 */
async function findUnstable(
  audit: Audit,
  baseline: readonly RecordedRollout[],
  again: readonly RecordedRollout[],
  layout: WorldChange,
): Promise<{ readonly unstable: SeedSuspect[]; readonly placed: SeedSuspect[] }> {
  const isPlaced = layout.perturb !== undefined;
  const differing = compareAll(audit, baseline, again, compareTwins).filter(isUnlike);
  const unstable = isPlaced ? [] : suspectsOf(differing, "baseline", {});
  const isInDoubt = !audit.counted || (isPlaced && differing.length > 0);
  for (let more = isInDoubt ? moreDraws : 0; more > 0 && unstable.length === 0; more--) {
    const once = await runAll(audit, {});
    unstable.push(...suspectsOf(compareAll(audit, baseline, once, compareTwins), "baseline", {}));
  }
  // Ledgers apart: those may differ where nothing else does.
  const isElsewhere = isPlaced && differing.length > 0;
  const placed = isElsewhere ? suspectsOf(compareAll(audit, baseline, again), "addresses", layout) : [];
  return { unstable, placed };
}

/**
 * Rollouts that differ where one change of everything made no difference, because that change was one by luck: one draw of a
 * few values is often the same, and two objects of a set mostly keep their order wherever they lie. No other entropy is tried
 * where the ledger says that nothing was drawn, and no more layouts of memory where it says that nothing was asked at all: what
 * brings objects of a library's own mostly asks for something.
 */
async function findChance(
  audit: Audit,
  baseline: readonly RecordedRollout[],
  ledger: Ledger,
): Promise<SeedSuspect[]> {
  // Where real time had a part in the counts, they are not in the ledger.
  const raced = baseline.some(({ summary }) => summary.receipt.tier === "none");
  const draws = audit.counted && (ledger.entropy !== undefined || raced);
  const asks = !audit.counted || raced || Object.keys(ledger).length > 0;
  const laid = moreSalts.map((heap) => ({ perturb: { heap } }));
  const found = await Promise.all([
    firstUnlike(audit, baseline, "entropy", draws ? moreEntropy : []),
    firstUnlike(audit, baseline, "addresses", asks ? laid : []),
  ]);
  return found.flat();
}

/** The seeds that differ in the first of several worlds of one factor in which any does. */
async function firstUnlike(
  audit: Audit,
  baseline: readonly RecordedRollout[],
  factor: string,
  changes: readonly WorldChange[],
): Promise<SeedSuspect[]> {
  const all = await Promise.all(
    changes.map(async (change) =>
      suspectsOf(compareAll(audit, baseline, await runAll(audit, change)), factor, change),
    ),
  );
  return all.find((suspects) => suspects.length > 0) ?? [];
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

function isUnlike({ compared }: SeedComparison): boolean {
  return Object.keys(compared).length > 0;
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
async function attribute(
  audit: Audit,
  unlike: readonly SeedComparison[],
): Promise<{ readonly worlds: readonly AuditedWorld[]; readonly causes: AuditCause[] }> {
  const worlds = new Map<string, AuditedWorld>();
  const suspects: SeedSuspect[] = [];
  let tried = 0;
  for (const { compared, ...seed } of unlike.slice(0, searchedSeedsMost)) {
    const found = await searchCauses({
      runner: audit.runner,
      ...seed,
      factors: audit.usable,
      known: new Set(suspects.map(({ suspect }) => suspect.factor)),
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
