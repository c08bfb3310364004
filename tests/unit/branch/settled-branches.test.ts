import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import { branchRun } from "../../../src/branch/branch-run.ts";
import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { resolveImage } from "../../../src/image/image-store.ts";
import { closeSandboxes, sharedBackend } from "../../../src/sandbox/sandbox-host.ts";
import { recordRun } from "../../../src/store/record-run.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { verifyRun } from "../../../src/verify/verify-run.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-branches-"));
const parent = join(folder, "parent");

beforeAll(async () => {
  await recordRun({ envName: "CartPole-v1", seeds: [42], dir: parent });
});
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

/** A backend that fails every start whose script re-keys by one of these. */
function failing(reseeds: readonly number[], code: "sandbox_failed" | "wall_unavailable"): SandboxBackend {
  const real = sharedBackend(resolveImage("gymnasium"), "zygote", "sealed");
  return {
    name: real.name,
    receipt: async () => await real.receipt(),
    close: async () => {},
    start: async (plan) => {
      const [member] = plan.members;
      const source = member?.job.entry === "script" ? member.job.source : "";
      if (reseeds.some((reseed) => source.includes(`"reseed": ${reseed}}`)))
        throw new SameseedError(code, "the host has no more of what it takes");
      return await real.start(plan);
    },
  };
}

describe("a hundred branches of which the host fails three", () => {
  it("are ninety-seven and three errors, and resuming makes up for them", { timeout: 90_000 }, async () => {
    const out = join(folder, "hundred");
    const reseed = Array.from({ length: 100 }, (_, index) => index + 1);
    const config = { seed: 42, step: 8, reseed, out };
    const told: number[] = [];
    const { branches } = await branchRun(parent, {
      ...config,
      backend: failing([3, 50, 99], "sandbox_failed"),
      onBranch: ({ number }) => void told.push(number),
    });
    expect(branches.map(({ number }) => number)).toEqual([...reseed.keys()]);
    const failed = branches.filter((own) => own.status === "rejected");
    expect(failed.map((own) => [own.reseed, own.error.code])).toEqual([
      [3, "sandbox_failed"],
      [50, "sandbox_failed"],
      [99, "sandbox_failed"],
    ]);
    expect(told.toSorted((a, b) => a - b)).toEqual([...reseed.keys()]);
    const again = await branchRun(parent, { ...config, resume: true });
    expect(again.branches.every(({ status }) => status === "fulfilled")).toBe(true);
    using reader = await RunReader.open(out);
    expect(reader.size).toBe(100);
    expect(reader.manifest.spec.branch!.past.length).toBe(1);
    expect(await verifyRun(out)).toMatchObject({ verified: true, equal: 100 });
  });

  it("end at once where the host can make none", async () => {
    const out = join(folder, "none");
    const backend = failing([1, 2], "wall_unavailable");
    const refused = branchRun(parent, { seed: 42, step: 8, reseed: [1, 2], out, backend });
    await expect(refused).rejects.toMatchObject({ code: "wall_unavailable" });
    await expect(RunReader.open(out)).rejects.toMatchObject({ code: "run_missing" });
  });
});
