// Theory of operation. A lock is a file that is linked into place complete, so its holder can always be read.
// The holder is a process, named by pid and start time (a pid alone is reused). When that process is gone the
// lock is stale. Removing a stale lock must not remove a fresh one that another contender has just put in its
// place, so it is done under a second lock of the same kind, after looking again: whoever removes the file at
// `lock` holds `lock.takeover`, and holders of that only ever remove a lock that they have seen to be stale.

import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import * as z from "zod";
import { SameseedError, systemErrorCode } from "../base/error.ts";
import { pidNamespace, startTimeOf } from "../base/process-identity.ts";
import { readRegular } from "./run-folder.ts";
import { runDamaged, storeError } from "./store-error.ts";

const holderSchema = z.strictObject({
  pid: z.int().min(1),
  /** The process's start time in clock ticks since boot, as `/proc/PID/stat` has it. */
  startTime: z.string().max(32),
  host: z.string().max(300),
  /** Which boot of the host. */
  boot: z.string().max(100),
  /** Which pid namespace the number is of. */
  pidNamespace: z.string().max(100),
  nonce: z.string().max(64),
});

type Holder = z.infer<typeof holderSchema>;

/** How often a takeover may itself have been cut short by a crash before a person is asked. */
const maxTakeoverDepth = 3;

/** The right to write to a run folder. */
export interface RunLock {
  /** Gives the right back; the second call does nothing. */
  release(): void;
}

/**
 * Takes the lock at `path`, or takes it over from a process that has ended.
 * @throws SameseedError `run_locked` while another writer is alive.
 */
export function acquireRunLock(path: string): RunLock {
  return acquire(path, 0);
}

function acquire(path: string, depth: number): RunLock {
  const mine = describeThisProcess();
  const temporary = `${path}.${mine.nonce}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(mine)}\n`, { flag: "wx" });
  } catch (error) {
    throw storeError(error, "locking", path);
  }
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (linkNew(temporary, path)) return held(path, mine);
      const holder = readHolder(path);
      if (holder === undefined) continue;
      if (depth >= maxTakeoverDepth || mayBeAlive(holder)) throw locked(path, holder);
      removeStale(path, holder, depth);
    }
    throw new SameseedError("run_locked", `other processes keep locking ${path}`, { hint: "try again" });
  } finally {
    unlinkSync(temporary);
  }
}

function linkNew(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw storeError(error, "locking", to);
  }
}

function held(path: string, mine: Holder): RunLock {
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      if (readHolder(path)?.nonce === mine.nonce) unlinkSync(path);
    },
  };
}

function removeStale(path: string, stale: Holder, depth: number): void {
  const takeover = acquire(`${path}.takeover`, depth + 1);
  try {
    if (readHolder(path)?.nonce === stale.nonce) unlinkSync(path);
  } finally {
    takeover.release();
  }
}

function readHolder(path: string): Holder | undefined {
  let text: string;
  try {
    text = readRegular(path, 4096).toString();
  } catch (error) {
    if (error instanceof SameseedError && error.context["systemCode"] === "ENOENT") return undefined;
    throw error;
  }
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    const error = runDamaged(path, "it does not say which process holds it");
    throw new SameseedError("run_locked", error.message, {
      context: error.context,
      hint: `remove ${path} if no other process is writing to this run`,
    });
  }
}

function describeThisProcess(): Holder {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? "unknown",
    host: hostname(),
    boot: readText("/proc/sys/kernel/random/boot_id") ?? "unknown",
    pidNamespace: pidNamespace() ?? "unknown",
    nonce: randomBytes(8).toString("hex"),
  };
}

/** Only what this process can see to have ended has ended: another host's or container's processes may be alive. */
function mayBeAlive(holder: Holder): boolean {
  const here = describeThisProcess();
  if (holder.host !== here.host) return true;
  if (holder.boot !== here.boot) return false;
  if (holder.pidNamespace !== here.pidNamespace) return true;
  return startTimeOf(holder.pid) === holder.startTime;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function locked(path: string, holder: Holder): SameseedError {
  return new SameseedError(
    "run_locked",
    `process ${holder.pid} on ${holder.host} is writing to this run (${path})`,
    {
      context: { path, pid: holder.pid, host: holder.host },
      hint: `wait for it to end; if it ran on a host or in a container that no longer exists, remove ${path}`,
    },
  );
}
