import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { SameseedError } from "../base/error.ts";
import { findOnPath, type HostPython } from "./find-python.ts";
import { lastLines, runTool } from "./run-tool.ts";
import { writeRuntimeFiles, type RuntimeFiles } from "./runtime-files.ts";

/** Where the sealed world's library lies in an image. */
export const worldLibrary = "/opt/sameseed/libworld.so";
/** Where the library of the host's world lies in an image. */
export const hostLibrary = "/opt/sameseed/libhost.so";

/** What of the sealed world's code the host's world has, too. */
const inBothWorlds = [
  "locks/locks.c",
  "locks/numbers.c",
  "locks/table.c",
  "world/files/descriptors.c",
  "world/files/locking.c",
  "world/files/memory.c",
  "world/files/opens.c",
  "world/files/program.c",
  "world/network/messages.c",
  "world/process/elf.c",
];

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
  throw new SameseedError("tool_missing", `no C compiler was found (${names.join(", ")})`, {
    hint: "install one (on Debian and Ubuntu: apt-get install gcc libc6-dev)",
    context: { tool: "cc" },
  });
}

/**
 * Compiles what is native into the image: `native/zygote/` as the module `sameseed._zygote`, `native/world/` as
 * `libworld.so`, which stands in front of the C library in sealed sandboxes, and `native/host/` as `libhost.so`, which does in
 * the others; `native/locks/` is part of both.
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
  const sources = runtime.native.map((file) => file.name).filter((name) => name.endsWith(".c"));
  if (sources.length === 0) return;
  const program = findCompiler();
  if (!existsSync(join(python.include, "Python.h"))) {
    throw new SameseedError("tool_missing", `Python.h of ${python.executable} is not installed`, {
      hint: "install Python's development files (on Debian and Ubuntu: apt-get install python3-dev)",
      context: { tool: "Python.h", folder: python.include },
    });
  }
  const folder = join(root, "opt/sameseed/sameseed");
  mkdirSync(folder, { recursive: true });
  const cwd = join(workFolder, "native");
  writeRuntimeFiles(runtime.native, cwd);
  const compiler = new Compiler(program, cwd, python.include, signal);
  const isHost = (name: string): boolean => name.startsWith("host/");
  const isWorld = (name: string): boolean => name.startsWith("world/") || name.startsWith("locks/");
  const extension = sources.filter((name) => !isWorld(name) && !isHost(name));
  const world = sources.filter(isWorld);
  const host = world.length === 0 ? [] : [...sources.filter(isHost), ...inBothWorlds];
  await compiler.compile([...extension, ...world, ...host]);
  await compiler.link(join(folder, `_zygote${python.extensionSuffix}`), extension);
  if (world.length === 0) return;
  // First of all libraries, so that no library's own initialisation finds the machine's clock.
  await compiler.link(join(root, worldLibrary), world, ["-Wl,-z,initfirst"]);
  await compiler.link(join(root, hostLibrary), host);
}

/** Compiles files of one folder, as many at a time as there are processors, and links what came of them. */
class Compiler {
  readonly #program: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #signal: AbortSignal | undefined;

  constructor(program: string, folder: string, include: string, signal: AbortSignal | undefined) {
    this.#program = program;
    this.#folder = folder;
    this.#signal = signal;
    this.#flags = [
      "-O2",
      "-g0",
      "-std=gnu11",
      "-fPIC",
      "-fvisibility=hidden",
      "-I.",
      `-I${include}`,
      `-ffile-prefix-map=${folder}=native`,
      `-ffile-prefix-map=${include}=python`,
    ];
  }

  /** Makes an object beside each source; one that is named twice is compiled once. */
  async compile(sources: readonly string[]): Promise<void> {
    const left = [...new Set(sources)].values();
    const worker = async (): Promise<void> => {
      for (const source of left)
        await this.#run(source, [...this.#flags, "-c", "-o", objectOf(source), source]);
    };
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
  }

  async link(library: string, sources: readonly string[], more: readonly string[] = []): Promise<void> {
    const flags = ["-shared", "-s", "-Wl,--build-id=none", "-Wl,-z,relro,-z,now", ...more];
    await this.#run(basename(library), [...flags, "-o", library, ...sources.map(objectOf)]);
  }

  async #run(what: string, args: readonly string[]): Promise<void> {
    const run = await runTool(this.#program, args, { cwd: this.#folder, signal: this.#signal });
    if (run.exitCode === 0) return;
    throw new SameseedError("image_build_failed", `${what} could not be compiled`, {
      hint: "see the compiler's output; it needs a C compiler with the headers of the C library and the kernel (on Debian and Ubuntu: apt-get install gcc libc6-dev linux-libc-dev)",
      context: { compiler: this.#program, output: lastLines(run.stderr, 30) },
    });
  }
}

function objectOf(source: string): string {
  return source.replace(/\.c$/, ".o");
}
