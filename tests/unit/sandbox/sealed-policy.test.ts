/* What a sealed world's library may ask of the kernel by its mark, and what nobody may. */
import { expect, test } from "vitest";

import { sealedSandboxPolicy } from "../../../src/sandbox/seccomp/sealed.ts";
import { trunkPolicy } from "../../../src/sandbox/seccomp/trunk.ts";
import { ALLOW, answerOf, TRAP } from "./filter-answer.ts";

const mark = 0x5ea1ed;
const EACCES = 0x5000d;
const clockOf = (policy: ReturnType<typeof sealedSandboxPolicy>, clock: number, sixth: number): number =>
  answerOf(policy, "clock_gettime", clock, 0, 0, 0, 0, sixth);

test("no mark has the kernel give a sealed sandbox the date or the time, but how long a process has worked", () => {
  const sealed = sealedSandboxPolicy();
  // The date, monotonic time, time since boot, atomic time; and the processor time of the own process and thread.
  for (let clock = 0; clock < 16; clock++)
    for (const sixth of [0, mark]) expect(clockOf(sealed, clock, sixth)).toBe(TRAP);
  for (const pid of [1, 77, 4_194_303]) {
    const clock = ((~pid << 3) | 2) >>> 0;
    expect(clockOf(sealed, clock, mark)).toBe(ALLOW);
    expect(clockOf(sealed, clock, 0)).toBe(TRAP);
  }
  expect(clockOf(trunkPolicy(sealed, "sealed", "own"), 1, mark)).toBe(ALLOW);
});

test("the world's library says what limits there are, and its wall alone sets them", () => {
  const [stack, files] = [3, 7];
  const pointer = [0, 2 ** 32] as const;
  for (const policy of [sealedSandboxPolicy(), trunkPolicy(sealedSandboxPolicy(), "sealed", "own")]) {
    expect(answerOf(policy, "prlimit64", 0, files, 0, 4096, 0, 0)).toBe(TRAP);
    expect(answerOf(policy, "prlimit64", 0, files, 0, 4096, 0, mark)).toBe(ALLOW);
    // Asked before any library's code can run.
    expect(answerOf(policy, "prlimit64", 0, stack, 0, 4096, 0, 0)).toBe(ALLOW);
    for (const name of ["getrlimit", "sched_getscheduler", "sched_getparam", "sched_rr_get_interval"])
      expect(answerOf(policy, name, 0, 0, 0, 0, 0, mark), name).toBe(TRAP);
  }
  for (const high of pointer)
    for (const sixth of [0, mark]) {
      const set = (policy: ReturnType<typeof sealedSandboxPolicy>): number =>
        answerOf(policy, "prlimit64", 0, stack, high || 4096, 0, 0, sixth);
      // The stack's, for the moment of an exec; and only of the process itself.
      expect(set(sealedSandboxPolicy())).toBe(sixth === mark ? ALLOW : EACCES);
      expect(set(trunkPolicy(sealedSandboxPolicy(), "sealed", "own"))).toBe(ALLOW);
      const other = (pid: number, resource: number): number =>
        answerOf(sealedSandboxPolicy(), "prlimit64", pid, resource, high || 4096, 0, 0, sixth);
      for (const pid of [1, 2, 4_194_303]) expect(other(pid, stack)).toBe(EACCES);
      for (let resource = 0; resource < 16; resource++)
        if (resource !== stack) expect(other(0, resource)).toBe(EACCES);
    }
});
