import { expect, test } from "vitest";

import {
  sandboxPolicy,
  slotPolicy,
  type FilterPolicy,
  type HostIdKind,
} from "../../../src/sandbox/seccomp/policy.ts";
import { sealedSandboxPolicy } from "../../../src/sandbox/seccomp/sealed.ts";
import { branchPolicy, treeSlotPolicy, trunkPolicy } from "../../../src/sandbox/seccomp/trunk.ts";
import { ALLOW, answerOf } from "./filter-answer.ts";

const EPERM = 0x50001;
const copy = 2 ** 30;

test("in a tree a copy takes its own id and no other, where each has one; a branch takes none", () => {
  const setresuid = (policy: FilterPolicy, ...ids: number[]): number => answerOf(policy, "setresuid", ...ids);
  const filters = (ids: HostIdKind): FilterPolicy[] => [
    treeSlotPolicy(ids),
    trunkPolicy(sandboxPolicy(ids), "host", ids),
    trunkPolicy(sealedSandboxPolicy(ids), "sealed", ids),
  ];
  for (const policy of filters("own")) {
    for (const id of [copy + 1, copy + 63]) expect(setresuid(policy, id, id, id)).toBe(ALLOW);
    // Every argument is looked at; -1 would leave one as it is.
    for (const id of [1000, copy + 64, 2 * copy, 0xffff_ffff])
      for (const at of [0, 1, 2]) {
        const ids = [copy + 1, copy + 1, copy + 1].with(at, id);
        expect(setresuid(policy, ...ids), ids.join(" ")).toBe(EPERM);
      }
  }
  for (const policy of filters("shared")) expect(setresuid(policy, copy + 1, copy + 1, copy + 1)).toBe(EPERM);
  for (const policy of [slotPolicy(), branchPolicy(sandboxPolicy()), branchPolicy(sealedSandboxPolicy())])
    expect(setresuid(policy, copy + 1, copy + 1, copy + 1)).toBe(EPERM);
});

test("a branch has the filter of a sandbox, and that call less", () => {
  const policy = sandboxPolicy();
  const changed = [...branchPolicy(policy).calls].filter(([name, rule]) => rule !== policy.calls.get(name));
  expect(changed.map(([name]) => name)).toEqual(["setresuid"]);
});

test("a trunk may do what building a wall takes, and nothing else that a sandbox may not", () => {
  for (const [world, policy] of [
    ["host", sandboxPolicy()],
    ["sealed", sealedSandboxPolicy()],
  ] as const) {
    const trunk = trunkPolicy(policy, world, "own");
    const changed = [...trunk.calls].filter(([name, rule]) => rule !== policy.calls.get(name));
    expect(changed.map(([name]) => name).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "capset",
      ...(world === "sealed" ? ["clock_gettime"] : []),
      "clone",
      "clone3",
      "madvise",
      "mount",
      "prctl",
      "prlimit64",
      "seccomp",
      "setresuid",
      "setrlimit",
    ]);
    for (const name of ["pivot_root", "umount2", "sendmsg"])
      expect(trunk.calls.get(name)).toEqual(policy.calls.get(name));
  }
});
