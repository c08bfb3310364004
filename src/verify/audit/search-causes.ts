/*
 * Theory of operation. A world with every factor changed gave other bytes. First, all factors that a fork of the
 * present zygote can change are changed together; if the bytes are equal, none of them is the cause. Otherwise each of
 * them is changed alone, concurrently, and one more rollout with every other factor changed shows whether there are
 * further causes. Usually there are none, and factors that need their own zygote are not tried. Otherwise they follow,
 * in zygotes that start concurrently. If no single factor changes the bytes, delta debugging finds a minimal set.
 *
 * Seeds mostly have their causes in common. What was found for one is tried first for the next: if it is a cause there, and
 * every other factor changed together changes nothing, that is all.
 */
import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import { combineChanges, type WorldChange } from "./audit-world.ts";
import type { AuditedWorld } from "./audit-report.ts";
import { compareRollouts, type Compared } from "./compare-rollouts.ts";
import { sharesZygote, type Factor } from "./factors.ts";
import { tellLayouts, type FoundCauses, type RecordedSuspect } from "./layouts.ts";
import type { WorldRunner } from "./world-runner.ts";

/** One seed's search. */
export interface SearchInputs {
  readonly runner: WorldRunner;
  readonly spec: RolloutSpec;
  readonly baseline: RecordedRollout;
  /** Those that were changed together. */
  readonly factors: readonly Factor[];
  /** Those that gave another seed other bytes, which are tried first. */
  readonly known?: ReadonlySet<string>;
  /** Told of each world that was compared. */
  readonly onWorld: (factor: string) => void;
}

/** The world in which all of these factors are changed. */
export function everything(factors: readonly Factor[]): WorldChange {
  // A zygote of its own, which nobody used before: cold is one of the factors, whether it is named or not.
  const all = combineChanges([...jointly(factors).map(({ change }) => change), { fresh: true }]);
  return { ...all, before: factors.some(({ change }) => change.before !== undefined) ? 1 : 0 };
}

/** Those that can be changed in one world. */
function jointly(factors: readonly Factor[]): readonly Factor[] {
  return factors.filter(({ alone }) => alone !== true);
}

/** Finds which factors, alone or together, give a rollout other bytes. */
export async function searchCauses(inputs: SearchInputs): Promise<FoundCauses> {
  const { runner, spec, baseline, factors } = inputs;
  const found = await search(inputs);
  // Where the world cannot move objects, no layout is told.
  if (!factors.some(({ id }) => id === "addresses")) return found;
  return await tellLayouts(runner, spec, baseline, found);
}

async function search(inputs: SearchInputs): Promise<FoundCauses<RecordedSuspect>> {
  const { factors, known = new Set() } = inputs;
  const likely = factors.filter(({ id }) => known.has(id));
  if (likely.length > 0) {
    const alike = await tryAlone(inputs, likely);
    if (await areAll(inputs, alike)) return withInnocent(alike, without(factors, likely));
  }
  // A factor that is never changed together with others is only known by itself.
  const light = factors.filter((factor) => sharesZygote(factor) && factor.alone !== true);
  const heavy = without(factors, light);
  const first = await tryLight(inputs, light);
  if (await areAll(inputs, first)) return withInnocent(first, heavy);
  const second = await tryAlone(inputs, heavy);
  const suspects = [...first.suspects, ...second.suspects];
  const worlds = [...first.worlds, ...second.worlds];
  if (suspects.length > 0) return { suspects, worlds };
  const joint = await smallestSet(inputs);
  if (joint === undefined) return { suspects, worlds };
  return { suspects: [joint], worlds: [...worlds, { factor: joint.factor, equal: false, how: "alone" }] };
}

/** Whether there are no causes but those found: every other factor changed together changes nothing. */
async function areAll(inputs: SearchInputs, { suspects }: FoundCauses): Promise<boolean> {
  const rest = inputs.factors.filter(({ id }) => !suspects.some(({ factor }) => factor === id));
  return suspects.length > 0 && (await isEqual(inputs, rest));
}

function withInnocent<F extends FoundCauses>(found: F, others: readonly Factor[]): F {
  return { ...found, worlds: [...found.worlds, ...others.map(innocent)] };
}

function without(set: readonly Factor[], others: readonly Factor[]): readonly Factor[] {
  return set.filter((factor) => !others.includes(factor));
}

/** What is said of a factor that was changed together with others when nothing came of it. */
export function innocent({ id, alone }: Factor): AuditedWorld {
  if (alone !== true) return { factor: id, equal: true, how: "together" };
  return {
    factor: id,
    equal: null,
    how: "not tried",
    note: "tried alone where another factor differs",
  };
}

/** Another order of free memory than the factor's own. */
const otherHeap = 54_321;

/** Each of the factors alone, unless changing all of them together changes nothing. */
async function tryLight(
  inputs: SearchInputs,
  light: readonly Factor[],
): Promise<FoundCauses<RecordedSuspect>> {
  const change: WorldChange = { ...together(light), before: 1 };
  // Something did differ, so equal bytes may be luck: an object can lie where it lay in the baseline. Hardly so twice.
  const salted = { ...change, perturb: { ...change.perturb, heap: otherHeap } };
  const found = await Promise.all([compareIn(inputs, change), compareIn(inputs, salted)]);
  inputs.onWorld("all but those that need an interpreter of their own");
  if (found.every(({ divergence, cutOff }) => divergence === undefined && cutOff === undefined))
    return { suspects: [], worlds: light.map(innocent) };
  return await tryAlone(inputs, light);
}

async function tryAlone(
  inputs: SearchInputs,
  factors: readonly Factor[],
): Promise<FoundCauses<RecordedSuspect>> {
  const suspects: RecordedSuspect[] = [];
  const worlds: AuditedWorld[] = [];
  const compared = await Promise.all(
    factors.map(async (factor) => {
      const found = await compareIn(inputs, factor.change);
      inputs.onWorld(factor.id);
      return found;
    }),
  );
  for (const [at, found] of compared.entries()) {
    const { id, change } = factors[at]!;
    const { divergence, cutOff, rollout } = found;
    if (divergence !== undefined) suspects.push({ factor: id, change, divergence, rollout });
    worlds.push({
      factor: id,
      equal: cutOff === undefined ? divergence === undefined : null,
      how: "alone",
      ...(cutOff === undefined ? {} : { note: `a limit ended it after ${cutOff} equal steps` }),
    });
  }
  return { suspects, worlds };
}

async function compareIn(
  { runner, spec, baseline }: SearchInputs,
  change: WorldChange,
): Promise<Compared & { readonly rollout: RecordedRollout }> {
  const rollout = await runner.run(change, spec);
  return { ...compareRollouts(baseline, rollout), rollout };
}

async function isEqual(inputs: SearchInputs, factors: readonly Factor[]): Promise<boolean> {
  const { divergence, cutOff } = await compareIn(inputs, everything(factors));
  return divergence === undefined && cutOff === undefined;
}

/** A set of factors that differs together and of which none can be left out; undefined if the set does not differ again. */
async function smallestSet(inputs: SearchInputs): Promise<RecordedSuspect | undefined> {
  const differs = async (set: readonly Factor[]): Promise<boolean> =>
    (await compareIn(inputs, together(set))).divergence !== undefined;
  let set = [...jointly(inputs.factors)];
  if (!(await differs(set))) return undefined;
  for (let parts = 2; set.length > 1;) {
    const size = Math.ceil(set.length / parts);
    const chunks = Array.from({ length: Math.ceil(set.length / size) }, (_, at) =>
      set.slice(at * size, (at + 1) * size),
    );
    const smaller = await firstThat(differs, [
      ...chunks,
      ...(parts === 2 ? [] : chunks.map((chunk) => without(set, chunk))),
    ]);
    if (smaller !== undefined) {
      parts = smaller.length <= size ? 2 : Math.max(2, parts - 1);
      set = [...smaller];
    } else if (parts >= set.length) break;
    else parts = Math.min(set.length, parts * 2);
  }
  const change = together(set);
  const { divergence, rollout } = await compareIn(inputs, change);
  if (divergence === undefined) return undefined;
  return { factor: set.map(({ id }) => id).join("+"), change, divergence, rollout };
}

/** A set's own world: a fresh zygote only where one of its factors asks for it. */
function together(set: readonly Factor[]): WorldChange {
  return combineChanges(set.map(({ change }) => change));
}

async function firstThat<T>(
  holds: (value: T) => Promise<boolean>,
  values: readonly T[],
): Promise<T | undefined> {
  for (const value of values) if (await holds(value)) return value;
  return undefined;
}
