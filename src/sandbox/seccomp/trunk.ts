import type { WorldMode } from "../../model/receipt.ts";
import type { CallRule, FilterPolicy, Verdict } from "./policy.ts";

/** What a copy of a trunk does before it is behind the whole wall. */
const copyCalls = ["capset", "clone", "clone3", "mount", "seccomp", "setrlimit", "prlimit64"] as const;

/** PR_SET_PDEATHSIG, SET_DUMPABLE, CAPBSET_DROP, SET_SECUREBITS, CAP_AMBIENT: the wall's own steps. */
const wallPrctl = [1, 4, 24, 28, 47];

/** MADV_DONTFORK, MADV_WIPEONFORK: memory that a copy would not have. */
const notCopiedAdvice = [10, 18];

const EINVAL = 22;
const allowed: CallRule = { rules: [], verdict: "allow" };
const ownMark = 0x5ea1ed;

/**
 * The filter of a trunk: what {@link sandboxPolicy} takes away is taken away here too, but for what builds the wall around
 * its copies. A branch gets filter B on top.
 * @param policy filter B of the world it is in
 */
export function trunkPolicy(policy: FilterPolicy, world: WorldMode): FilterPolicy {
  const calls = new Map<string, CallRule>(policy.calls);
  for (const name of copyCalls) calls.set(name, allowed);
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
