// A fleet of three on one machine, whose store is on NFS. Each has a mount of its own that shares no cache with the others, as hosts
// of a cluster have; one is killed on its way. `/srv/store` is the folder, `/srv/shared` what the machine serves.
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const queue = "redis://127.0.0.1:6379";
const seeds = 160;
const mount = "mount -t nfs4 -o nosharecache,lookupcache=positive 127.0.0.1:/srv/shared /srv/store";

/** A command in a mount namespace of its own, in which the store is mounted. */
function asHost(words) {
  return ["--mount", "sh", "-c", `${mount} && exec "$0" "$@"`, process.execPath, ...words];
}

const exitOf = (child) =>
  new Promise((resolve) => void child.once("exit", (code, signal) => resolve(code ?? signal)));

function startWorker(program, name) {
  const words = [program, "worker", "--redis", queue, "--store", "/srv/store", "--host", name];
  const child = spawn("unshare", asHost(words), { stdio: ["ignore", "ignore", "pipe"] });
  const worker = { child, ended: exitOf(child), said: "" };
  child.stderr.on("data", (data) => (worker.said = (worker.said + data).slice(-600)));
  return worker;
}

/** Runs the seeds on the fleet; the first host is killed when some rollouts are recorded. */
async function runOnFleet(program, image, out, victim) {
  const words = ["run", "CartPole-v1", "--image", image, "--seeds", `1..${seeds}`, "--out", out, "--ndjson"];
  const run = spawn("unshare", asHost([program, ...words, "--fleet", queue]), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  run.stderr.on("data", (data) => (said = (said + data).slice(-2000)));
  const ended = exitOf(run);
  let told = 0;
  for await (const line of createInterface({ input: run.stdout })) {
    // The last line is about all of them.
    if ("seed" in JSON.parse(line) && ++told === 10) victim.kill("SIGKILL");
  }
  return { code: await ended, told, said };
}

/** @param program the command line of the installed package */
export async function runFleet({ program, image }) {
  const workers = ["one", "two", "three"].map((name) => startWorker(program, name));
  const say = (...words) => spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
  const folder = "/tmp/fleet";
  try {
    const onFleet = await runOnFleet(program, image, join(folder, "fleet"), workers[0].child);
    const names = ["run", "CartPole-v1", "--image", image, "--seeds", `1..${seeds}`];
    const alone = say(...names, "--out", join(folder, "alone"));
    const same = say("diff", join(folder, "fleet"), join(folder, "alone"), "--json");
    const again = spawnSync(
      "unshare",
      asHost([program, ...names, "--out", join(folder, "again"), "--fleet", queue]),
      { encoding: "utf8" },
    );
    const codes = [onFleet.code, alone.status, same.status, again.status];
    return {
      ok:
        codes.every((code) => code === 0) &&
        onFleet.told === seeds &&
        workers[0].child.signalCode === "SIGKILL",
      detail: `${onFleet.told} of ${seeds} rollouts, one of three hosts killed; exits ${codes.join(" ")} (fleet, alone, their difference, from the store)`,
      failed: [
        ...workers.map(({ said }) => said),
        onFleet.said,
        alone.stderr.slice(-300),
        same.stdout.slice(-300),
        again.stderr.slice(-300),
      ],
    };
  } finally {
    for (const { child } of workers) child.kill("SIGTERM");
    await Promise.all(workers.map(({ ended }) => ended));
  }
}
