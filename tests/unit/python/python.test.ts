/*
 * Runs the Python package's own tests with the image's interpreter and packages: what runs in a sandbox is what is
 * tested. They fork and play the host themselves, so they run behind bubblewrap alone, without Sameseed's wall.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { findBubblewrap } from "../../../src/image/find-bubblewrap.ts";
import { resolveImage } from "../../../src/image/image-store.ts";

const repository = join(import.meta.dirname, "..", "..", "..");
const testFiles = readdirSync(join(repository, "python", "tests")).filter((name) =>
  /^test_\w+\.py$/.test(name),
);
const bubblewrap = await findBubblewrap();
const { rootfs } = resolveImage("gymnasium");

it("there are tests", () => {
  expect(testFiles.length).toBeGreaterThanOrEqual(5);
  expect(bubblewrap).toBeDefined();
});

it.for(testFiles)("%s", { timeout: 120_000 }, (file) => {
  const wall = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"];
  const image = ["--ro-bind", rootfs, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"];
  const own = ["python", "scripts", "tests/golden"].flatMap((part) => [
    "--ro-bind",
    join(repository, part),
    `/tmp/${part}`,
  ]);
  const environment = {
    PYTHONPATH: "/tmp/python:/tmp/python/tests",
    HOME: "/tmp",
    LANG: "C.UTF-8",
    PYTHONHASHSEED: "0",
  };
  const variables = Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]);
  const python = [
    "--chdir",
    "/tmp/python/tests",
    "/opt/python/bin/python3",
    "-B",
    "-m",
    "unittest",
    "-v",
    file,
  ];
  const args = [...wall, ...image, ...own, ...variables, ...python];
  const { status, signal, stdout, stderr } = spawnSync(bubblewrap!.path, args, {
    encoding: "utf8",
    timeout: 110_000,
    maxBuffer: 1 << 26,
  });
  const report = `${stdout}${stderr}`;
  expect(status, `${file} ended with ${signal ?? status}\n${report.slice(-8000)}`).toBe(0);
  // A file that defines no test would pass as well.
  expect(Number(/^Ran (\d+) tests?/m.exec(report)?.[1] ?? 0), report.slice(-2000)).toBeGreaterThan(0);
});
