import { SameseedError } from "../base/error.ts";
import { pythonLayout } from "./copy-interpreter.ts";
import type { HostPython } from "./find-python.ts";
import { lastLines, runTool } from "./run-tool.ts";
import { builderProgram } from "./runtime-files.ts";

/**
 * Writes bytecode for every Python file of the image, the same bytes for the same sources.
 * The standard library and the rest are compiled by two processes; which files each gets never varies.
 *
 * @throws {SameseedError} `image_build_failed`, `aborted`.
 */
export async function compileBytecode(python: HostPython, root: string, signal?: AbortSignal): Promise<void> {
  const { stdlib, sitePackages } = pythonLayout(python);
  const compile = async (args: readonly string[]): Promise<void> => {
    const run = await runTool(python.executable, ["-S", "-s", builderProgram("compile_tree.py"), ...args], {
      cwd: root,
      env: { LC_ALL: "C.UTF-8", PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1" },
      signal,
    });
    if (run.exitCode === 0) return;
    throw new SameseedError("image_build_failed", "the image's Python files could not be compiled", {
      context: { output: lastLines(run.stderr) },
    });
  };
  await Promise.all([compile([stdlib, "--except", sitePackages]), compile([sitePackages, "opt/sameseed"])]);
}
