/* Which verdicts stand: trouble of the host and wall time on a starved machine are tried again first. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import type { JudgePlace, Watched } from "../../../src/judge/judge-place.ts";
import { Lanes } from "../../../src/judge/lanes.ts";
import { type SettledRun, settleTest } from "../../../src/judge/run-test.ts";
import type { TestRun } from "../../../src/judge/test-run.ts";
import { openHost } from "../../../src/rollout/rollout-host.ts";
import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

let place: JudgePlace;
beforeAll(async () => {
  const host = await openHost({ image: "gymnasium", backend: "zygote", world: "sealed" });
  place = { host, signal: undefined };
});
afterAll(closeSandboxes);

/** A host on which a process of ours gets that part of a processor. */
function machine(share: number): JudgePlace {
  const { host } = place;
  const backend: SandboxBackend = {
    name: "zygote",
    receipt: async () => await host.backend.receipt(),
    close: async () => {},
    start: async (plan) => {
      const running = await host.backend.start(plan);
      return running.map((each) => ({
        ...each,
        born: each.born,
        ended: each.ended.then((end) => ({ ...end, cpuMs: 1000 * share, wallMs: 1000 })),
      }));
    },
  };
  return { host: { ...host, backend }, signal: undefined };
}

const solution = { end: { cpuMs: 20, wallMs: 1000 } } as Watched;
const late: TestRun = { verdict: "time_limit_idle", solution };
/** As late, but it worked until then. */
const busy: TestRun = { ...late, solution: { end: { cpuMs: 300, wallMs: 1000 } } as Watched };
const loop: TestRun = { verdict: "time_limit_cpu", solution: busy.solution! };
const right: TestRun = { verdict: "accepted", solution };

async function settle(runs: readonly (TestRun | Error)[], on: JudgePlace): Promise<SettledRun> {
  const left = [...runs];
  return await settleTest(
    async () => {
      const next = left.shift()!;
      if (next instanceof Error) throw next;
      return await Promise.resolve(next);
    },
    on,
    new Lanes(2),
  );
}

describe("wall time", () => {
  it("counts at once where the machine has time", async () => {
    expect(await settle([late], machine(0.9))).toEqual({ run: late, runs: 1 });
  });

  it("is tried again alone where the program worked until then, whatever time the machine has", async () => {
    expect(await settle([busy, loop], machine(0.9))).toEqual({ run: loop, runs: 2 });
    expect(await settle([busy, right], machine(0.9))).toEqual({ run: right, runs: 2 });
    expect(await settle([busy, busy, busy], machine(0.9))).toEqual({ run: busy, runs: 3 });
  });

  it("is tried again where it has none, and what is found then counts", async () => {
    expect(await settle([late, right], machine(0.1))).toEqual({ run: right, runs: 2 });
    expect(await settle([late, late, right], machine(0.1))).toEqual({ run: right, runs: 3 });
  });

  it("is the host's trouble where it never has any", async () => {
    const { run, runs } = await settle([late, late, late], machine(0.1));
    expect([run.verdict, runs]).toEqual(["infra_error", 3]);
    expect(run.message).toContain("10 % of a processor");
  });
});

describe("trouble of the host", () => {
  const failed = new SameseedError("sandbox_failed", "no more");
  it("is tried again, and then has no score", async () => {
    expect(await settle([failed, right], place)).toEqual({ run: right, runs: 2 });
    const { run, runs } = await settle([failed, failed, failed], place);
    expect([run.verdict, runs]).toEqual(["infra_error", 3]);
  });

  it("and what is a defect or the caller's wish is thrown", async () => {
    const aborted = new SameseedError("aborted", "enough");
    await expect(settle([aborted], place)).rejects.toBe(aborted);
    const defect = new Error("defect");
    await expect(settle([defect], place)).rejects.toBe(defect);
  });
});

it("one runs alone when nothing else does, and others go on afterwards", async () => {
  const lanes = new Lanes(3);
  let now = 0;
  let most = 0;
  const seen: number[] = [];
  const work = (alone: boolean) => async (): Promise<void> => {
    now++;
    most = Math.max(most, now);
    if (alone) seen.push(now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
  };
  await Promise.all(
    Array.from({ length: 30 }, async (_, at) =>
      at % 10 === 5 ? await lanes.alone(work(true)) : await lanes.shared(work(false)),
    ),
  );
  expect(seen).toEqual([1, 1, 1]);
  expect(most).toBe(3);
});
