import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { FirstBytes } from "../../base/kept-bytes.ts";
import { toError } from "../../base/error.ts";
import { ownGroup, type WantedScope } from "./cgroup-places.ts";
import { CgroupArea, type NoArea } from "./cgroups.ts";
import { scopeScript, startJanitor } from "./janitor.ts";
import { canListChildren, startTime } from "./processes.ts";

/** The control groups of this process, and the process that removes them when this one is gone. */
export interface OpenGroups {
  readonly area: CgroupArea;
  readonly janitor: ChildProcess;
}

/** How long systemd may take to make a scope, in ms. */
const scopeTimeoutMs = 30_000;
let nextScope = 0;

/** Opens control groups wherever this host lets us have some, or says why there are none. */
export async function openGroups(): Promise<OpenGroups | NoArea> {
  if (!canListChildren()) return { reason: "this kernel does not list a process's children" };
  const area = CgroupArea.open();
  if (area instanceof CgroupArea) return { area, janitor: startJanitor(area.folders) };
  return area.scope === undefined ? area : await openScope(area.scope);
}

/**
 * Asks systemd for a scope, which is delegated to us as a whole. A scope lives as long as a process is in it: that is the
 * janitor, so that this process stays where it was started and is stopped and counted with that. Every process that asks gets
 * a scope of its own, with the limits of its unit once more: N of them in one unit may use N + 1 times those.
 */
export async function openScope({ slice, limits }: WantedScope): Promise<OpenGroups | NoArea> {
  const unit = `sameseed-${process.pid}-${startTime(process.pid) ?? "0"}-${nextScope++}.scope`;
  const words = [
    "--scope",
    "--quiet",
    "--collect",
    `--unit=${unit}`,
    `--slice=${slice}`,
    "--property=Delegate=yes",
    ...limits.map((limit) => `--property=${limit}`),
  ];
  const janitor = spawn("systemd-run", [...words, "/bin/sh", "-c", scopeScript, "sameseed-janitor"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
  });
  try {
    await isInScope(janitor);
    const path = ownGroup(readFileSync(`/proc/${janitor.pid}/cgroup`, "latin1"), "") ?? "/";
    if (!path.endsWith(`/${unit}`)) throw new Error(`systemd-run started a program in ${path}`);
    const area = CgroupArea.below({ path: join("/sys/fs/cgroup", path), mayMove: true });
    janitor.stdin.write(`${area.folders[0]}\n`);
    for (const stream of [janitor, janitor.stdin, janitor.stdout, janitor.stderr] as { unref?: () => void }[])
      stream.unref?.();
    return { area, janitor };
  } catch (error) {
    janitor.kill("SIGKILL");
    return { reason: `systemd was asked for a scope: ${toError(error).message}` };
  }
}

/** Resolves when the program runs that a scope is made for. */
async function isInScope(janitor: ChildProcess): Promise<void> {
  const said = new FirstBytes(1000);
  janitor.stderr!.on("data", (data: Buffer) => said.push(data));
  janitor.stdin!.on("error", () => {}); // it is gone: its end says why
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it did not answer")), scopeTimeoutMs);
    const settle = (work: () => void): void => {
      clearTimeout(timer);
      work();
    };
    janitor.stdout!.once("data", () => settle(resolve));
    janitor.once("error", (error) => settle(() => reject(error)));
    janitor.once("close", (code) =>
      settle(() => reject(new Error(said.text.trim() || `systemd-run ended with ${code}`))),
    );
  });
}
