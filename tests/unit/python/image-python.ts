import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { findBubblewrap } from "../../../src/image/find-bubblewrap.ts";
import { resolveImage } from "../../../src/image/image-store.ts";

const repository = join(import.meta.dirname, "..", "..", "..");

/** How a file of Python tests ended. */
export interface PythonTests {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What unittest said. */
  readonly report: string;
}

/**
 * Runs a file of `python/tests/` with the image's interpreter and packages, behind bubblewrap alone: such tests fork and
 * play the host themselves.
 * @throws where there is no bubblewrap
 */
export async function runPythonTests(
  file: string,
  timeoutMs: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<PythonTests> {
  const bubblewrap = await findBubblewrap();
  if (bubblewrap === undefined) throw new Error("there is no bubblewrap");
  const wall = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"];
  const { rootfs } = resolveImage("gymnasium");
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
    ...variables,
  };
  const set = Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]);
  const python = ["/opt/python/bin/python3", "-B", "-m", "unittest", "-v", file];
  const args = [...wall, ...image, ...own, ...set, "--chdir", "/tmp/python/tests", ...python];
  const { status, signal, stdout, stderr } = spawnSync(bubblewrap.path, args, {
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 1 << 26,
  });
  return { status, signal, report: `${stdout}${stderr}` };
}
