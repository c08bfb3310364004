import type { WorldMode } from "../../model/receipt.ts";
import {
  newLimits,
  slotPolicy,
  type CallRule,
  type FilterPolicy,
  type HostIdKind,
  type Verdict,
} from "./policy.ts";

/** What a copy of a trunk does before it is behind the whole wall. */
const copyCalls = ["capset", "clone", "clone3", "mount", "seccomp", "setrlimit"] as const;

/** PR_SET_PDEATHSIG, SET_DUMPABLE, CAPBSET_DROP, SET_SECUREBITS, CAP_AMBIENT: the wall's own steps. */
const wallPrctl = [1, 4, 24, 28, 47];

/** MADV_DONTFORK, MADV_WIPEONFORK: memory that a copy would not have. */
const notCopiedAdvice = [10, 18];

/** Bits that no id of a copy has: it is `COPY_USER`, 2^30, and the number of a stream (`native/zygote/zygote.h`). */
const notOfCopies = 0xffff_ffff - 2 ** 30 - 63;

const EPERM = 1;
const EINVAL = 22;
const allowed: CallRule = { rules: [], verdict: "allow" };
const ownMark = 0x5ea1ed;

const denied: CallRule = { rules: [], verdict: { errno: EPERM } };
/** A copy takes an id of its own, and no other. */
const takesId: CallRule = {
  rules: [0, 1, 2].map((argument) => ({
    argument,
    test: "any",
    value: notOfCopies,
    verdict: { errno: EPERM },
  })),
  verdict: "allow",
};

/**
 * Filter A of the slot of a tree.
 * @param ids what sandboxes run as: where each copy has an id of its own, it takes it behind this filter
 */
export function treeSlotPolicy(ids: HostIdKind): FilterPolicy {
  const { calls, otherwise } = slotPolicy();
  return { calls: ids === "own" ? new Map([...calls, ["setresuid", takesId]]) : calls, otherwise };
}

/**
 * Filter B of what goes on from a copy: what {@link treeSlotPolicy} lets copies do is taken away again.
 * @param policy filter B of the world it is in
 */
export function branchPolicy({ calls, otherwise }: FilterPolicy): FilterPolicy {
  return { calls: new Map([...calls, ["setresuid", denied]]), otherwise };
}

/**
 * The filter of a trunk: what {@link sandboxPolicy} takes away is taken away here too, but for what builds the wall around
 * its copies. A branch gets filter B on top.
 * @param policy filter B of the world it is in
 * @param ids what sandboxes run as
 */
export function trunkPolicy(policy: FilterPolicy, world: WorldMode, ids: HostIdKind): FilterPolicy {
  const calls = new Map<string, CallRule>(policy.calls);
  for (const name of copyCalls) calls.set(name, allowed);
  calls.set("setresuid", ids === "own" ? takesId : denied);
  const limits = calls.get("prlimit64");
  if (limits !== undefined) {
    // Copies set limits of their own. Who may ask for them is the world's matter, here as elsewhere.
    const set = limits.rules.map((rule) =>
      rule.argument === newLimits ? { ...rule, verdict: "allow" as const } : rule,
    );
    calls.set("prlimit64", { rules: set, verdict: limits.verdict });
  }
  const prctl = calls.get("prctl");
  if (prctl !== undefined) {
    const more = wallPrctl.map((value) => ({ argument: 0, test: "equal", value, verdict: "allow" }) as const);
    calls.set("prctl", { rules: [...prctl.rules, ...more], verdict: prctl.verdict });
  }
  const invalid: Verdict = { errno: EINVAL };
  calls.set("madvise", {
    rules: notCopiedAdvice.map((value) => ({ argument: 2, test: "equal", value, verdict: invalid })),
    verdict: "allow",
  });
  // A copy in the sealed world's filter measures how long its children run, and marks that call as the library does.
  if (world === "sealed") {
    calls.set("clock_gettime", {
      rules: [{ argument: 5, test: "equal", value: ownMark, verdict: "allow" }],
      verdict: "trap",
    });
  }
  return { calls, otherwise: policy.otherwise };
}
