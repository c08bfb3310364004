import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { refuseAborted } from "../judge-place.ts";
import { callGraders, programGraders } from "./graders.ts";
import {
  type RedteamAttempt,
  type RedteamOptions,
  type RedteamReport,
  redteamPrograms,
  toAttempt,
  toReport,
} from "./run-redteam.ts";
import { redteamTasks } from "./tasks.ts";

const timeoutMs = 60_000;

/** How {@link redteamGrader} runs: one program after the other. */
export type RedteamGraderOptions = Omit<RedteamOptions, "concurrency">;

const optionNames: NamesOf<RedteamGraderOptions> = { signal: true, onAttempt: true };

/**
 * Tries the corpus on a grader of the caller's own: a shell command that is run once for each program, in a new folder with
 * `solution.py`, `test_solution.py`, `cases.json` and `task.json`, and whose last line of standard output is the score. It
 * runs as it always does, with the caller's rights: the programs of the corpus destroy nothing, but they do exit, print,
 * fork, and write files.
 * @throws `aborted`
 * @experimental
 */
export async function redteamGrader(
  command: string,
  options: RedteamGraderOptions = {},
): Promise<RedteamReport> {
  refuseUnknownOptions(options, optionNames, "redteamGrader");
  const { signal, onAttempt } = options;
  const programs = redteamPrograms(["call", "stdio"]);
  const attempts: RedteamAttempt[] = [];
  for (const program of programs) {
    refuseAborted(signal);
    const { kind, cheat } = program;
    const files = {
      ...(kind === "call"
        ? { "test_solution.py": callGraders("")["suite"]!.files["test_solution.py"]! }
        : {}),
      "cases.json": (kind === "call" ? callGraders("") : programGraders())["compare"]!.files["cases.json"]!,
      "task.json": `${JSON.stringify(redteamTasks[kind], undefined, 2)}\n`,
      "solution.py": cheat.code,
    };
    const score = await gradeInFolder(command, files, signal);
    attempts.push(toAttempt(program, score, score === null ? "no score" : String(score)));
    onAttempt?.(attempts.length, programs.length);
  }
  refuseAborted(signal);
  return toReport(programs, attempts);
}

/** The score that a command prints last; null where it fails or prints none. */
async function gradeInFolder(
  command: string,
  files: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-redteam-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const child = spawn("sh", ["-c", command], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      ...(signal === undefined ? {} : { signal }),
    });
    let tail = "";
    child.stdout.on("data", (data: Buffer) => (tail = (tail + data.toString()).slice(-4096)));
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve(code === 0 ? scoreOf(tail) : null));
    return await promise;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function scoreOf(text: string): number | null {
  const last = text.trim().split("\n").at(-1)?.trim() ?? "";
  const score = last === "" ? Number.NaN : Number(last);
  return Number.isFinite(score) ? score : null;
}
