import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openScope } from "../../../src/sandbox/linux/open-groups.ts";

/* What systemd really does is tried on machines that have it (`npm run hosts`); here a program stands in its place. */

let folder: string;
const path = process.env["PATH"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-scope-"));
  process.env["PATH"] = `${folder}:${path}`;
});
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true, force: true });
});

function systemdRun(script: string): void {
  const file = join(folder, "systemd-run");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

test("what systemd answers is the reason", async () => {
  systemdRun("echo Access denied >&2; exit 1");
  expect(await openScope({ slice: "system.slice", limits: [] })).toEqual({
    reason: "systemd was asked for a scope: Access denied",
  });
});

test("without the program there are no groups, and nothing is thrown", async () => {
  process.env["PATH"] = folder;
  expect(await openScope({ slice: "system.slice", limits: [] })).toEqual({
    reason: expect.stringContaining("ENOENT"),
  });
});

test("a program that was put into no scope of that name is ended, and no group is touched", async () => {
  systemdRun(
    `echo $$ > ${folder}/pid; echo "$@" > ${folder}/words; while [ "$1" != /bin/sh ]; do shift; done; exec "$@"`,
  );
  const wanted = { slice: "batch.slice", limits: ["MemoryMax=1000", "TasksMax=30"] };
  expect(await openScope(wanted)).toEqual({ reason: expect.stringContaining("started a program in") });
  const words = readFileSync(join(folder, "words"), "utf8");
  expect(words).toMatch(
    /^--scope .*--slice=batch\.slice --property=Delegate=yes --property=MemoryMax=1000 --property=TasksMax=30 /,
  );
  const pid = readFileSync(join(folder, "pid"), "utf8").trim();
  await expect.poll(() => existsSync(`/proc/${pid}/cwd`)).toBe(false);
});
