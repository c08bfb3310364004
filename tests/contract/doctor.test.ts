import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { runDoctor } from "../../src/sandbox/doctor.ts";
import { checkReach } from "../../src/sandbox/doctor/tool-checks.ts";

test("the doctor tries everything, and finds this host able", async () => {
  const checks = await runDoctor();
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const names = checks.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of [
    "kernel",
    "user namespaces",
    "bubblewrap",
    "image",
    "outer wall",
    "sandbox",
    "limits",
    "addresses",
  ]) {
    expect(names).toContain(name);
  }
  for (const { warning, fix, name } of checks) {
    if (fix !== undefined) expect(warning, name).toBe(true);
  }
});

test("a missing image is named with its fix, and what needs it is not tried", async () => {
  const checks = await runDoctor({ image: "no-such-image" });
  const byName = new Map(checks.map((check) => [check.name, check]));
  expect(byName.get("image")).toMatchObject({ ok: false, fix: expect.stringContaining("sameseed image") });
  expect(byName.get("outer wall")?.ok).toBe(false);
  expect(byName.get("sandbox")?.detail).toContain("not tried");
});

test("a bubblewrap that is none is named", async () => {
  const before = process.env["SAMESEED_BWRAP"];
  process.env["SAMESEED_BWRAP"] = "/bin/false";
  try {
    const check = (await runDoctor()).find(({ name }) => name === "bubblewrap");
    expect(check).toMatchObject({ ok: false, fix: expect.stringContaining("SAMESEED_BWRAP") });
  } finally {
    if (before === undefined) delete process.env["SAMESEED_BWRAP"];
    else process.env["SAMESEED_BWRAP"] = before;
  }
});

test("a folder that the sandboxes' id cannot enter is named with its fix", () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-reach-"));
  const rootfs = join(folder, "rootfs");
  mkdirSync(rootfs, { mode: 0o755 });
  try {
    expect(checkReach(rootfs, true)).toMatchObject({
      ok: false,
      fix: expect.stringContaining(`chmod o+x ${folder}`),
    });
    expect(checkReach(rootfs, false).ok).toBe(true);
    chmodSync(folder, 0o755);
    expect(checkReach(rootfs, true).ok).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
