import { expect, test } from "vitest";

import { describeWorld, requireWorld } from "../../../src/sandbox/zygote/world-receipt.ts";
import { protocol, type WireReady } from "../../../src/sandbox/zygote/wire.ts";
import { judgeNumbers, packagedNumbers } from "../../../src/sandbox/zygote/zygote-report.ts";
import { failureOf } from "../store/store-fixture.ts";

const [libraries, digests] = Object.entries(packagedNumbers())[0]!;
const numeric = { libraries, digests, failed: [] };

function ready(world: string, changes: Partial<WireReady["report"]["numeric"]> = {}): WireReady {
  return {
    addressSpaceBytes: 1,
    addressesFixed: true,
    report: {
      world: { mode: world === "host" ? "host" : "sealed", lacks: world.split(" ").slice(1) },
      protocol,
      ...(world === "host" ? {} : { numeric: { ...numeric, ...changes } }),
    },
  };
}

test("T2 is claimed where everything of the sealed world holds and the numbers are the expected ones", () => {
  const { world, tier } = describeWorld("x86-64-v3", ready("sealed"));
  expect(tier).toBe("T2");
  expect(world).toMatchObject({ mode: "sealed", notHeld: [], clock: { tickNs: 1000, stepNs: 1_000_000 } });
  expect(world.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test("whatever does not hold is named and leaves T1", () => {
  const other = { ...digests, [Object.keys(digests)[3]!]: "0123456789" };
  const cases = [
    [ready("sealed vdso auxv"), "x86-64-v3", ["vdso", "auxv"]],
    [{ ...ready("sealed"), addressesFixed: false }, "x86-64-v3", ["addresses"]],
    [ready("sealed"), "native", ["numeric-class"]],
    [ready("sealed", { failed: ["blas-threads"] }), "x86-64-v3", ["blas-threads"]],
    [ready("sealed", { digests: other }), "x86-64-v3", ["numeric-fingerprint"]],
    [ready("sealed", { libraries: "numpy 99" }), "x86-64-v3", ["numeric-fingerprint-unknown"]],
  ] as const;
  for (const [said, numericClass, notHeld] of cases) {
    const { world, tier } = describeWorld(numericClass, said);
    expect({ notHeld: world.notHeld, tier }).toEqual({ notHeld, tier: "T1" });
  }
});

test("a zygote that says host is in the host's world, whatever was asked for", () => {
  expect(describeWorld("x86-64-v3", ready("host"))).toEqual({
    world: { mode: "host", addressesFixed: true, hashSeed: 0, numericClass: "x86-64-v3", notHeld: [] },
    tier: "T1",
  });
});

test("a zygote that is not in the sealed world that was asked for is refused, with the way out", async () => {
  const error = await failureOf(() => requireWorld("sealed", "old", ready("host")));
  expect(error.code).toBe("world_unavailable");
  expect(error.hint).toContain("sameseed setup");
  expect(() => requireWorld("sealed", "new", ready("sealed vdso"))).not.toThrow();
  expect(() => requireWorld("host", "old", ready("host"))).not.toThrow();
});

test("a fingerprint hangs on every result and on no order, and names those that differ", () => {
  const known = judgeNumbers(numeric);
  expect(known).toMatchObject({ known: true, differing: [] });
  const reversed = Object.fromEntries(Object.entries(digests).toReversed());
  expect(judgeNumbers({ ...numeric, digests: reversed })).toEqual(known);
  const { fft: _, ...fewer } = digests;
  const changed = judgeNumbers({ ...numeric, digests: { ...fewer, "exp.64": "changed" } });
  expect(changed.differing).toEqual(["exp.64", "fft"]);
  expect(changed.fingerprint).not.toBe(known.fingerprint);
});
