/*
 * Theory of operation. A program whose files nobody fetches runs in a fork of the warm interpreter, which is some ten times
 * as fast as starting one: its sandbox is over with it. Output is read while the program runs, whatever its length.
 */
import { constants } from "node:os";

import { SameseedError } from "../../../base/error.ts";
import { entryOf } from "../../../model/cbor/value.ts";
import type { Limits } from "../../../model/limits.ts";
import type { WorldMode } from "../../../model/receipt.ts";
import { AnswerReader } from "../../../judge/answer-reader.ts";
import { planScript } from "../../../judge/judge-place.ts";
import { decoded, readTold, solutionKinds } from "../../../judge/test-run.ts";
import { openHost } from "../../../rollout/rollout-host.ts";
import type { SandboxEnd } from "../../../sandbox/contract.ts";
import { programFolder, requestFiles } from "./program-files.ts";
import type { CommandRunResult, RunCodeRequest } from "./schemas.ts";

const entry = "main.py";
const inputPath = "/tmp/judge/input";
/** Memory where a request sets no limit, in MiB. */
const defaultMemoryMb = 1024;
/** The most bytes of output of one program; it is ended above. */
export const outputBytesMost: number = 32 * 1024 * 1024;

/** Where a program runs. */
export interface ProgramPlace {
  /** The image's name. */
  readonly image: string;
  readonly world: WorldMode;
  readonly signal: AbortSignal;
}

/** A request's memory limit in MiB. */
export function memoryOf(memoryLimitMb: number): number {
  return memoryLimitMb > 0 ? memoryLimitMb : defaultMemoryMb;
}

/** A request's time-out in ms: at least one. */
export function timeOf(seconds: number): number {
  return Math.max(1, Math.round(seconds * 1000));
}

/**
 * Runs a Python program to its end.
 * @throws `aborted`, `bad_argument`, and what keeps the host from running it
 */
export async function runProgram(
  request: RunCodeRequest,
  { image, world, signal }: ProgramPlace,
): Promise<CommandRunResult> {
  const host = await openHost({ image, backend: "zygote", world });
  const wallMs = timeOf(request.run_timeout);
  const limits: Limits = {
    wallMs,
    // Threads may use several processors at the same time; the wall time is what the request limits.
    cpuMs: 4 * wallMs + 1000,
    memoryMb: memoryOf(request.memory_limit_MB),
    processes: 64,
    diskMb: 64,
    outputBytes: outputBytesMost,
  };
  const files = [
    ...requestFiles(request.files),
    { path: `${programFolder}/${entry}`, data: Buffer.from(request.code) },
    { path: inputPath, data: Buffer.from(request.stdin ?? "") },
  ];
  const script = {
    role: "solution",
    call: "solution.run_child",
    args: { entry, question: inputPath },
    files,
    limits,
    seed: 0,
  } as const;
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const reader = new AnswerReader(solutionKinds.ended);
  const [running] = await host.backend.start({
    members: [planScript({ host, signal }, script)],
    links: [],
    signal,
    onOutput: (_, channel, data) => {
      if (channel === "stream") reader.push(data);
      else output[channel].push(Buffer.from(data));
    },
  });
  const end = await running!.ended;
  if (signal.aborted) throw new SameseedError("aborted", "the client left while its program ran");
  if (end.cause === "killed") throw new SameseedError("sandbox_failed", "the program was ended from outside");
  const stdout = Buffer.concat(output.stdout).toString();
  const stderr = Buffer.concat(output.stderr).toString();
  const { answer } = reader;
  if (answer?.kind === solutionKinds.ended) {
    const ran = commandResult(end, stdout, stderr);
    return end.cause === "own" ? { ...ran, return_code: readStatus(answer.payload) } : ran;
  }
  if (answer?.kind !== solutionKinds.compile) return withoutWord(end, stdout, stderr);
  const told = readTold(answer.payload);
  return commandResult(end, stdout, `${stderr}${told.type}: ${told.message}\n`);
}

/** A status as Python's `subprocess` tells it: minus the number of the signal that ended the program. */
function readStatus(payload: Uint8Array): number {
  const value = decoded(payload);
  const status = value?.type === "map" ? entryOf(value.entries, "status") : undefined;
  if (status?.type === "int") return Number(status.value);
  throw new SameseedError("sandbox_failed", "a program's sandbox told no status");
}

/** The process that waits for the program is gone without a word: a status of 0 would say nothing of the program. */
function withoutWord(end: SandboxEnd, stdout: string, stderr: string): CommandRunResult {
  const result = commandResult(end, stdout, stderr);
  return result.return_code === 0 ? { ...result, return_code: -constants.signals.SIGKILL } : result;
}

/** How a sandbox's end is told: never as a success where it was ended. */
export function commandResult(
  { cause, exitCode, signal, wallMs }: Pick<SandboxEnd, "cause" | "exitCode" | "signal" | "wallMs">,
  stdout: string,
  stderr: string,
): CommandRunResult {
  const isLate = cause === "wall" || cause === "cpu";
  return {
    status: isLate ? "TimeLimitExceeded" : "Finished",
    execution_time: wallMs / 1000,
    return_code: isLate ? null : cause === "own" ? returnCode(exitCode, signal) : -constants.signals.SIGKILL,
    stdout,
    stderr,
  };
}

/** An exit status as Python's `subprocess` tells it. */
export function returnCode(exitCode: number | null, signal: string | null): number {
  if (exitCode !== null) return exitCode;
  return -(constants.signals[signal as NodeJS.Signals] ?? constants.signals.SIGKILL);
}
