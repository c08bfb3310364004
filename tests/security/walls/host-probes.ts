import { spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

import { childPids } from "../../../src/sandbox/linux/processes.ts";
import type { RunningSandbox } from "../../../src/sandbox/contract.ts";
import { eventually, runScript, startScript } from "../../../src/testing/contract-check.ts";
import { alive, descendants } from "../../lifecycle/left-behind.ts";
import type { MutatedWall } from "./mutated-wall.ts";
import { numberHere } from "./program-probes.ts";
import { probeSource, readAnswer, staySource, type Finding, type Probe } from "./probe.ts";

/** The key of the segments, in decimal as the kernel lists it. */
const segmentKey = "1396788549";

/** A sandbox that stays while something is done, and what its first process is called on this host. */
async function whileOneStays(
  wall: MutatedWall,
  act: (pid: number, running: RunningSandbox) => Promise<Finding>,
): Promise<Finding> {
  const running = await startScript(wall, staySource);
  const slots = childPids(wall.zygote.pid!);
  const pid = slots.flatMap((slot) => childPids(slot))[0];
  try {
    return pid === undefined ? { through: false, seen: "no sandbox stays" } : await act(pid, running);
  } finally {
    running.kill();
    await running.ended.catch(() => {});
  }
}

function held(seen: string): Finding {
  return { through: false, seen };
}

/** Signals its process group; through where a sandbox beside it dies of that. */
export const signalGroup: Probe = {
  name: "signal_group",
  run: async (wall) => {
    const victim = await startScript(wall, staySource);
    let isOver = false;
    victim.ended.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    const attack = await runScript(wall, probeSource("signal_group")).catch(() => undefined);
    const died = await eventually(() => isOver, 300);
    victim.kill();
    await victim.ended.catch(() => {});
    const seen = attack === undefined ? undefined : readAnswer(attack.stdout)?.seen;
    return {
      through: died,
      seen: `${seen ?? "the attacker died too"}; its neighbour ${died ? "died" : "lives"}`,
    };
  },
};

/** Kills a slot; through where its sandbox lives on. */
export const killSlot: Probe = {
  name: "slot killed",
  run: async (wall) =>
    whileOneStays(wall, async (pid) => {
      const slot = Number(statusOf(pid, "PPid"));
      const named = descendants(slot);
      process.kill(slot, "SIGKILL");
      const gone = await eventually(() => alive(named).length === 0, 1_000);
      for (const left of alive(named)) process.kill(left, "SIGKILL");
      return { through: !gone, seen: gone ? "its sandbox ended" : "its sandbox lives on" };
    }),
};

/** Kills the zygote while its slots are stopped; through where they are left. */
export const killZygote: Probe = {
  name: "zygote killed, slots stopped",
  run: async (wall) => {
    await runScript(wall, "pass");
    const zygote = zygoteOf(wall);
    const named = descendants(zygote);
    for (const { pid } of named) process.kill(pid, "SIGSTOP");
    process.kill(zygote, "SIGKILL");
    const gone = await eventually(() => alive(named).length === 0, 1_000);
    for (const left of alive(named)) process.kill(left, "SIGKILL");
    // Whoever goes on with this wall asks it for room, which it has until it hears of the death.
    await eventually(() => !wall.zygote.alive, 5_000);
    return { through: !gone, seen: gone ? "its slots ended" : "its slots are left" };
  },
};

/** Asks under which id a sandbox runs on this host. */
export const hostIdentity: Probe = {
  name: "id on the host",
  run: async (wall) =>
    whileOneStays(wall, async (pid) => {
      const ids = statusOf(pid, "Uid");
      return { through: /^0\b/.test(ids), seen: `id ${ids.split(/\s+/)[0]}` };
    }),
};

/** Asks under which ids two sandboxes run that run at one time; through where it is one. */
export const ownId: Probe = {
  name: "ids of two sandboxes",
  run: async (wall) =>
    whileOneStays(
      wall,
      async (first) =>
        await whileOneStays(wall, async () => {
          const slots = childPids(wall.zygote.pid!);
          const all = slots.flatMap((slot) => childPids(slot)).map((pid) => statusOf(pid, "Uid"));
          const isShared = new Set(all).size < all.length;
          return {
            through: isShared,
            seen: isShared ? `both ${statusOf(first, "Uid").split(/\s/)[0]}` : "two",
          };
        }),
    ),
};

/** Asks whether a sandbox is the first to be ended when memory runs out. */
export const oomScore: Probe = {
  name: "oom_score_adj",
  run: async (wall) =>
    whileOneStays(wall, async (pid) => {
      const score = readFileSync(`/proc/${pid}/oom_score_adj`, "latin1").trim();
      return { through: score !== "1000", seen: `oom_score_adj ${score}` };
    }),
};

/** Asks whether a sandbox has a namespace of one kind that its slot has not. */
export function ownNamespace(kind: "ipc" | "uts" | "pid" | "mnt" | "user"): Probe {
  return {
    name: `own ${kind} namespace`,
    run: async (wall) =>
      whileOneStays(wall, async (pid) => {
        const slot = Number(statusOf(pid, "PPid"));
        const [its, slots] = [pid, slot].map((each) => readlinkSync(`/proc/${each}/ns/${kind}`));
        return { through: its === slots, seen: its === slots ? "its slot's" : "its own" };
      }),
  };
}

/** Asks whether the zygote has a namespace of one kind that the host has not. */
export function outerNamespace(kind: "ipc" | "uts" | "pid" | "net" | "cgroup" | "user"): Probe {
  return {
    name: `outer ${kind} namespace`,
    run: async (wall) => {
      const [its, hosts] = [wall.zygote.pid!, process.pid].map((each) =>
        readlinkSync(`/proc/${each}/ns/${kind}`),
      );
      return its === hosts ? { through: true, seen: "the host's" } : held("its own");
    },
  };
}

/** Asks whether a sandbox has a network namespace that its siblings in other slots have not, nor the host. */
export const slotNetwork: Probe = {
  name: "own net namespace",
  run: async (wall) =>
    whileOneStays(wall, async (pid) => {
      const [its, zygotes] = [pid, wall.zygote.pid!].map((each) => readlinkSync(`/proc/${each}/ns/net`));
      return { through: its === zygotes, seen: its === zygotes ? "its siblings'" : "its slot's own" };
    }),
};

/** Asks whether mounts of a sandbox pass to others or come from them. */
export const propagation: Probe = {
  name: "mount propagation",
  run: async (wall) =>
    whileOneStays(wall, async (pid) => {
      const tags = readFileSync(`/proc/${pid}/mountinfo`, "latin1").match(/\b(shared|master):\d+/g) ?? [];
      return { through: tags.length > 0, seen: tags.length > 0 ? tags.join(" ") : "private" };
    }),
};

/** Asks whether the zygote leads a session of its own, away from this program's terminal. */
export const ownSession: Probe = {
  name: "own session",
  run: async (wall) => {
    const [its, ours] = [wall.zygote.pid!, process.pid].map(sessionOf);
    return { through: its === ours, seen: its === ours ? "this program's" : "its own" };
  },
};

/** Connects to an abstract socket of this host. */
export const hostSocket: Probe = {
  name: "host_socket",
  run: async (wall) => {
    const name = `sameseed-probe-${process.pid}`;
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
    try {
      const { stdout, stderr } = await runScript(wall, probeSource("host_socket", { name }));
      return readAnswer(stdout) ?? held(stderr);
    } finally {
      server.close();
    }
  },
};

/** Makes a System V segment; through where this host sees it. */
export const hostSegment: Probe = {
  name: "System V segment, seen by the host",
  run: async (wall) => {
    const segment = runScript(wall, probeSource("make_segment", { number: numberHere("shmget") }));
    const through = await eventually(
      () => readFileSync("/proc/sysvipc/shm", "latin1").includes(segmentKey),
      300,
    );
    const { stdout } = await segment;
    return { through, seen: `${stdout.trim()}; the host ${through ? "sees" : "does not see"} it` };
  },
};

/** Makes a System V segment; through where a sibling finds it. */
export const siblingSegment: Probe = {
  name: "System V segment, seen by a sibling",
  run: async (wall) => {
    const segment = runScript(wall, probeSource("make_segment", { number: numberHere("shmget") }));
    const { stdout } = await runScript(wall, probeSource("find_segment", { number: numberHere("shmget") }));
    await segment;
    return readAnswer(stdout) ?? held(stdout);
  },
};

/** Leaves a file in one sandbox and looks for it in the next. */
export function leftover(folder: "/tmp" | "/dev/shm"): Probe {
  return {
    name: `leftover in ${folder}`,
    run: async (wall) => {
      await runScript(wall, `open("${folder}/left", "w").close()`);
      const { stdout } = await runScript(wall, `import os\nprint(os.listdir("${folder}"))`);
      return { through: stdout.includes("left"), seen: stdout.trim() };
    },
  };
}

/** Sets a flag on descriptor 0 in one sandbox and looks for it in the next. */
export const sharedNull: Probe = {
  name: "flags of descriptor 0",
  run: async (wall) => {
    const look = "import fcntl, os\nprint(bool(fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK))";
    await runScript(wall, "import fcntl, os\nfcntl.fcntl(0, fcntl.F_SETFL, os.O_RDWR | os.O_NONBLOCK)");
    const { stdout } = await runScript(wall, look);
    return { through: stdout.trim() === "True", seen: stdout.trim() };
  },
};

const launches = `
const [launcher, user] = process.argv.slice(1);
const id = user === "" ? {} : { uid: Number(user), gid: Number(user) };
require("node:child_process").spawn(launcher, { stdio: ["ignore", "ignore", "ignore", "pipe"], env: {}, ...id });
setInterval(() => {}, 1000);`;

/** Kills the program that started an outer wall while everything inside is stopped; through where anything is left. */
export const killHost: Probe = {
  name: "host killed, zygote stopped",
  run: async (wall) => {
    const args = ["-e", launches, wall.launcher, String(wall.user ?? "")];
    const host = spawn(process.execPath, args, { stdio: "ignore" });
    await eventually(() => descendants(host.pid!).length >= 3);
    const named = descendants(host.pid!);
    for (const { pid } of named) process.kill(pid, "SIGSTOP");
    host.kill("SIGKILL");
    const gone = await eventually(() => alive(named).length === 0, 2_000);
    for (const left of alive(named)) process.kill(left, "SIGKILL");
    return { through: !gone, seen: gone ? `${named.length} processes ended` : "a zygote is left" };
  },
};

/** The zygote's process id, also where it has no process of bubblewrap's own above it. */
function zygoteOf(wall: MutatedWall): number {
  const walls = childPids(process.pid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("--die-with-parent"),
  );
  return wall.zygote.pid ?? childPids(walls.at(-1)!)[0]!;
}

function statusOf(pid: number, name: string): string {
  const line = new RegExp(`^${name}:\\s+(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return line?.[1] ?? "";
}

function sessionOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[3]!;
}
