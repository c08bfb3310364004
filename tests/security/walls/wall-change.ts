import type { WorldMode } from "../../../src/model/receipt.ts";
import { compileFilter, encodeFilter, type Architecture } from "../../../src/sandbox/seccomp/compile.ts";
import {
  sandboxPolicy,
  slotPolicy,
  type CallRule,
  type FilterPolicy,
} from "../../../src/sandbox/seccomp/policy.ts";
import { sealedSandboxPolicy } from "../../../src/sandbox/seccomp/sealed.ts";

/** One place of the native sources, by its exact text. */
export interface TextChange {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** One run of bubblewrap's arguments, by its exact words. */
export interface ArgumentChange {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** What is taken out of the wall. */
export interface WallChange {
  readonly native?: readonly TextChange[];
  readonly outer?: readonly ArgumentChange[];
  /** Variables that bubblewrap itself is started with; the wall starts it with none. */
  readonly outerEnvironment?: Readonly<Record<string, string>>;
  readonly slotPolicy?: (policy: FilterPolicy) => FilterPolicy;
  readonly sandboxPolicy?: (policy: FilterPolicy) => FilterPolicy;
  /** Filters that let another architecture's calls pass. */
  readonly foreignCalls?: readonly ("slot" | "sandbox")[];
  /** Host resources that are not used: without `ids`, all is one unprivileged id, as where a host has none to give. */
  readonly without?: readonly ("cgroups" | "user" | "ids")[];
}

/** Stands for the image's tree in bubblewrap's arguments. */
export const rootfsWord = "{rootfs}";

const KILL_PROCESS = 0x80000000;
const ALLOW = 0x7fff0000;

/** All of several changes at once. */
export function joinChanges(changes: readonly WallChange[]): WallChange {
  const through = (which: "slotPolicy" | "sandboxPolicy") => (policy: FilterPolicy) =>
    changes.reduce((changed, change) => change[which]?.(changed) ?? changed, policy);
  return {
    native: changes.flatMap(({ native }) => native ?? []),
    outer: changes.flatMap(({ outer }) => outer ?? []),
    outerEnvironment: Object.assign({}, ...changes.map(({ outerEnvironment }) => outerEnvironment)),
    slotPolicy: through("slotPolicy"),
    sandboxPolicy: through("sandboxPolicy"),
    foreignCalls: changes.flatMap(({ foreignCalls }) => foreignCalls ?? []),
    without: changes.flatMap(({ without }) => without ?? []),
  };
}

/**
 * Native sources with the changes made.
 * @throws where a text is not there exactly once: the wall has changed, and the mutation must follow it
 */
export function changeSource(file: string, source: string, changes: readonly TextChange[]): string {
  let text = source;
  for (const { from, to } of changes.filter((change) => change.file === file)) {
    const found = text.split(from).length - 1;
    if (found !== 1) throw new Error(`${file} holds ${found} times: ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

/**
 * Bubblewrap's arguments with the changes made.
 * @throws where the words are not there exactly once
 */
export function changeArguments(words: readonly string[], changes: readonly ArgumentChange[]): string[] {
  let changed = [...words];
  for (const { from, to } of changes) {
    const places = changed.flatMap((_, at) =>
      from.every((word, offset) => changed[at + offset] === word) ? [at] : [],
    );
    if (places.length !== 1) throw new Error(`the arguments hold ${places.length} times: ${from.join(" ")}`);
    changed = [...changed.slice(0, places[0]), ...to, ...changed.slice(places[0]! + from.length)];
  }
  return changed;
}

/** Both seccomp programs with the changes made. */
export function changedFilters(
  change: WallChange,
  architecture: Architecture,
  world: WorldMode,
): { slot: Buffer; sandbox: Buffer } {
  const ofSandbox = world === "sealed" ? sealedSandboxPolicy() : sandboxPolicy();
  const compiled = (which: "slot" | "sandbox", policy: FilterPolicy): Buffer => {
    const program = compileFilter(policy, architecture);
    if (change.foreignCalls?.includes(which) !== true) return encodeFilter(program);
    return encodeFilter(program.map((each) => (each.k === KILL_PROCESS ? { ...each, k: ALLOW } : each)));
  };
  return {
    slot: compiled("slot", change.slotPolicy?.(slotPolicy()) ?? slotPolicy()),
    sandbox: compiled("sandbox", change.sandboxPolicy?.(ofSandbox) ?? ofSandbox),
  };
}

/** A policy that lets these calls pass, whatever their arguments. */
export function allowing(names: readonly string[]): (policy: FilterPolicy) => FilterPolicy {
  return (policy) => {
    const calls = new Map(policy.calls);
    for (const name of names) {
      if (!calls.has(name)) throw new Error(`the policy does not name ${name}`);
      calls.set(name, { rules: [], verdict: "allow" });
    }
    return { ...policy, calls };
  };
}

/** A policy without the rules of one call that look for these values. */
export function withoutRules(
  name: string,
  argument: number,
  values: readonly number[],
): (policy: FilterPolicy) => FilterPolicy {
  return (policy) => {
    const rule = policy.calls.get(name);
    const kept = rule?.rules.filter((each) => each.argument !== argument || !values.includes(each.value));
    if (rule === undefined || kept === undefined || kept.length !== rule.rules.length - values.length)
      throw new Error(`the policy has no such rules of ${name}`);
    return { ...policy, calls: new Map<string, CallRule>(policy.calls).set(name, { ...rule, rules: kept }) };
  };
}
