import { expect, test } from "vitest";

import type { BackendReceipt } from "../../../src/sandbox/contract.ts";
import { withoutHold } from "../../../src/rollout/execute-rollout.ts";
import { sampleRollout } from "../store/sample-rollout.ts";

const { limits: _, ...host } = sampleRollout(1).summary.receipt;
const sealed: BackendReceipt = { ...host, tier: "T2", world: { ...host.world, mode: "sealed", notHeld: [] } };

test("what did not hold while a rollout ran is in its receipt, and costs its tier", () => {
  const told = withoutHold(sealed, ["threads"]);
  expect([told.tier, told.world.notHeld]).toEqual(["none", ["threads"]]);
  expect(withoutHold(sealed, ["children"]).tier).toBe("none");
  expect(withoutHold(sealed, ["vdso"]).tier).toBe("T1");
  expect(withoutHold(told, ["threads", "vdso"]).world.notHeld).toEqual(["threads", "vdso"]);
});

test("where all held, or no more was lost than was known, the receipt is the backend's", () => {
  expect(withoutHold(sealed, [])).toBe(sealed);
  const known = withoutHold(sealed, ["vdso"]);
  expect(withoutHold(known, ["vdso"])).toBe(known);
});
