import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { judgeSockets } from "../../../src/sandbox/doctor/socket-checks.ts";
import { uncountedSockets } from "../../../src/sandbox/linux/socket-memory.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-sockets-"));
afterAll(() => rmSync(folder, { recursive: true }));

const unified = { version: "cgroup-v2", folders: [folder] } as const;

test("version 2 counts sockets unless the kernel was told not to", () => {
  for (const words of ["", "quiet", "cgroup.memory=nokmem", "cgroup.memory_nosocket x=nosocket"])
    expect(uncountedSockets(unified, words), words).toBeUndefined();
  for (const words of ["quiet cgroup.memory=nosocket", "cgroup.memory=nokmem,nosocket ro"])
    expect(uncountedSockets(unified, words)?.detail, words).toContain("cgroup.memory=nosocket");
});

test("version 1 counts them where a group has a limit for them, whatever the kernel was told", () => {
  const divided = { version: "cgroup-v1", folders: [join(folder, "pids"), folder] } as const;
  expect(uncountedSockets(divided, "")?.detail).toContain("memory.kmem.tcp.limit_in_bytes");
  writeFileSync(join(folder, "memory.kmem.tcp.limit_in_bytes"), "0");
  expect(uncountedSockets(divided, "cgroup.memory=nosocket")).toBeUndefined();
});

test("doctor says that sandboxes with a network are refused, why, and what helps", () => {
  const uncounted = uncountedSockets(unified, "cgroup.memory=nosocket")!;
  expect(judgeSockets(uncounted)).toMatchObject({ ok: true, warning: true, fix: uncounted.fix });
  expect(judgeSockets(uncounted).detail).toMatch(/refused.*nosocket/);
  expect(judgeSockets(undefined)).toMatchObject({ ok: true, warning: false });
});
