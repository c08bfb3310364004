import fc from "fast-check";
import { expect, test } from "vitest";

import {
  compileFilter,
  encodeFilter,
  type Architecture,
  type Instruction,
} from "../../../src/sandbox/seccomp/compile.ts";
import { loopbackSlotPolicy, withLoopback, withoutNetwork } from "../../../src/sandbox/seccomp/loopback.ts";
import {
  sandboxPolicy,
  slotPolicy,
  type CallRule,
  type FilterPolicy,
  type Verdict,
} from "../../../src/sandbox/seccomp/policy.ts";
import { sealedSandboxPolicy } from "../../../src/sandbox/seccomp/sealed.ts";
import { treeSlotPolicy, trunkPolicy } from "../../../src/sandbox/seccomp/trunk.ts";
import { syscallNumbers } from "../../../src/sandbox/seccomp/syscall-numbers.ts";
import { interpret } from "./bpf-interpreter.ts";
import { answerOf } from "./filter-answer.ts";
import { audit, boundaries, randomCall } from "./random-calls.ts";

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x50001;
const TRAP = 0x30000;
const EACCES = 0x5000d;
const ENOSYS = 0x50026;
const architectures: readonly Architecture[] = ["x86_64", "aarch64"];
const policies: readonly (readonly [string, FilterPolicy])[] = [
  ["slot", slotPolicy()],
  ["sandbox", sandboxPolicy()],
  ["sealed sandbox", sealedSandboxPolicy()],
  ["sealed sandbox of a shared id", sealedSandboxPolicy("shared")],
  ["trunk", trunkPolicy(sandboxPolicy(), "host", "own")],
  ["slot of some with a network", loopbackSlotPolicy()],
  ["sandbox without a network among some with one", withoutNetwork(sandboxPolicy())],
  ["sandbox with a network", withLoopback(sandboxPolicy(), "host")],
  ["sealed sandbox with a network", withLoopback(sealedSandboxPolicy("shared"), "sealed")],
  ["sealed trunk", trunkPolicy(sealedSandboxPolicy(), "sealed", "own")],
];
const cases = policies.flatMap(([name, policy]) =>
  architectures.map((architecture) => ({ name, policy, architecture })),
);

function valueOf(verdict: Verdict): number {
  if (verdict === "trap") return 0x30000;
  return verdict === "allow" ? ALLOW : 0x50000 + verdict.errno;
}

function expected(rule: CallRule, args: readonly bigint[]): number {
  for (const { argument, half, test, value, and, verdict } of rule.rules) {
    const word = Number((args[argument]! >> (half === "high" ? 32n : 0n)) & 0xffffffffn);
    const holds = test === "any" ? (word & value) !== 0 : (word === value >>> 0) === (test === "equal");
    const also = (and ?? []).every((each) => Number(args[each.argument]! & 0xffffffffn) === each.value >>> 0);
    if (holds && also) return valueOf(verdict);
  }
  return valueOf(rule.verdict);
}

test.for(cases)(
  "every call of the $name filter on $architecture is as the table says",
  ({ policy, architecture }) => {
    const program = compileFilter(policy, architecture);
    const column = architecture === "x86_64" ? 0 : 1;
    const names = new Map(Object.entries(syscallNumbers).map(([name, numbers]) => [numbers[column], name]));
    for (let number = 0; number < 1024; number++) {
      const named = policy.calls.get(names.get(number) ?? "");
      const rule = named ?? { rules: [], verdict: policy.otherwise };
      const looked = new Set(rule.rules.map(({ argument }) => argument));
      for (const value of boundaries(rule)) {
        for (const argument of looked.size === 0 ? [0] : looked) {
          const args = Array.from({ length: 6 }, (_, index) => (index === argument ? value : 0n));
          const seen = interpret(program, { number, architecture: audit[architecture], args });
          expect(seen, `${names.get(number) ?? number} with ${value}`).toBe(expected(rule, args));
        }
      }
    }
  },
);

test.for(cases)(
  "calls of other architectures kill under the $name filter on $architecture",
  ({ policy, architecture }) => {
    const program = compileFilter(policy, architecture);
    const foreign = [
      0,
      0x40000003,
      0x40000028,
      ...architectures.filter((each) => each !== architecture).map((each) => audit[each]),
    ];
    for (const other of foreign) {
      for (let number = 0; number < 1024; number++) {
        expect(interpret(program, { number, architecture: other })).toBe(KILL);
      }
    }
    for (const base of [0x40000000, 0x7fffffff, 0x80000000, 0xfffffc00]) {
      for (let number = base; number < Math.min(base + 1024, 2 ** 32); number++) {
        const seen = interpret(program, { number, architecture: audit[architecture] });
        if (architecture === "x86_64") expect(seen).toBe(KILL);
        else expect(seen).toBe(valueOf(policy.otherwise));
      }
    }
  },
);

/** Facts about the table that must hold whatever else changes in it, by number so that the table is not its own witness. */
const facts: readonly (readonly [string, x64: number, arm64: number, slot: number, sandbox: number])[] = [
  ["read", 0, 63, ALLOW, ALLOW],
  ["write", 1, 64, ALLOW, ALLOW],
  ["execve", 59, 221, ALLOW, ALLOW],
  ["ptrace", 101, 117, EPERM, ALLOW],
  ["socket", 41, 198, EPERM, ALLOW],
  ["bpf", 321, 280, EPERM, ALLOW],
  ["io_uring_setup", 425, 425, EPERM, ALLOW],
  ["keyctl", 250, 219, EPERM, ALLOW],
  ["splice", 275, 76, EPERM, ALLOW],
  ["memfd_create", 319, 279, EPERM, ALLOW],
  ["unshare", 272, 97, EPERM, ALLOW],
  ["mount", 165, 40, ALLOW, EPERM],
  ["pivot_root", 155, 41, ALLOW, EPERM],
  ["seccomp", 317, 277, ALLOW, EPERM],
  ["clone3", 435, 435, ALLOW, ENOSYS],
  ["setrlimit", 160, 164, ALLOW, EACCES],
  ["a call nobody knows yet", 1000, 1000, ENOSYS, ALLOW],
];

test.for(facts)("%s", ([, x64, arm64, slot, sandbox]) => {
  for (const [architecture, number] of [
    ["x86_64", x64],
    ["aarch64", arm64],
  ] as const) {
    const call = { number, architecture: audit[architecture], args: [] };
    expect(interpret(compileFilter(slotPolicy(), architecture), call)).toBe(slot);
    expect(interpret(compileFilter(sandboxPolicy(), architecture), call)).toBe(sandbox);
  }
});

test("no namespace flag gets through clone, whatever else is set", () => {
  const program = compileFilter(sandboxPolicy(), "x86_64");
  const clone = (flags: bigint): number =>
    interpret(program, { number: 56, architecture: audit.x86_64, args: [flags] });
  for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n]) {
    expect(clone(flag)).toBe(EPERM);
    expect(clone(flag | 0x11n)).toBe(EPERM);
    expect(clone(flag | 0xffffffff00000000n)).toBe(EPERM);
  }
  expect(clone(0x11n)).toBe(ALLOW);
  expect(clone(0x3d0f00n)).toBe(ALLOW); // a thread, as glibc makes it
});

test.for(architectures)(
  "epoll is for sandboxes that have an id of the host to themselves, on %s",
  (architecture) => {
    const calls = architecture === "x86_64" ? [213, 291] : [20];
    for (const number of calls) {
      const call = { number, architecture: audit[architecture] };
      // The sealed world's library refuses it, and says so.
      for (const [policy, refused] of [
        [sandboxPolicy, EPERM],
        [sealedSandboxPolicy, TRAP],
      ] as const) {
        expect(interpret(compileFilter(policy("own"), architecture), call)).toBe(ALLOW);
        expect(interpret(compileFilter(policy("shared"), architecture), call)).toBe(refused);
      }
    }
  },
);

test.for(architectures)(
  "limits can be asked for and not set, wherever the new ones lie, on %s",
  (architecture) => {
    const program = compileFilter(sandboxPolicy(), architecture);
    const number = architecture === "x86_64" ? 302 : 261;
    const prlimit = (pointer: bigint): number =>
      interpret(program, { number, architecture: audit[architecture], args: [0n, 7n, pointer, 4096n] });
    expect(prlimit(0n)).toBe(ALLOW);
    for (const pointer of [1n, 0x7ffd_1234_5678n, 0x1_0000_0000n, 0x7fff_0000_0000_0000n])
      expect(prlimit(pointer)).toBe(EACCES);
  },
);

test.for(cases)(
  "the $name filter on $architecture is a program the kernel takes",
  ({ policy, architecture }) => {
    const program = compileFilter(policy, architecture);
    expect(program.length).toBeLessThanOrEqual(4096);
    for (const [at, { code, jt, jf, k }] of program.entries()) {
      const targets = code === 0x05 ? [k] : isBranch(code) ? [jt, jf] : [];
      for (const target of targets) expect(at + 1 + target).toBeLessThan(program.length);
      for (const part of [jt, jf]) expect(part).toBeLessThanOrEqual(255);
    }
    expect(program.at(-1)!.code).toBe(0x06);
    expect(decode(encodeFilter(program))).toEqual(program.map((each) => ({ ...each, k: each.k >>> 0 })));
  },
);

test.for(cases)(
  "calls made at random agree with the table, and take every branch of the $name filter on $architecture",
  ({ policy, architecture }) => {
    const program = compileFilter(policy, architecture);
    const taken = new Set<string>();
    fc.assert(
      fc.property(randomCall(policy, architecture), ({ number, arch, args }) => {
        const call = { number, architecture: arch, args };
        expect(interpret(program, call, taken)).toBe(tableSays(policy, architecture, call));
      }),
      { numRuns: 60_000, seed: 20_261_123 },
    );
    expect(edges(program).filter((edge) => !taken.has(edge))).toEqual([]);
    expect(taken.size).toBe(edges(program).length);
  },
);

test("a number stands for one call", () => {
  for (const column of [0, 1] as const) {
    const numbers = Object.values(syscallNumbers)
      .map((each) => each[column])
      .filter((number) => number >= 0);
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});

/** Every way on from every instruction. */
function edges(program: readonly Instruction[]): string[] {
  return program.flatMap(({ code, jt, jf, k }, at) => {
    if (code === 0x06) return [`${at} returns`];
    const ways = code === 0x05 ? [k] : isBranch(code) ? [jt, jf] : [0];
    return ways.map((way) => `${at} to ${at + 1 + way}`);
  });
}

/** What the table says of a call, without any program. */
function tableSays(
  policy: FilterPolicy,
  architecture: Architecture,
  call: { number: number; architecture: number; args: readonly bigint[] },
): number {
  if (call.architecture !== audit[architecture]) return KILL;
  if (architecture === "x86_64" && call.number >= 0x40000000) return KILL;
  const column = architecture === "x86_64" ? 0 : 1;
  const [, rule] = [...policy.calls].find(([name]) => syscallNumbers[name]![column] === call.number) ?? [];
  return expected(rule ?? { rules: [], verdict: policy.otherwise }, call.args);
}

function isBranch(code: number): boolean {
  return (code & 0x07) === 0x05 && code !== 0x05;
}

function decode(bytes: Buffer): Instruction[] {
  return Array.from({ length: bytes.length / 8 }, (_, index) => ({
    code: bytes.readUInt16LE(index * 8),
    jt: bytes.readUInt8(index * 8 + 2),
    jf: bytes.readUInt8(index * 8 + 3),
    k: bytes.readUInt32LE(index * 8 + 4),
  }));
}

test("nobody is told the groups of whoever runs Sameseed, which sandboxes of an ordinary user have", () => {
  // What every sandbox is behind, whatever is installed on top.
  for (const policy of [
    slotPolicy(),
    loopbackSlotPolicy(),
    treeSlotPolicy("own"),
    treeSlotPolicy("shared"),
  ]) {
    expect(answerOf(policy, "getgroups", 32, 0x1000)).toBe(0x50000); // none, and no error
    expect(answerOf(policy, "getsockopt", 3, 1, 59)).toBe(EPERM); // SO_PEERGROUPS
  }
});
