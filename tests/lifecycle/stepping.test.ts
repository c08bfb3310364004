import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";

import { alive, descendants } from "./left-behind.ts";

const program = join(import.meta.dirname, "stepping-program.ts");

it.each<[string, NodeJS.Signals | undefined]>([
  ["idle", undefined],
  ["throw", undefined],
  ["wait", "SIGKILL"],
  ["wait", "SIGTERM"],
])("open rollouts leave nothing behind a program that ends: %s, %s", async (ending, signal) => {
  const child = spawn(process.execPath, [program, ending], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  await once(child.stdout, "data");
  const below = descendants(child.pid!);
  if (signal !== undefined) {
    expect(below.length).toBeGreaterThan(5);
    child.kill(signal);
  }
  const [code, ended] = await exited;
  expect([code, ended]).toEqual(signal === undefined ? [ending === "throw" ? 1 : 0, null] : [null, signal]);
  // The kernel takes the rest down when its parent is gone; that is seen at once or a moment later.
  while (alive(below).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
});
