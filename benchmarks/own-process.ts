import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program of this folder in a process of its own, and gives what it wrote as JSON. */
export async function inOwnProcess(program: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(process.execPath, [new URL(program, import.meta.url).pathname, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
  return JSON.parse(said) as unknown;
}
