/*
 * A row of the corpus that passes shows something only if its program would have got further without the wall. So each
 * program that names a control is run where what stops it is missing: behind a plain container's wall, with other limits,
 * or, a policy, in the interpreter of the referee. There its expectation must not be met.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resolveImage, type ResolvedImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import type { WorldMode } from "../../src/model/receipt.ts";
import { executeRollout } from "../../src/rollout/execute-rollout.ts";
import { planRollout } from "../../src/rollout/plan-rollout.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import type { SandboxBackend } from "../../src/sandbox/contract.ts";
import { unprivilegedId } from "../../src/sandbox/linux/host-ids.ts";
import { closeSandboxes, sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import { corpusFolder, expectedLines, loadCorpus } from "../../src/security/attack-program.ts";
import { answersIn, mismatches } from "../../src/security/expectation.ts";
import { performAttack } from "../../src/security/perform-attack.ts";
import { runPlainly } from "./plain-wall.ts";
import { worlds } from "../worlds.ts";

const machine = process.arch === "x64" ? "x86_64" : "aarch64";
const corpus = loadCorpus().filter((program) => (program.machine ?? machine) === machine);
const named = <T extends { readonly id: string }>(programs: readonly T[]): [string, T][] =>
  programs.map((program) => [program.id, program]);

/** What a wall could not change, so that nothing weaker can show a difference: their rows test verdict and neighbours. */
const sameEverywhere: Readonly<Record<string, string>> = {
  "07-pipe-hoard": "a bound on what a pipe holds, which the kernel has for every user",
  "09-stack-recursion": "ends by itself anywhere",
  "10-null-read": "crashes anywhere",
  "11-abort": "crashes anywhere",
  "12-illegal-instruction": "crashes anywhere",
  "13-deep-nesting": "raises anywhere",
  "19-deep-folders": "is refused by the length of paths",
  "20-odd-names": "is about what the host does with names",
  "22-link-loops": "is refused by the file system itself",
  "26-deaf-to-input": "is about the host's own patience",
  "27-closed-streams": "harms itself only",
  "28-write-after-close": "harms its own record only",
  "30-sleep-forever": "only its wall time can end it",
  "30b-wait-forever": "only its wall time can end it",
  "31-stop-itself": "only its wall time can end it",
  "34-daemon": "is about what is left afterwards, which the host looks for",
  "35-daemon-holds-stdout": "is about what is left afterwards, which the host looks for",
  "37-other-program": "only its wall time can end it",
  "38-running-away": "only its wall time can end it",
  "43-swapping-links": "is about what the host's collector does",
  "44-special-files": "is about what the host's collector does",
  "45-climbing-names": "is about what the host's collector does",
  "47-passed-descriptors": "is about what the referee does with what it is sent",
  "55-time-bomb": "is about being told apart from its first time",
  "56b-forge-answers": "is about the link's protocol, which a shared interpreter has not",
  "56c-forge-length": "is about the link's protocol, which a shared interpreter has not",
  "56d-hang-up-early": "is about the link's protocol, which a shared interpreter has not",
  "56e-forge-result-frames": "harms its own record only",
  "58-lying-number": "is about what the referee accepts",
  "58b-not-a-number": "is about what the referee accepts",
  "58c-huge-number": "is about what the referee accepts",
  "58d-generator": "is about what the referee accepts",
  "58e-deep-action": "is about what the referee accepts",
  "58f-foreign-bytes": "is about what the referee accepts",
  "58g-opaque-action": "is about what the referee accepts",
  "58h-two-gigabytes": "is about what the referee accepts",
  "58i-names-memory": "is about what the referee accepts",
  "60-leave-the-game": "is about whose loss it is",
  "60b-say-goodbye": "is about whose loss it is",
  "60c-stall": "only its wall time can end it",
  "60d-crash-the-game": "is about whose loss it is",
  "60e-sleep": "only its wall time can end it",
  "61c-die-by-a-limit": "makes the attempt of row 61, and is about whose loss it is",
  "64-socket-buffers": "is about the machine's memory, which a control would really use up",
  "71-pipe-pages": "is about what its neighbours notice",
  "74-stream-questions": "asks about a stream that a plain container does not have",
  "77-real-time": "asks a sealed world, which a plain container has not",
  "78-host-entropy": "asks a sealed world, which a plain container has not",
  "79-which-machine": "asks a sealed world, which a plain container has not",
  "81-timer-storm": "is about what its neighbours notice",
  "83-deadlock": "only its wall time can end it",
  "85-storm-at-the-end": "is about what is left afterwards, which the host looks for",
  "86-signals-to-the-agent": "is about what the agent does with a signal",
  "87-two-referees": "is about what the host makes of a record",
  "87b-giant-frame": "is about what the host makes of a record",
  "87c-hangs-up-and-stays": "only its wall time can end it",
  "87d-turns-its-back": "is about what the host makes of a record",
  "87e-becomes-another": "is about what the host makes of a record",
  "87f-swaps-its-stream": "is about what the host makes of a record",
  "87g-the-walls-own-status": "is about whose loss it is",
  "87h-a-trusted-name": "is about whose loss it is",
  "87i-floods-sideways": "is about what the host makes of a record",
  "88-a-trusted-name": "is about whose loss it is",
  "88b-forks-at-its-move": "is about the link's protocol, which a shared interpreter has not",
  "94-old-time-page": "asks a sealed world, which a plain container has not",
  "96-agents-orphans": "is about what the agent does with a child that it never started",
  "97-what-runs-out": "is about being told apart from its first time",
  "98-endless-complaint": "is about whose loss it is",
  "98b-source-that-waits": "is about whose loss it is",
  "98c-many-names": "is about what the host makes of a record",
  "98d-asks-for-more-room": "is about the link's protocol, which a shared interpreter has not",
  "99-moving-arrays": "asks a sealed world, which a plain container has not",
  "99b-throws-into-the-recorder": "is about whose loss it is",
  "99c-keys-that-lie": "is about what the host makes of a record",
  "99d-strikes-anywhere": "asks a sealed world, which a plain container has not",
};

let image: ResolvedImage;
let victim: ChildProcess;

beforeAll(() => {
  image = resolveImage("gymnasium");
  const own = process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
  victim = spawn("sleep", ["600"], { stdio: "ignore", ...own });
});
afterAll(async () => {
  victim.kill("SIGKILL");
  await closeSandboxes();
});

it("every row has a control, or a reason to have none", () => {
  const without = corpus.filter(
    ({ control, controlLimits, controlInProcess }) =>
      control.length === 0 && controlLimits === undefined && controlInProcess.length === 0,
  );
  expect(without.map(({ id }) => id)).toEqual(Object.keys(sameEverywhere));
});

describe("behind a plain container's wall, more is managed by", () => {
  it.for(named(corpus.filter(({ control }) => control.length > 0)))("%s", async ([, program]) => {
    // A plain container has no sealed world.
    const expected = expectedLines(program, "rlimits", "host");
    const seesProcesses = program.id === "39-kill-everybody";
    const seen = await runPlainly(program.id, image, { hostPid: victim.pid!, seesProcesses });
    for (const name of program.control) {
      const said = seen.filter((line) => line.startsWith(`${name}: `));
      expect(said, `${name} of ${seen.join("; ")}`).toHaveLength(1);
      const due = expected.filter((line) => line.startsWith(`${name}: `));
      expect(mismatches(due, said), name).not.toEqual([]);
    }
  });
});

describe.for(worlds)("with other limits in the %s world, more is managed by", (world) => {
  it.for(named(corpus.filter(({ controlLimits }) => controlLimits !== undefined)))(
    "%s",
    async ([, program]) => {
      const backend = sharedBackend("gymnasium", "zygote", world);
      const receipt = await backend.receipt();
      const ground = { backend, receipt, mark: "atk-control", hostFile: "/tmp/none", hostPid: victim.pid! };
      const { seen } = await performAttack({ ...program, limits: program.controlLimits! }, ground);
      const expected = expectedLines(program, receipt.enforcedBy, world, receipt.wall.user.ids);
      expect(mismatches(expected, seen)).not.toEqual([]);
    },
  );
});

describe.for(worlds)("in the interpreter of the referee in the %s world, more is managed by", (world) => {
  it.for(named(corpus.filter(({ controlInProcess }) => controlInProcess.length > 0)))(
    "%s",
    async ([, program]) => {
      const { seen, isHonest } = await playInProcess(program.source, world);
      const expected = expectedLines(program, "rlimits", world);
      for (const name of program.controlInProcess) {
        if (name === "record") {
          expect(isHonest).toBe(false);
          continue;
        }
        const said = seen.filter((line) => line.startsWith(`${name}: `));
        expect(said).toHaveLength(1);
        const due = expected.filter((line) => line.startsWith(`${name}: `));
        expect(mismatches(due, said), name).not.toEqual([]);
      }
    },
  );

  it("an honest policy manages nothing there either", async () => {
    expect(await playInProcess("def act(observation, rng):\n    return 0\n", world)).toEqual({
      seen: [],
      isHonest: true,
    });
  });
});

/** Plays one episode in which referee and policy share a process; honest is a return that is made of its steps. */
async function playInProcess(
  source: string,
  world: WorldMode,
): Promise<{ readonly seen: string[]; readonly isHonest: boolean }> {
  const backend = sharedBackend("gymnasium", "zygote", world);
  const receipt = await backend.receipt();
  const { template } = resolveOptions({ envName: "CartPole-v1" });
  const plan = planRollout({ ...template, seed: 1 }, defaultLimits, receipt);
  const files = [
    { path: "/tmp/policy/attack.py", data: Buffer.from(source) },
    ...["kit.py", "raw.py"].map((file) => ({
      path: `/tmp/corpus/${file}`,
      data: readFileSync(join(corpusFolder(), file)),
    })),
  ];
  const harness = readFileSync(join(import.meta.dirname, "fixtures", "in_process_referee.py"), "utf8");
  const job = { entry: "script", name: "harness.py", source: harness, files, env: {} } as const;
  const limits = { ...defaultLimits, wallMs: 20_000 };
  let written = "";
  const shown: SandboxBackend = {
    name: backend.name,
    receipt: async () => receipt,
    start: async (group) =>
      await backend.start({
        ...group,
        onOutput: (member, channel, data) => {
          if (channel === "stdout") written += data.toString();
          group.onOutput(member, channel, data);
        },
      }),
    close: async () => {},
  };
  const { summary } = await executeRollout(
    shown,
    receipt,
    { ...plan, members: [{ job, limits }], links: [] },
    limits,
  );
  const isHonest = summary.error === undefined && summary.totalReward === summary.steps && summary.steps > 0;
  return { seen: answersIn(written), isHonest };
}
