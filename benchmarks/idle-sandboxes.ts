import { readFileSync } from "node:fs";

import { defaultLimits } from "../src/model/limits.ts";
import type { RunningSandbox } from "../src/sandbox/contract.ts";
import { childPids } from "../src/sandbox/linux/processes.ts";
import type { ZygoteBackend } from "../src/sandbox/zygote/backend.ts";

/** What waits in a sandbox once its Python has done something and said so. */
export interface IdleSandbox {
  readonly sandbox: RunningSandbox;
  /** From the call to the first byte that its Python wrote. */
  readonly readyMs: number;
}

/** Runs Python source in a sandbox, which then says so and sleeps. */
export async function startIdle(
  backend: ZygoteBackend,
  source: string,
  memoryMb: number = defaultLimits.memoryMb,
): Promise<IdleSandbox> {
  const calledAt = performance.now();
  const ready = Promise.withResolvers<number>();
  const [sandbox] = await backend.start({
    members: [
      {
        job: {
          entry: "script",
          name: "idle.py",
          source: `${source}\nimport os, time\nos.write(3, b"x")\ntime.sleep(600)\n`,
          files: [],
          env: {},
        },
        limits: { ...defaultLimits, wallMs: 600_000, memoryMb },
      },
    ],
    links: [],
    onOutput: (_member, channel) => {
      if (channel === "stream") ready.resolve(performance.now() - calledAt);
    },
  });
  void sandbox!.ended.then(() => ready.reject(new Error("the sandbox ended without a byte")), ready.reject);
  return { sandbox: sandbox!, readyMs: await ready.promise };
}

/** The first processes of all slots, and of the sandboxes in them. */
export function runningPids(backend: ZygoteBackend): {
  readonly slots: readonly number[];
  readonly sandboxes: readonly number[];
} {
  const slots = backend.zygotePids.flatMap(childPids);
  return { slots, sandboxes: slots.flatMap(childPids) };
}

/** Private memory of a process in MiB: what would come back if it ended. */
export function privateMebibytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
  return (kibibytes("Private_Clean") + kibibytes("Private_Dirty")) / 1024;
}

/** Page tables of a process in MiB; private too, and not in `smaps_rollup`. */
export function pageTableMebibytes(pid: number): number {
  return statusMebibytes(pid, "VmPTE");
}

/** Memory of a process in MiB that lies in the machine's, shared or not. */
export function residentMebibytes(pid: number): number {
  return statusMebibytes(pid, "VmRSS");
}

function statusMebibytes(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) / 1024;
}
