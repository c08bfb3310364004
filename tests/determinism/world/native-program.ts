import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findCompiler } from "../../../src/image/compile-native.ts";
import { runPython, type Said, type SealedOptions } from "./sealed-python.ts";

const nativeFolder = join(import.meta.dirname, "../../../native");

/** Compiles a program of the fixtures with this machine's compiler. */
export function compileFixture(source: string, ...options: readonly string[]): Uint8Array {
  return compileWith(findCompiler(), source, ...options);
}

/** Compiles a program of the fixtures with a compiler of the caller's choice. */
export function compileWith(compiler: string, source: string, ...options: readonly string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-world-"));
  try {
    const program = join(folder, "program");
    execFileSync(compiler, ["-O1", ...options, "-o", program, join(import.meta.dirname, "fixtures", source)]);
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a fixture that is built with a part of `native/` and shows that part alone; returns what it prints.
 * @param headers folders of the fixtures that stand for headers which the part does not need
 */
export function runPart(source: string, ...headers: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-part-"));
  try {
    const program = join(folder, "program");
    const folders = [nativeFolder, ...headers.map((own) => join(import.meta.dirname, "fixtures", own))];
    const includes = folders.map((own) => `-I${own}`);
    writeFileSync(program, compileFixture(source, "-std=gnu11", ...includes), { mode: 0o755 });
    return execFileSync(program, { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program of its own in a sandbox, started by Python. */
export async function runProgram(program: Uint8Array, options: SealedOptions = {}): Promise<Said> {
  const start =
    "import os, subprocess, sys\nos.chmod('/tmp/program', 0o755)\nsys.stdout.flush()\n" +
    "sys.exit(subprocess.run(['/tmp/program'], env={}).returncode)";
  return await runPython(start, { ...options, files: { "/tmp/program": program } });
}
