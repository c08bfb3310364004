import fc from "fast-check";

import type { Architecture } from "../../../src/sandbox/seccomp/compile.ts";
import type { CallRule, FilterPolicy } from "../../../src/sandbox/seccomp/policy.ts";
import { syscallNumbers } from "../../../src/sandbox/seccomp/syscall-numbers.ts";

/** How the kernel names an architecture to a filter. */
export const audit: Readonly<Record<Architecture, number>> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };

/** Values around everything a rule looks at, and what hides in the upper half of a register. */
export function boundaries({ rules }: CallRule): bigint[] {
  const values = new Set([0n, 1n, 0xffffffffn, 0x100000000n, 0xffffffffffffffffn]);
  for (const value of rules.flatMap((rule) => [rule.value, ...(rule.and ?? []).map((also) => also.value)])) {
    const word = BigInt(value >>> 0);
    for (const near of [word - 1n, word, word + 1n, word | 0x500000000n]) if (near >= 0n) values.add(near);
    for (let bit = 0n; bit < 32n; bit++) if (word & (1n << bit)) values.add(1n << bit);
  }
  return [...values];
}

/**
 * Arguments for which the rule at half that place holds; of an odd one without what it asks of a second argument, and with no
 * bit that any rule looks for.
 */
function aim(given: readonly bigint[], { rules }: CallRule, at: number): bigint[] {
  const args = [...given];
  for (const { argument, test, value } of rules) {
    if (test === "differs") args[argument] = BigInt(value >>> 0);
    if (test === "any" && at % 2 === 1) args[argument] = 0n;
  }
  const { argument = 0, test, value = 0, and } = rules[at >> 1] ?? {};
  if (test === "equal") args[argument] = BigInt(value >>> 0);
  if (at % 2 === 0) for (const each of and ?? []) args[each.argument] = BigInt(each.value >>> 0);
  return args;
}

/** Numbers and arguments that are anything, but near what the table names more often than not. */
export function randomCall(
  policy: FilterPolicy,
  architecture: Architecture,
): fc.Arbitrary<{ number: number; arch: number; args: bigint[] }> {
  const column = architecture === "x86_64" ? 0 : 1;
  const named = [...policy.calls].flatMap(([name, rule]) => {
    const number = syscallNumbers[name]![column];
    // Calls with rules on their arguments have more branches than others.
    const length = number < 0 ? 0 : rule.rules.length === 0 ? 1 : 8;
    return Array.from({ length }, () => ({ number, rule }));
  });
  const word = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
  const known = fc.constantFrom(...named).chain(({ number, rule }) => {
    const looked = rule.rules.flatMap(({ value, and }) =>
      [value, ...(and ?? []).map((also) => also.value)].map((each) => BigInt(each >>> 0)),
    );
    const special = fc.constantFrom(...boundaries(rule), ...Array<bigint[]>(10).fill(looked).flat());
    const random = fc.array(fc.oneof(special, special, word), { minLength: 6, maxLength: 6 });
    // What several arguments decide together is not met by chance: one rule is made to hold, and what denies the rest not to.
    const aimed = fc.option(fc.nat(Math.max(0, 2 * rule.rules.length - 1)), { freq: 2 });
    const args = fc.tuple(random, aimed).map(([given, at]) => (at === null ? given : aim(given, rule, at)));
    return fc.record({ number: fc.constant(number), args });
  });
  const args = fc.array(word, { minLength: 6, maxLength: 6 });
  const near = fc.record({ number: fc.nat(1_023), args });
  const any = fc.record({ number: fc.nat(0xffffffff), args });
  const arch = fc.oneof(
    { weight: 30, arbitrary: fc.constant(audit[architecture]) },
    { weight: 1, arbitrary: fc.nat(0xffffffff) },
  );
  const call = fc.oneof(
    { weight: 6, arbitrary: known },
    { weight: 3, arbitrary: near },
    { weight: 1, arbitrary: any },
  );
  return fc.record({ call, arch }).map(({ call, arch }) => ({ ...call, arch }));
}
