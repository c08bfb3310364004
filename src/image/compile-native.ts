import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SameseedError } from "../base/error.ts";
import { findOnPath, type HostPython } from "./find-python.ts";
import { lastLines } from "./install-wheels.ts";
import { runTool } from "./run-tool.ts";
import { writeRuntimeFiles, type RuntimeFiles } from "./runtime-files.ts";

/**
 * The C compiler: `CC`, else `cc`, `gcc` or `clang` on PATH.
 *
 * @throws {SameseedError} `tool_missing` with the fix.
 */
export function findCompiler(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env["CC"];
  const names = chosen === undefined || chosen === "" ? ["cc", "gcc", "clang"] : [chosen];
  for (const name of names) {
    const path = findOnPath(name, env["PATH"]);
    if (path !== undefined) return path;
  }
  throw new SameseedError("tool_missing", `No C compiler was found (${names.join(", ")}).`, {
    hint: "Install one (on Debian and Ubuntu: apt-get install gcc libc6-dev).",
    context: { tool: "cc" },
  });
}

/**
 * Compiles the native extension into the image: all of `native/*.c` as the module `sameseed._zygote`.
 * No path, time or build id of this machine gets into the bytes.
 *
 * @throws {SameseedError} `tool_missing` without a compiler or Python's headers, `image_build_failed` with
 * the compiler's own words.
 */
export async function compileNative(
  python: HostPython,
  runtime: RuntimeFiles,
  root: string,
  workFolder: string,
  signal?: AbortSignal,
): Promise<void> {
  const sources = runtime.native.filter((file) => file.name.endsWith(".c"));
  if (sources.length === 0) return;
  const compiler = findCompiler();
  if (!existsSync(join(python.include, "Python.h"))) {
    throw new SameseedError("tool_missing", `Python.h of ${python.executable} is not installed.`, {
      hint: "Install Python's development files (on Debian and Ubuntu: apt-get install python3-dev).",
      context: { tool: "Python.h", folder: python.include },
    });
  }
  const folder = join(root, "opt/sameseed/sameseed");
  mkdirSync(folder, { recursive: true });
  const sourceFolder = join(workFolder, "native");
  writeRuntimeFiles(runtime.native, sourceFolder);
  const output = ["-shared", "-s", "-o", join(folder, `_zygote${python.extensionSuffix}`)];
  const code = ["-O2", "-g0", "-std=gnu11", "-fPIC", "-fvisibility=hidden", `-I${python.include}`];
  const anonymous = [
    `-ffile-prefix-map=${sourceFolder}=native`,
    `-ffile-prefix-map=${python.include}=python`,
    "-Wl,--build-id=none",
    "-Wl,-z,relro,-z,now",
  ];
  const names = sources.map((file) => file.name);
  const args = [...code, ...anonymous, ...output, ...names];
  const run = await runTool(compiler, args, { cwd: sourceFolder, signal });
  if (run.exitCode === 0) return;
  throw new SameseedError("image_build_failed", "The native extension could not be compiled.", {
    hint: "The compiler's output says why; a C compiler with the C library's and the kernel's headers is needed (on Debian and Ubuntu: apt-get install gcc libc6-dev linux-libc-dev).",
    context: { compiler, output: lastLines(run.stderr, 30) },
  });
}
