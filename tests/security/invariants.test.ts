/*
 * Each invariant that the attacks are held to can be broken, and is then seen: a real backend is given one fault, and
 * harmless rows that pass without it fail.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { isSameseedError, SameseedError } from "../../src/base/error.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import type { GroupPlan, SandboxBackend } from "../../src/sandbox/contract.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { runAttacks, type AttackRow } from "../../src/security/run-attacks.ts";
import { compareThroughput } from "../../src/security/throughput.ts";

const real = new ZygoteBackend(resolveImage("gymnasium"));
afterAll(async () => await real.close());

/** The real backend with a fault: what it does before a group whose first script has a name that fits is started. */
function faulty(fits: RegExp, fault: (plan: GroupPlan) => Promise<GroupPlan> | GroupPlan): SandboxBackend {
  return {
    name: real.name,
    receipt: async () => await real.receipt(),
    start: async (plan) => {
      const { job } = plan.members[0]!;
      return await real.start(job.entry === "script" && fits.test(job.name) ? await fault(plan) : plan);
    },
    close: async () => {},
  };
}

async function attackOnce(backend: SandboxBackend, id: string): Promise<AttackRow> {
  const { rows, verdict } = await runAttacks({ backend, only: [id] });
  expect(verdict).toBe(rows[0]!.verdict);
  return rows[0]!;
}

it("a row passes on the backend as it is", async () => {
  const row = await attackOnce(real, "10");
  expect(row).toMatchObject({
    id: "10-null-read",
    seen: "end: signal SIGSEGV",
    verdict: "pass",
    breaches: [],
  });
});

it("I1: a file of the host that changed", async () => {
  const backend = faulty(/null-read/, (plan) => {
    writeFileSync(join(dirname(plan.members[0]!.job.env["ATTACK_HOST_FILE"]!), "folder", "escaped"), "");
    return plan;
  });
  expect((await attackOnce(backend, "10")).breaches).toEqual(["the host's file changed"]);
});

it("I1: a secret of the host that came out", async () => {
  const backend = faulty(/null-read/, (plan) => {
    const secret = Object.entries(process.env).find(([name]) => name.startsWith("SAMESEED_CANARY_"))![1]!;
    const job = plan.members[0]!.job as Extract<GroupPlan["members"][0]["job"], { readonly entry: "script" }>;
    const source = `import os; os.write(2, b"${secret}")\n${job.source}`;
    return { ...plan, members: [{ ...plan.members[0]!, job: { ...job, source } }] };
  });
  expect((await attackOnce(backend, "10")).breaches).toEqual([
    "a secret of the host came out of the sandbox",
  ]);
});

it("I2: a neighbour whose bytes changed while the attack ran", async () => {
  let isAttacked = false;
  const backend = faulty(/null-read|harness/, (plan) => {
    const job = plan.members[0]!.job;
    isAttacked ||= job.entry === "script" && job.name.includes("null-read");
    // Nothing but one more variable, which moves the heap by some bytes.
    const [first, ...others] = plan.members;
    const moved = { ...first!, job: { ...job, env: { ...job.env, NEIGHBOUR: "x".repeat(5000) } } };
    return isAttacked ? { ...plan, members: [moved, ...others] } : plan;
  });
  const { breaches } = await attackOnce(backend, "10");
  expect(breaches.some((breach) => breach.startsWith("bystander 0 recorded terminated sha256:"))).toBe(true);
});

it("I3: a process that outlives its sandbox", async () => {
  const left: number[] = [];
  const backend = faulty(/null-read/, (plan) => {
    const mark = plan.members[0]!.job.env["ATTACK_MARK"]!;
    left.push(spawn("sleep", ["60"], { argv0: mark, stdio: "ignore", detached: true }).pid!);
    return plan;
  });
  try {
    const { breaches } = await attackOnce(backend, "10");
    expect(breaches).toContain(`process ${left[0]} (sleep) outlived its sandbox`);
  } finally {
    for (const pid of left) process.kill(pid, "SIGKILL");
  }
});

it("I4: a process that is none of the backend's, and was not there before", async () => {
  const come: ChildProcess[] = [];
  const backend = faulty(/null-read/, async (plan) => {
    const shell = spawn("/bin/sh", ["-c", "sleep 60 & echo; wait"], { stdio: ["ignore", "pipe", "ignore"] });
    come.push(shell);
    await once(shell.stdout, "data");
    return plan;
  });
  try {
    const { breaches } = await attackOnce(backend, "10");
    expect(breaches).toContain(`sh ${come[0]!.pid} is new`);
  } finally {
    for (const shell of come) {
      for (const pid of childPids(shell.pid!)) process.kill(pid, "SIGKILL");
      shell.kill("SIGKILL");
    }
  }
});

it("I5: a limit that is not where it should be, and a sandbox that does not start", async () => {
  const loose = faulty(/fork-bomb/, (plan) => {
    const [first] = plan.members;
    return { ...plan, members: [{ ...first!, limits: { ...first!.limits, processes: 20 } }] };
  });
  const row = await attackOnce(loose, "01");
  expect(row).toMatchObject({ verdict: "fail", breaches: ["unexpected fork: EAGAIN after 19"] });
  const broken = faulty(/fork-bomb/, () => {
    throw new SameseedError("sandbox_failed", "no slot");
  });
  const lost = await attackOnce(broken, "01");
  expect(lost).toMatchObject({ verdict: "fail", seen: "error: sandbox_failed no slot" });
});

it("I6: a backend that became slower", async () => {
  const slow = faulty(/harness/, async (plan) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return plan;
  });
  expect(await compareThroughput(slow, real, 40)).toMatchObject({ verdict: "fail", rollouts: 40 });
});

it("patience makes wall times longer, and no other limit", async () => {
  const limitsWith = async (patience: number): Promise<Set<string>> => {
    const seen = new Set<string>();
    const watched = faulty(/null-read|sleep-forever|harness/, (plan) => {
      for (const { limits } of plan.members) seen.add(`${limits.wallMs} ms, ${limits.cpuMs} ms of CPU`);
      return plan;
    });
    await runAttacks({
      backend: watched,
      only: ["10-null-read", "30-sleep-forever", "56-forge-frames"],
      patience,
    });
    return seen;
  };
  // A referee and a policy have twice their rollout's wall time and a second or two; the rest is the bystanders', as ever.
  const bystanders = ["120000", "241000", "242000"].map((wall) => `${wall} ms, 60000 ms of CPU`);
  const attacks = (...walls: number[]): string[] => walls.map((wall) => `${wall} ms, 15000 ms of CPU`);
  const usual = await limitsWith(1);
  expect(usual).toEqual(new Set([...bystanders, ...attacks(300, 20_000, 41_000, 42_000)]));
  const patient = await limitsWith(3);
  expect(patient).toEqual(new Set([...bystanders, ...attacks(900, 60_000, 121_000, 122_000)]));
});

it("a second try is for what met its time before the end that its header expects, and for nothing else", async () => {
  const times: string[] = [];
  const slow = faulty(/null-read|deaf|fork-bomb/, (plan) => {
    const [first, ...others] = plan.members;
    const job = first!.job as Extract<GroupPlan["members"][0]["job"], { readonly entry: "script" }>;
    const { cpuMs, wallMs } = first!.limits;
    times.push(`${job.name} ${cpuMs} of ${wallMs}`);
    if (job.name.includes("fork-bomb"))
      return { ...plan, members: [{ ...first!, limits: { ...first!.limits, processes: 20 } }] };
    // Slower than its time at first, as on a slow processor.
    const isFirst = job.name.includes("null-read") && times.length === 1;
    const tried = { job: { ...job, source: "while True: pass" }, limits: { ...first!.limits, cpuMs: 200 } };
    return isFirst ? { ...plan, members: [{ ...first!, ...tried }, ...others] } : plan;
  });
  const attack = async (only: string): Promise<AttackRow> =>
    (await runAttacks({ backend: slow, only: [only], secondTry: 10, patience: 2 })).rows[0]!;
  expect(await attack("10")).toMatchObject({ verdict: "pass", isSecondTry: true });
  const deaf = await attack("32");
  expect(deaf).toMatchObject({ verdict: "pass", seen: "end: cpu" });
  const loose = await attack("01");
  expect(loose).toMatchObject({ verdict: "fail" });
  for (const row of [deaf, loose]) expect(row).not.toHaveProperty("isSecondTry");
  expect(times).toEqual([
    "10-null-read.py 15000 of 40000",
    "10-null-read.py 150000 of 200000",
    "32-deaf-to-signals.py 300 of 40000",
    "01-fork-bomb.py 15000 of 40000",
  ]);
});

it("an id that no row has is misuse, before anything runs", async () => {
  const refused = await runAttacks({ backend: real, only: ["999"] }).catch((error: unknown) => error);
  expect(isSameseedError(refused) && refused.code).toBe("bad_argument");
});
