import * as z from "zod";

import { isSameseedError } from "../../../base/error.ts";
import type { CommandResult } from "../../../sandbox/command-types.ts";
import { Sandbox } from "../../../sandbox/sandbox.ts";
import type { ProgramLanguage } from "./languages.ts";
import { programFolder, programPath, requestFiles } from "./program-files.ts";
import { memoryOf, outputBytesMost, type ProgramPlace, returnCode, timeOf } from "./run-program.ts";
import { type CommandRunResult, endedWell, type RunCodeRequest, type RunJupyterRequest } from "./schemas.ts";

const notebookPath = "/tmp/.cells.json";
const notebookOutput = "/tmp/.cells-output.json";
/** The most bytes of fetched files together. */
const fetchedMost = 64 * 1024 * 1024;

/** What a request that fetches files gets. */
export interface SandboxRun {
  /** Null where the program could not be made. */
  readonly result: CommandRunResult | null;
  readonly files: Readonly<Record<string, string>>;
}

/** What cells gave, and how the interpreter that ran them ended. */
export interface CellsRun {
  readonly result: CommandRunResult;
  readonly files: Readonly<Record<string, string>>;
  readonly cells: readonly CellResult[];
}

/** What one cell gave. */
export interface CellResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly display: readonly unknown[];
  readonly error: readonly unknown[];
}

const cellsSchema: z.ZodType<readonly CellResult[]> = z.array(
  z.object({
    stdout: z.string(),
    stderr: z.string(),
    display: z.array(z.unknown()),
    error: z.array(z.unknown()),
  }),
);

/** Runs a program in a sandbox that stays until its files are fetched. @throws as `Sandbox.create` */
export async function runAndFetch(
  request: RunCodeRequest,
  { file, compile, run }: ProgramLanguage,
  place: ProgramPlace,
): Promise<SandboxRun & { readonly compiled: CommandRunResult | null }> {
  const wallMs = timeOf(request.run_timeout);
  const compileMs = compile === undefined ? 0 : timeOf(request.compile_timeout);
  await using sandbox = await openSandbox(request.memory_limit_MB, wallMs + compileMs, place);
  for (const { path, data } of requestFiles(request.files)) await sandbox.files.write(path, data);
  await sandbox.files.write(`${programFolder}/${file}`, request.code);
  let compiled: CommandRunResult | null = null;
  if (compile !== undefined) {
    const [compiler = "", ...args] = compile;
    const how = { args, cwd: programFolder, timeoutMs: compileMs, signal: place.signal };
    compiled = resultOf(await sandbox.run(compiler, how));
    if (!endedWell(compiled)) return { compiled, result: null, files: {} };
  }
  const [program = "", ...first] = run;
  const ended = await sandbox.run(program, {
    args: [...first, ...request.args],
    cwd: programFolder,
    input: request.stdin ?? "",
    timeoutMs: wallMs,
    signal: place.signal,
  });
  const files = await fetchFiles(sandbox, request.fetch_files, ended);
  return { compiled, result: resultOf(ended), files };
}

/** Runs cells one after the other in one interpreter. @throws as `Sandbox.create` */
export async function runCells(request: RunJupyterRequest, place: ProgramPlace): Promise<CellsRun> {
  const wallMs = timeOf(request.total_timeout);
  await using sandbox = await openSandbox(request.memory_limit_MB, wallMs, place);
  for (const { path, data } of requestFiles(request.files)) await sandbox.files.write(path, data);
  await sandbox.files.write(`${programFolder}/.keep`, "");
  const notebook = { cells: request.cells, cellTimeout: request.cell_timeout, output: notebookOutput };
  await sandbox.files.write(notebookPath, JSON.stringify(notebook));
  const ended = await sandbox.run("python3", {
    args: ["-m", "sameseed.judge.cells", notebookPath],
    cwd: programFolder,
    timeoutMs: wallMs,
    signal: place.signal,
  });
  const told = resultOf(ended);
  const result = ended.signal === "SIGALRM" ? { ...told, status: "TimeLimitExceeded" as const } : told;
  if (result.status !== "Finished" || result.return_code !== 0) return { result, cells: [], files: {} };
  const cells = readCells(await readOr(sandbox, notebookOutput, fetchedMost));
  if (cells === undefined) return { result: { ...result, status: "Error" }, cells: [], files: {} };
  return { result, cells, files: await fetchFiles(sandbox, request.fetch_files, ended) };
}

async function openSandbox(memoryMb: number, wallMs: number, place: ProgramPlace): Promise<Sandbox> {
  return await Sandbox.create({
    image: place.image,
    world: place.world,
    // The command's own time is what the request limits; its files are written and fetched beside it.
    timeoutMs: wallMs + 30_000,
    cpuMs: 4 * wallMs + 30_000,
    memoryMb: memoryOf(memoryMb),
    outputBytes: outputBytesMost,
    signal: place.signal,
  });
}

function resultOf(ended: CommandResult): CommandRunResult {
  const { timedOut, exitCode, signal, wallMs, stdoutText, stderrText } = ended;
  const wasEnded = ended.outputTruncated || ended.sandboxEnded !== null;
  return {
    status: timedOut ? "TimeLimitExceeded" : "Finished",
    execution_time: wallMs / 1000,
    return_code: timedOut ? null : wasEnded && exitCode === 0 ? -9 : returnCode(exitCode, signal),
    stdout: stdoutText,
    stderr: stderrText,
  };
}

/** The files that are there, by the names with which they were asked for. A file that is not there is left out. */
async function fetchFiles(
  sandbox: Sandbox,
  names: readonly string[],
  { sandboxEnded }: CommandResult,
): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  if (sandboxEnded !== null) return files;
  let room = fetchedMost;
  for (const name of names) {
    const data = await readOr(sandbox, programPath(name), room);
    if (data === undefined) continue;
    room -= data.length;
    files[name] = data.toString("base64");
  }
  return files;
}

/** A file's bytes; undefined where it is not there, or has more than there is room for. */
async function readOr(sandbox: Sandbox, path: string, maxBytes: number): Promise<Buffer | undefined> {
  try {
    return await sandbox.files.read(path, { maxBytes });
  } catch (error) {
    if (isSameseedError(error) && error.code === "sandbox_file") return undefined;
    throw error;
  }
}

/** What the cells gave; undefined where they left the interpreter before it was written, or wrote something else. */
function readCells(data: Buffer | undefined): readonly CellResult[] | undefined {
  if (data === undefined) return undefined;
  try {
    return cellsSchema.parse(JSON.parse(data.toString()));
  } catch {
    return undefined;
  }
}
