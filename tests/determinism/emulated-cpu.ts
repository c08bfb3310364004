/*
 * Plays rollouts under emulated processors and compares them with this one's.
 *
 *   node tests/determinism/emulated-cpu.ts [--image NAME] [--cpu Haswell,EPYC-Rome] [--steps N] [ENV…]
 *
 * Theory of operation. Another processor is what tier T2 speaks of, and none is at hand; QEMU's user mode executes every
 * instruction of the image's own interpreter and libraries in software, tells them that they run on the processor named,
 * and computes IEEE arithmetic exactly. The same job that a sandbox gets (same harness, same seed, same world) goes
 * through the same `child.py`, without the wall, because an emulated process cannot make namespaces. What it records is
 * compared, record by record, with what a sealed sandbox records here; where it differs, the first step and the place in
 * it are printed. Such a process was not forked from a zygote, so that its ledger (how often it asked the world) may be
 * another; the same job is therefore run once more here, in the same way but without the emulator. "equal" is the digest
 * of the sealed sandbox; "equal, ledger as here without a zygote" is that of this control, which itself differs from the
 * sandbox in nothing but the ledger.
 *
 * What this cannot show: approximations of real silicon (`rcpps`, `rsqrtps`), and the zygote's fork.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { parseArgs } from "node:util";

import { findBubblewrap } from "../../src/image/find-bubblewrap.ts";
import { resolveImage, type ResolvedImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";
import { executeRollout } from "../../src/rollout/execute-rollout.ts";
import { planRollout, type RolloutPlan } from "../../src/rollout/plan-rollout.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { RolloutRecording } from "../../src/trajectory/rollout-recording.ts";
import { encodeJob } from "../../src/sandbox/job.ts";
import { closeSandboxes, sharedBackend } from "../../src/sandbox/sandbox-host.ts";
import { zygoteEnvironment } from "../../src/sandbox/zygote/bubblewrap-arguments.ts";
import { compareRollouts, ledgerOf } from "../../src/verify/audit/compare-rollouts.ts";

const installed = ["/usr/bin/qemu-x86_64-static", "/usr/bin/qemu-x86_64"].find((path) => existsSync(path));
const program = [
  "import sys",
  "sys.path.insert(0, '/opt/sameseed')",
  "job = sys.stdin.buffer.read()",
  "from sameseed import child, warm",
  "warm.warm()",
  "child.main(job)",
].join("\n");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    image: { type: "string", default: "gymnasium" },
    cpu: { type: "string", default: "Haswell,EPYC-Rome" },
    steps: { type: "string", default: "100" },
    seeds: { type: "string", default: "1,2" },
  },
});

if (installed === undefined) {
  console.error("QEMU's user mode is not installed (on Debian and Ubuntu: apt-get install qemu-user-static)");
  process.exitCode = 2;
} else {
  process.exitCode = await main(installed);
}

async function main(qemu: string): Promise<number> {
  const environments = positionals.length > 0 ? positionals : ["CartPole-v1", "FrozenLake-v1", "Pendulum-v1"];
  const image = resolveImage(values.image);
  const cpus = values.cpu.split(",");
  const backend = sharedBackend(values.image, "zygote", "sealed");
  const receipt = await backend.receipt();
  let different = 0;
  console.log(`| environment | seed | steps | tier | ${cpus.join(" | ")} |`);
  console.log(`|---|---|---|---|${cpus.map(() => "---|").join("")}`);
  for (const envName of environments) {
    for (const seed of values.seeds.split(",").map(Number)) {
      const { template } = resolveOptions({
        envName,
        image: values.image,
        maxSteps: Number(values.steps),
        world: "sealed",
      });
      const plan = planRollout({ ...template, seed }, defaultLimits, receipt);
      const here = await executeRollout(backend, receipt, plan, defaultLimits);
      const control = await playThere([], image, plan);
      const found = await Promise.all(
        cpus.map(async (cpu) => describe(await playThere([qemu, "-cpu", cpu], image, plan), here, control)),
      );
      different += found.filter((words) => !words.startsWith("equal")).length;
      const { outcome, steps, receipt: its } = here.summary;
      console.log(`| ${envName} | ${seed} | ${steps} ${outcome} | ${its.tier} | ${found.join(" | ")} |`);
    }
  }
  await closeSandboxes();
  console.log(different === 0 ? "every rollout is the same there" : `${different} differ`);
  return different === 0 ? 0 : 4;
}

/** How a rollout went on an emulated processor, in a few words. */
function describe(there: RolloutRecording, here: RecordedRollout, control: RolloutRecording): string {
  if (there.end === undefined) return "did not run";
  const trajectory = there.blob();
  // Whether an outcome is the same is in the records: the last one says how it ended.
  const { divergence } = compareRollouts(here, { ...here, trajectory });
  if (divergence !== undefined) {
    const { step, field, path, expected, actual, ulps } = divergence;
    const apart = ulps === undefined ? "" : `, ${ulps} ulp`;
    return `DIFFERS at step ${step}, ${path === "" ? field : path}: ${JSON.stringify(expected)} there ${JSON.stringify(actual)}${apart}`;
  }
  const { contentDigest } = there.digests();
  if (contentDigest === here.summary.contentDigest) return "equal";
  if (contentDigest === control.digests().contentDigest) return "equal, ledger as here without a zygote";
  return `DIFFERS in the ledger: ${JSON.stringify(ledgerOf({ ...here, trajectory }))}`;
}

/** What a process without wall and zygote records: under an emulator, or as it is. */
async function playThere(
  emulator: readonly string[],
  image: ResolvedImage,
  plan: RolloutPlan,
): Promise<RolloutRecording> {
  const [qemu, ...options] = emulator;
  const bubblewrap = await findBubblewrap();
  const environment = zygoteEnvironment("x86-64-v3", "sealed");
  const args = [
    ["--unshare-net", "--die-with-parent", "--clearenv", "--hostname", "sandbox", "--unshare-uts"],
    Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ["--ro-bind", image.rootfs, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    qemu === undefined ? [] : ["--ro-bind", qemu, "/dev/emulator"],
    ["--chdir", "/tmp", "--", ...(qemu === undefined ? [] : ["/dev/emulator", ...options])],
    ["/opt/python/bin/python3", "-P", "-s", "-B", "-c", program],
  ].flat();
  const child = spawn(bubblewrap!.path, args, { stdio: ["pipe", "inherit", "pipe", "pipe"], env: {} });
  const recording = new RolloutRecording(plan.manifest);
  let said = "";
  (child.stdio[3] as Readable).on("data", (chunk: Buffer) => recording.push(chunk));
  child.stderr!.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  child.stdin!.end(encodeJob(plan.members[0]!.job));
  await once(child, "close");
  if (recording.end === undefined) console.error(said);
  return recording;
}
