import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

import { countMarked, eventually, sleepMarker } from "../../src/testing/contract-check.ts";
import { alive, descendants, groupFolders, mounts, newMounts } from "./left-behind.ts";

/*
 * However a program that uses sandboxes ends, nothing of them is left a few seconds later: no process, no control group,
 * no mount.
 */

const program = fileURLToPath(new URL("host-program.ts", import.meta.url));

interface Ending {
  readonly name: string;
  /** What the program does when everything runs; `hang` waits for its end. */
  readonly does: "hang" | "idle" | "throw" | "exit";
  readonly signal?: NodeJS.Signals;
  readonly kind?: "cold";
  /** Its exit code, or the signal it ends by. */
  readonly expected: number | NodeJS.Signals;
}

const endings: readonly Ending[] = [
  { name: "SIGKILL", does: "hang", signal: "SIGKILL", expected: "SIGKILL" },
  {
    name: "SIGKILL, with sandboxes started cold",
    does: "hang",
    signal: "SIGKILL",
    kind: "cold",
    expected: "SIGKILL",
  },
  { name: "SIGTERM", does: "hang", signal: "SIGTERM", expected: "SIGTERM" },
  { name: "SIGINT", does: "hang", signal: "SIGINT", expected: "SIGINT" },
  { name: "SIGHUP", does: "hang", signal: "SIGHUP", expected: "SIGHUP" },
  { name: "an error nobody catches", does: "throw", expected: 1 },
  { name: "process.exit", does: "exit", expected: 0 },
  { name: "its own end, with a sandbox still open", does: "idle", expected: 0 },
  { name: "its own end, with a sandbox started cold still open", does: "idle", kind: "cold", expected: 0 },
];

test.for(endings)("nothing is left after $name", async ({ does, signal, kind, expected }) => {
  const marker = sleepMarker();
  const before = mounts();
  const child = spawn(process.execPath, [program, does, marker, kind ?? "zygote"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL")); // where a check fails before its end
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const exited = once(child, "exit");
  const [first] = (await Promise.race([once(child.stdout, "data"), exited])) as unknown[];
  expect(String(first), said).toContain("ready");
  const below = descendants(child.pid!);
  if (does === "hang") {
    // The program itself has the marker too.
    expect(await eventually(() => countMarked(marker) === 3)).toBe(true);
    expect(alive(below).length).toBeGreaterThan(3);
  }
  if (signal !== undefined) child.kill(signal);
  const [code, endedBy] = (await exited) as [number | null, NodeJS.Signals | null];
  expect(code ?? endedBy, said).toBe(expected);
  const isClean = (): boolean =>
    countMarked(marker) === 0 && alive(below).length === 0 && groupFolders([child.pid!]).length === 0;
  await eventually(isClean, 5_000);
  expect({
    marked: countMarked(marker),
    processes: alive(below),
    groups: groupFolders([child.pid!]),
    mounts: newMounts(before),
  }).toEqual({ marked: 0, processes: [], groups: [], mounts: [] });
});
