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

/** A program and its arguments. */
export interface Command {
  readonly path: string;
  readonly args: readonly string[];
}

/**
 * The command that starts the image's interpreter behind bubblewrap alone, with the repository's Python code, scripts and
 * the tests' files under `/tmp`.
 * @throws where there is no bubblewrap
 */
export async function imagePython(
  program: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Command> {
  const bubblewrap = await findBubblewrap();
  if (bubblewrap === undefined) throw new Error("there is no bubblewrap");
  const wall = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"];
  const { rootfs } = resolveImage("gymnasium");
  const image = ["--ro-bind", rootfs, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"];
  const own = ["python", "scripts", "tests/golden", "tests/fuzz"].flatMap((part) => [
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
  const python = ["--chdir", "/tmp/python/tests", "/opt/python/bin/python3", "-B", ...program];
  return { path: bubblewrap.path, args: [...wall, ...image, ...own, ...set, ...python] };
}

/**
 * Runs a file of `python/tests/` with the image's interpreter and packages: such tests fork and play the host themselves.
 * @throws where there is no bubblewrap
 */
export async function runPythonTests(
  file: string,
  timeoutMs: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<PythonTests> {
  const { path, args } = await imagePython(["-m", "unittest", "-v", file], variables);
  const { status, signal, stdout, stderr } = spawnSync(path, args, {
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 1 << 26,
  });
  return { status, signal, report: `${stdout}${stderr}` };
}
