import { execFile, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

import { resolveImage } from "../../src/image/image-store.ts";
import { installed } from "./installed.ts";

const root = resolve(import.meta.dirname, "../..");
/** The client's folder. */
export const clientFolder: string = join(root, "clients/python");
const run = promisify(execFile);

/** A Python of the default image's series, with its packages and the client's wheel. */
export interface ClientPython {
  /** Runs Python and gives what it wrote; fails where its status is not 0. */
  readonly run: (
    args: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>>; readonly input?: Uint8Array },
  ) => Promise<Buffer>;
}

/** Builds the wheel and finds the rest. */
export async function clientPython(): Promise<ClientPython> {
  const packages = installed("python-client");
  const { rootfs, manifest } = resolveImage("gymnasium");
  const series = manifest.python.split(".").slice(0, 2).join(".");
  const site = join(rootfs, "opt/python/lib", `python${series}`, "site-packages");
  const into = mkdtempSync(join(tmpdir(), "sameseed-wheel-"));
  const { stdout } = await run("python3", [join(clientFolder, "build.py"), into]);
  const path = [stdout.trim(), packages, site].join(":");
  return {
    run: async (args, { env = {}, input = Buffer.alloc(0) } = {}) =>
      await piped(`python${series}`, args, { PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: "1", ...env }, input),
  };
}

async function piped(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input: Uint8Array,
): Promise<Buffer> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: "pipe" });
  const parts: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  child.stdout.on("data", (data: Buffer) => parts.stdout.push(data));
  child.stderr.on("data", (data: Buffer) => parts.stderr.push(data));
  child.stdin.end(input);
  const code = await new Promise((done, failed) => child.on("close", done).on("error", failed));
  if (code !== 0)
    throw new Error(`${command} ended with ${String(code)}:\n${Buffer.concat(parts.stderr).toString()}`);
  return Buffer.concat(parts.stdout);
}
