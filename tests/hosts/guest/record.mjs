// Records runs where the images lie, if this user may write there: one is killed on its way, resumed, and verified.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const seeds = 24;

function writable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return tmpdir();
  }
}

/** Runs until so many rollouts are told, then kills the process and nothing besides. */
async function killAfter(rollouts, args) {
  const run = spawn(process.execPath, args, { cwd: "/tmp", stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => void run.once("exit", (code, signal) => resolve(signal ?? code)));
  let told = 0;
  for await (const _ of createInterface({ input: run.stdout })) if (++told === rollouts) run.kill("SIGKILL");
  return await ended;
}

/** @param program the command line of the installed package */
export async function recordRuns({ program, image, home }) {
  const out = join(mkdtempSync(join(writable(home), "recorded-")), "run");
  const run = ["run", "CartPole-v1", "--image", image, "--seeds", `1..${seeds}`, "--out", out, "--ndjson"];
  const killed = await killAfter(4, [program, ...run, "--concurrency", "1"]);
  const say = (...words) =>
    spawnSync(process.execPath, [program, ...words], { cwd: "/tmp", encoding: "utf8", maxBuffer: 1 << 28 });
  const resumed = say(...run, "--resume");
  const verified = say("verify", out);
  const last = (text) => text.trim().split("\n").at(-1);
  return {
    ok: killed === "SIGKILL" && resumed.status === 0 && verified.status === 0,
    detail: `${killed}; resumed: exit ${resumed.status}; ${last(verified.stdout) || last(verified.stderr)}`,
    failed: [resumed, verified].filter(({ status }) => status !== 0).map(({ stderr }) => stderr.slice(-600)),
  };
}
