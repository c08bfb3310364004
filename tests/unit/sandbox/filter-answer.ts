import { compileFilter, type Instruction } from "../../../src/sandbox/seccomp/compile.ts";
import type { FilterPolicy } from "../../../src/sandbox/seccomp/policy.ts";
import { syscallNumbers } from "../../../src/sandbox/seccomp/syscall-numbers.ts";
import { interpret } from "./bpf-interpreter.ts";

/** What the kernel is told of a call that is allowed, and of one that the world's library answers. */
export const ALLOW = 0x7fff0000;
export const TRAP = 0x30000;

const programs = new Map<FilterPolicy, readonly Instruction[]>();

/** What the filter of a policy says of a call on x86-64. */
export function answerOf(policy: FilterPolicy, name: string, ...args: readonly number[]): number {
  const all = Array.from({ length: 6 }, (_, at) => BigInt(args[at] ?? 0));
  const number = syscallNumbers[name]![0];
  const program = programs.get(policy) ?? compileFilter(policy, "x86_64");
  programs.set(policy, program);
  return interpret(program, { architecture: 0xc000003e, number, args: all });
}
