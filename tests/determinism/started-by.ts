import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

import { compileFixture } from "./world/native-program.ts";

/** What a script printed: one JSON object of texts. */
export interface Said {
  readonly [where: string]: string;
}

/**
 * Runs a script in a Node of its own, which a command of the caller's starts: what that gives to its children is what is tried.
 * The script finds the path of a compiled fixture as its first argument.
 */
export function startedWith(fixture: string, script: string): (...command: readonly string[]) => Said {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-started-"));
  const asks = join(folder, "asks");
  beforeAll(() => writeFileSync(asks, compileFixture(fixture, "-w")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (...command) => {
    const node = [process.execPath, "--input-type=module", "-e", script, asks];
    const [program, ...args] = [...command, ...node] as [string, ...string[]];
    return JSON.parse(execFileSync(program, args, { encoding: "utf8" })) as Said;
  };
}
