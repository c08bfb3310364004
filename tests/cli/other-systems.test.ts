/* Where there is no Linux the package can be installed, and says in one sentence what to do. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, expect, it } from "vitest";

import { Workplace } from "./sameseed.ts";

const root = resolve(import.meta.dirname, "../..");
const work = new Workplace();
afterAll(() => work[Symbol.dispose]());

/** Runs the command line on this host, told that it is another system. */
function sameseedOn(platform: string, ...words: string[]): { code: number | null; said: string } {
  const pretend = work.path("pretend.cjs");
  writeFileSync(pretend, `Object.defineProperty(process, "platform", { value: "${platform}" });\n`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--require", pretend, join(root, "bin/sameseed.js"), ...words],
    {
      encoding: "utf8",
      cwd: work.folder,
      env: { PATH: process.env["PATH"], SAMESEED_HOME: work.path("empty") },
    },
  );
  return { code: status, said: stdout + stderr };
}

it.each([
  ["darwin", "podman run"],
  ["win32", "WSL 2"],
])("on %s every command that makes an image or a sandbox says where to run it", (platform, way) => {
  for (const words of [
    ["run", "CartPole-v1"],
    ["setup"],
    ["image", "build", "mine", "--packages", "gymnasium"],
    ["doctor"],
  ]) {
    const { code, said } = sameseedOn(platform, ...words);
    expect(code, said).toBe(3);
    expect(said).toContain(`sandboxes need Linux; this is ${platform}`);
    expect(said).toContain(way);
    expect(said).not.toMatch(/\n\s+at /);
  }
});

it("help and version work there", () => {
  expect(sameseedOn("darwin", "--version").code).toBe(0);
  expect(sameseedOn("darwin", "run", "--help").code).toBe(0);
});

it("no system is refused when the package is installed", () => {
  const { os, cpu, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    string,
    object | undefined
  >;
  expect([os, cpu]).toEqual([undefined, undefined]);
  expect(Object.keys(scripts!).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
});
