import { expect, test } from "vitest";

import { sandboxPolicy } from "../../../src/sandbox/seccomp/policy.ts";
import { sealedSandboxPolicy } from "../../../src/sandbox/seccomp/sealed.ts";
import { trunkPolicy } from "../../../src/sandbox/seccomp/trunk.ts";

test("a trunk may do what building a wall takes, and nothing else that a sandbox may not", () => {
  for (const [world, policy] of [
    ["host", sandboxPolicy()],
    ["sealed", sealedSandboxPolicy()],
  ] as const) {
    const trunk = trunkPolicy(policy, world);
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
      "setrlimit",
    ]);
    for (const name of ["pivot_root", "umount2", "sendmsg"])
      expect(trunk.calls.get(name)).toEqual(policy.calls.get(name));
  }
});
