import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test, vi, type TestContext } from "vitest";

import { CgroupArea } from "../../src/sandbox/linux/cgroups.ts";
import { nothing, RecordedRun, steadyRun, type Recording, type RecordingStart } from "./recorded-run.ts";

/*
 * A machine that runs out of something ends a run with an error that says of what, or lets it go on; it never changes a
 * digest and leaves nothing behind. With enough of everything the run goes on to the digests of an undisturbed one.
 */

// Each starts two programs, one after the other, and some of them wait long.
vi.setConfig({ maxConcurrency: 3, testTimeout: 120_000 });

const plenty = 2 ** 40;
/** The errors that say a host was short of something, and none that says a rollout was at fault. */
const shortages = ["zygote_failed", "sandbox_failed", "tool_missing", "io_failed", "disk_full"];

let undisturbed: Recording;
beforeAll(async () => {
  using run = new RecordedRun();
  undisturbed = await run.resume();
  expect(undisturbed.digests).toHaveLength(steadyRun.seeds.length);
});

/** A control group around a whole program. */
class Surroundings {
  readonly area: CgroupArea;
  readonly #group: ReturnType<CgroupArea["slot"]>;

  constructor({ onTestFinished }: Pick<TestContext, "onTestFinished">) {
    const area = CgroupArea.open();
    if (!(area instanceof CgroupArea)) throw new Error(`control groups are needed here: ${area.reason}`);
    this.area = area;
    this.#group = area.slot();
    onTestFinished(() => {
      this.#group.remove();
      expect(area.remove()).toBe(true);
    });
  }

  /** What puts a program into the group before it starts. */
  get before(): readonly string[] {
    const files = this.area.folders.map((folder) => join(folder, "slot-0", "cgroup.procs"));
    return ["sh", "-c", `for file in ${files.join(" ")}; do echo $$ > $file; done; exec "$@"`, "sh"];
  }

  limit(memoryBytes: number, processes: number): void {
    this.#group.limit(memoryBytes, processes);
  }
}

/** Goes on with a run that a shortage ended, and compares. */
async function goOn(run: RecordedRun, first: Recording): Promise<void> {
  for (const failure of first.failures) expect(shortages).toContain(failure);
  expect(await run.left()).toEqual(nothing);
  const second = await run.resume();
  expect(second, second.stderr).toMatchObject({ digests: undisturbed.digests, descriptors: [] });
  expect(await run.left()).toEqual(nothing);
}

test.concurrent("out of processes while it runs", async (context) => {
  using run = new RecordedRun();
  const around = new Surroundings(context);
  // One after the other: most rollouts begin after the limit, however late it is set on a busy machine.
  const started = run.start({ before: around.before, more: { concurrency: 1 } });
  await started.running();
  // What is there stays; nothing more begins, however many of those that are there end.
  around.limit(plenty, 1);
  const first = await started.ended;
  // Slots have control groups beside this one where it is of version 2, and do not notice.
  if (around.area.version === "cgroup-v1") expect(first.failures).toEqual(["sandbox_failed"]);
  around.limit(plenty, 30_000);
  await goOn(run, first);
});

test.concurrent("out of processes from the start", async (context) => {
  using run = new RecordedRun();
  const around = new Surroundings(context);
  const threads = "console.log(require('node:fs').readdirSync('/proc/self/task').length)";
  // Node's own threads and its pool, and one more: the outer wall cannot start its second process.
  around.limit(plenty, Number(spawnSync(process.execPath, ["-e", threads]).stdout) + 4 + 1);
  const first = await run.start({ before: around.before }).ended;
  expect(first.recorded).toBe(0);
  expect(first.code).not.toBe(0);
  await goOn(run, first);
});

test.concurrent.for([80, 100])("out of memory, %i MiB for everything", async (megabytes, context) => {
  using run = new RecordedRun();
  const around = new Surroundings(context);
  around.limit(megabytes * 1024 * 1024, 30_000);
  const first = await run.start({ before: around.before }).ended;
  around.limit(plenty, 30_000);
  await goOn(run, first);
});

test.concurrent.for([
  [40, "zygote_failed"],
  [130, "sandbox_failed"],
] as const)("out of descriptors, %i of them", async ([files, failure]) => {
  using run = new RecordedRun();
  const first = await run.start({ before: ["prlimit", `--nofile=${files}`] }).ended;
  expect(first, first.stderr).toMatchObject({ failures: [failure], recorded: 0 });
  await goOn(run, first);
});

test.concurrent("out of descriptors while it runs", async () => {
  using run = new RecordedRun();
  const started = run.start();
  const { node } = await started.running();
  expect(spawnSync("prlimit", ["--pid", String(node), "--nofile=8"]).status).toBe(0);
  await goOn(run, await started.ended);
});

test.concurrent.for([
  ["disk, when it begins", "size=16k"],
  ["disk, while it runs", "size=48k"],
  ["inodes, when it begins", "nr_inodes=5"],
  ["inodes, at its first segment", "nr_inodes=8"],
])("out of %s", async ([, option], { onTestFinished }) => {
  const disk = mkdtempSync(join(tmpdir(), "sameseed-disk-"));
  onTestFinished(() => rmSync(disk, { recursive: true, force: true }));
  using run = new RecordedRun(join(disk, "run"));
  // A file system in a mount namespace of its own; the second time it has room.
  const room = `mount -o remount,size=64m,nr_inodes=1000 "${disk}"`;
  const script = `mount -t tmpfs -o ${option} none "${disk}" && "$@"; ${room} && exec "$@"`;
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const recording = await run.start({ before: ["unshare", ...user, "--mount", "sh", "-c", script, "sh"] })
    .ended;
  expect(recording, recording.stderr).toMatchObject({
    failures: ["disk_full"],
    digests: undisturbed.digests,
    descriptors: [],
  });
  expect(await run.left()).toEqual(nothing);
});

/** A clock that jumps ten years to and fro with every look at it. */
const jumpingClock: NonNullable<RecordingStart["nodeArgs"]> = [
  "--import",
  `data:text/javascript,${encodeURIComponent(`
    const Real = Date;
    let looks = 0;
    const jumped = () => Real.now() + (looks++ % 2 === 0 ? 1 : -1) * 10 * 365 * 86_400_000;
    globalThis.Date = class extends Real {
      constructor(...args) { if (args.length > 0) super(...args); else super(jumped()); }
      static now() { return jumped(); }
    };
  `)}`,
];

test.concurrent("a clock that jumps", async () => {
  using run = new RecordedRun();
  const started = run.start({ nodeArgs: jumpingClock });
  const { node } = await started.running();
  process.kill(node, "SIGKILL");
  await started.ended;
  expect(await run.left()).toEqual(nothing);
  const second = await run.start({ nodeArgs: jumpingClock }).ended;
  expect(second, second.stderr).toMatchObject({ digests: undisturbed.digests, descriptors: [] });
  expect(await run.left()).toEqual(nothing);
});
