import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, test, vi } from "vitest";

import { nothing, RecordedRun, steadyRun, type Parts, type Recording } from "./recorded-run.ts";

/*
 * Whatever of a program that records a run is killed or stopped, nothing of it outlives it, and the run ends with the
 * digests of an undisturbed one: by itself where the program lives, by going on with it where it does not. Only a sandbox
 * that is killed alone counts as ended: its rollout has that outcome.
 */

// Each starts two programs, one after the other, and some of them wait long.
vi.setConfig({ maxConcurrency: 4, testTimeout: 120_000 });

/** One thing that is done to one process. */
interface Strike {
  readonly name: string;
  readonly target?: keyof Parts;
  /** One after the other. */
  readonly signals?: readonly NodeJS.Signals[];
  /** When a stopped process goes on; never, where nothing is said. */
  readonly continuesAfterMs?: number;
  readonly isCommand?: true;
  readonly throws?: true;
  /** The rollout that ran there is charged with its death: nothing tells it from a program's own end. */
  readonly costsOne?: true;
  /** The signal or code the program ends with before its run is whole; nothing where its run goes on to its end. */
  readonly endsWith?: NodeJS.Signals | number;
}

/** Longer than a slot may be silent after the wall time of its sandbox. */
const longStopMs = 10_000;

const strikes: readonly Strike[] = [
  { name: "SIGSTOP of a slot", target: "slot", signals: ["SIGSTOP"] },
  { name: "SIGSTOP of Node", target: "node", signals: ["SIGSTOP"], continuesAfterMs: longStopMs },
  { name: "its end" },
  { name: "an error nobody catches", throws: true, endsWith: 1 },
  { name: "SIGINT", target: "node", signals: ["SIGINT"], endsWith: "SIGINT" },
  { name: "SIGTERM", target: "node", signals: ["SIGTERM"], endsWith: "SIGTERM" },
  { name: "SIGHUP", target: "node", signals: ["SIGHUP"], endsWith: "SIGHUP" },
  { name: "SIGKILL of Node", target: "node", signals: ["SIGKILL"], endsWith: "SIGKILL" },
  { name: "SIGINT at the command line", isCommand: true, target: "node", signals: ["SIGINT"], endsWith: 130 },
  {
    name: "SIGINT twice at the command line",
    isCommand: true,
    target: "node",
    signals: ["SIGINT", "SIGINT"],
    endsWith: 130,
  },
  {
    name: "SIGTERM at the command line",
    isCommand: true,
    target: "node",
    signals: ["SIGTERM"],
    endsWith: 130,
  },
  { name: "SIGHUP at the command line", isCommand: true, target: "node", signals: ["SIGHUP"], endsWith: 130 },
  { name: "SIGKILL of the outer wall", target: "outer", signals: ["SIGKILL"] },
  { name: "SIGKILL of the outer wall's first process", target: "inner", signals: ["SIGKILL"] },
  { name: "SIGKILL of a zygote", target: "zygote", signals: ["SIGKILL"] },
  { name: "SIGKILL of a slot", target: "slot", signals: ["SIGKILL"] },
  { name: "SIGKILL of a sandbox", target: "sandbox", signals: ["SIGKILL"], costsOne: true },
  { name: "SIGSTOP of the outer wall", target: "outer", signals: ["SIGSTOP"] },
  { name: "SIGSTOP of the outer wall's first process", target: "inner", signals: ["SIGSTOP"] },
  { name: "SIGSTOP of a zygote", target: "zygote", signals: ["SIGSTOP"] },
  { name: "SIGSTOP of a sandbox", target: "sandbox", signals: ["SIGSTOP"], continuesAfterMs: 1000 },
];

let undisturbed: Recording;
beforeAll(async () => {
  using run = new RecordedRun();
  undisturbed = await run.resume();
});

async function disturb(run: RecordedRun, strike: Strike): Promise<Recording> {
  const { target, signals = [], continuesAfterMs, isCommand = false, throws } = strike;
  const started = run.start({ isCommand, ...(throws === true ? { more: { throws } } : {}) });
  if (target === undefined) return await started.ended;
  const pid = (await started.running())[target];
  for (const signal of signals) process.kill(pid, signal);
  if (continuesAfterMs !== undefined) {
    await sleep(continuesAfterMs);
    process.kill(pid, "SIGCONT");
  }
  return await started.ended;
}

/** The rollouts that are not as in an undisturbed run. */
function changed({ digests = [] }: Recording): Recording["digests"] {
  const same = undisturbed.digests!.map((each) => JSON.stringify(each));
  return digests.filter((each) => !same.includes(JSON.stringify(each)));
}

/**
 * Strikes a run. A sandbox that is killed before its wall stands, or when the rollout needs it no more, costs nothing: where
 * that happened, another run is struck.
 */
async function strikeOne(strike: Strike): Promise<[run: RecordedRun, first: Recording]> {
  for (let left = 5; ; left--) {
    const run = new RecordedRun();
    const first = await disturb(run, strike);
    if (left === 0 || strike.costsOne !== true || changed(first)?.length !== 0) return [run, first];
    run[Symbol.dispose]();
  }
}

// Two whole runs each, five of them at one time, beside whatever else the machine does: only what hangs takes as long.
test.concurrent.for(strikes)(
  "nothing is lost or left after $name",
  { timeout: 240_000 },
  async (strike, { expect }) => {
    expect(undisturbed.digests).toHaveLength(steadyRun.seeds.length);
    const [run, first] = await strikeOne(strike);
    using _ = run;
    if (strike.costsOne === true) {
      expect(changed(first), JSON.stringify(first)).toEqual([
        [expect.any(Number), expect.stringMatching(/^(env|policy)_error$/), expect.any(String)],
      ]);
      expect(first.digests).toHaveLength(steadyRun.seeds.length);
      expect(first).toMatchObject({ code: 0, failures: [], descriptors: [] });
    } else if (strike.endsWith === undefined) {
      expect(first, first.stderr).toMatchObject({ digests: undisturbed.digests, descriptors: [] });
    } else {
      expect(first.signal ?? first.code, first.stderr).toBe(strike.endsWith);
      expect(first.recorded).toBeLessThan(steadyRun.seeds.length);
      expect(await run.left()).toEqual(nothing);
      const second = await run.resume();
      expect(second, second.stderr).toMatchObject({ digests: undisturbed.digests, descriptors: [] });
    }
    expect(await run.left()).toEqual(nothing);
  },
);
