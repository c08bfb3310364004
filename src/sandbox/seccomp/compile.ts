import { SameseedError } from "../../base/error.ts";
import type { CallRule, FilterPolicy, Verdict } from "./policy.ts";
import { syscallNumbers } from "./syscall-numbers.ts";

/*
 * Theory of operation. A filter is a classic BPF program over `struct seccomp_data`: u32 call number, u32 architecture,
 * u64 instruction pointer, six u64 arguments. It checks the architecture, loads the number once, and walks a binary
 * tree over the ranges of numbers that have the same rule, so that loading and running it cost the logarithm of the
 * list's length. A leaf with argument rules loads half of each argument it looks at, the low one but for pointers; everything
 * else that is tested is a 32-bit value in the kernel's own interface (flags, options, commands, families).
 */

/** An architecture a filter can be compiled for. */
export type Architecture = "x86_64" | "aarch64";

/** One BPF instruction: opcode, jump if true, jump if false, operand. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const auditArchitecture: Readonly<Record<Architecture, number>> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };
const x32Bit = 0x40000000;

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP = 0x05; // BPF_JMP | BPF_JA
const IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const IF_GREATER_EQUAL = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const IF_ANY = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

const KILL_PROCESS = 0x80000000;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const TRAP = 0x00030000;

const offsetNumber = 0;
const offsetArchitecture = 4;
const offsetArguments = 16;

const farthestJump = 255;

/** Numbers from `first` up to the next range's, all with one rule. */
interface Range {
  readonly first: number;
  readonly rule: CallRule;
}

function instruction(code: number, k: number, jt = 0, jf = 0): Instruction {
  return { code, jt, jf, k };
}

function verdictValue(verdict: Verdict): number {
  if (verdict === "trap") return TRAP;
  return verdict === "allow" ? ALLOW : ERRNO | verdict.errno;
}

function offsetOf(argument: number): number {
  return offsetArguments + 8 * argument;
}

function leaf(rule: CallRule): Instruction[] {
  const program: Instruction[] = [];
  let loaded = -1;
  for (const { argument, half, test, value, and = [], verdict } of rule.rules) {
    const offset = offsetOf(argument) + (half === "high" ? 4 : 0);
    if (offset !== loaded) program.push(instruction(LOAD, offset));
    // What lies between the test and the next rule.
    const rest = 1 + 2 * and.length;
    const [hit, miss] = test === "differs" ? [rest, 0] : [0, rest];
    program.push(instruction(test === "any" ? IF_ANY : IF_EQUAL, value, hit, miss));
    loaded = and.length === 0 ? offset : -1;
    for (const [index, also] of and.entries()) {
      program.push(instruction(LOAD, offsetOf(also.argument)));
      program.push(instruction(IF_EQUAL, also.value, 0, rest - 2 * (index + 1)));
    }
    program.push(instruction(RETURN, verdictValue(verdict)));
  }
  program.push(instruction(RETURN, verdictValue(rule.verdict)));
  return program;
}

function rangesOf(policy: FilterPolicy, architecture: Architecture): Range[] {
  const column = architecture === "x86_64" ? 0 : 1;
  const byNumber = new Map<number, CallRule>();
  for (const [name, rule] of policy.calls) {
    const numbers = syscallNumbers[name];
    if (numbers === undefined)
      throw new SameseedError("internal", `the seccomp policy names an unknown call: ${name}`);
    if (numbers[column] >= 0) byNumber.set(numbers[column], rule);
  }
  const otherwise: CallRule = { rules: [], verdict: policy.otherwise };
  const same = (a: CallRule, b: CallRule): boolean => JSON.stringify(a) === JSON.stringify(b);
  const ranges: Range[] = [{ first: 0, rule: byNumber.get(0) ?? otherwise }];
  const last = Math.max(0, ...byNumber.keys());
  for (let number = 1; number <= last + 1; number++) {
    const rule = byNumber.get(number) ?? otherwise;
    if (!same(rule, ranges.at(-1)!.rule)) ranges.push({ first: number, rule });
  }
  return ranges;
}

function tree(ranges: readonly Range[]): Instruction[] {
  if (ranges.length === 1) return leaf(ranges[0]!.rule);
  const middle = ranges.length >> 1;
  const low = tree(ranges.slice(0, middle));
  const high = tree(ranges.slice(middle));
  const pivot = ranges[middle]!.first;
  if (low.length <= farthestJump)
    return [instruction(IF_GREATER_EQUAL, pivot, low.length, 0), ...low, ...high];
  return [instruction(IF_GREATER_EQUAL, pivot, 0, 1), instruction(JUMP, low.length), ...low, ...high];
}

/** Compiles a policy to the instructions the kernel takes. */
export function compileFilter(policy: FilterPolicy, architecture: Architecture): Instruction[] {
  const program = [
    instruction(LOAD, offsetArchitecture),
    instruction(IF_EQUAL, auditArchitecture[architecture], 1, 0),
    instruction(RETURN, KILL_PROCESS),
    instruction(LOAD, offsetNumber),
  ];
  if (architecture === "x86_64") {
    program.push(instruction(IF_GREATER_EQUAL, x32Bit, 0, 1), instruction(RETURN, KILL_PROCESS));
  }
  return [...program, ...tree(rangesOf(policy, architecture))];
}

/** Instructions as the bytes of a `struct sock_filter` array, 8 bytes each. */
export function encodeFilter(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}

/** This machine's architecture as filters and images name it, or undefined if there is no wall for it. */
export function hostArchitecture(): Architecture | undefined {
  if (process.arch === "x64") return "x86_64";
  return process.arch === "arm64" ? "aarch64" : undefined;
}
