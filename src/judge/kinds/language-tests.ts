import { startOfText } from "../../base/cut-text.ts";
import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { Limits } from "../../model/limits.ts";
import type { Language, StdioTask, StdioTest } from "../../model/score.ts";
import type { SandboxBackend, SandboxEnd } from "../../sandbox/contract.ts";
import { Sandbox } from "../../sandbox/sandbox.ts";
import type { CommandResult } from "../../sandbox/command-types.ts";
import { AnswerReader } from "../answer-reader.ts";
import { type JudgePlace, refuseAborted, type Watched } from "../judge-place.ts";
import type { PreparedTask, Solution, TestRun } from "../test-run.ts";
import { checkStdioTests, judgeOutput, KeptOutput } from "./stdio-tests.ts";
import { BadTask } from "./ask-judge.ts";

const folder = "/tmp/solution";
const compileMs = 60_000;
const tailMost = 4096;
const messageMost = 500;

/**
 * Makes the tests of a `stdio` task that another language than the image's Python solves: each test in a fresh open sandbox.
 * @throws {BadTask}; what starting a sandbox throws
 */
export async function prepareLanguageTests(
  task: StdioTask,
  language: Language,
  limits: Limits,
  place: JudgePlace,
): Promise<PreparedTask> {
  checkStdioTests(task);
  await checkPrograms(language, limits, place);
  const tests = task.tests.map((test, at) => ({
    name: test.name ?? String(at + 1),
    weight: test.weight ?? 1,
    run: async (solution: Solution) => await runOne({ task, language, test, limits, place }, solution),
  }));
  return { tests, assurance: "full" };
}

/** Looks for the programs before any solution is there: what is missing is the task's fault, not a solution's. */
async function checkPrograms({ compile, run }: Language, limits: Limits, place: JudgePlace): Promise<void> {
  await using sandbox = await openSandbox(limits, place);
  for (const [program] of [...(compile === undefined ? [] : [compile]), run]) {
    // What lies beside the solution is made by it.
    if (program === undefined || program.startsWith(".") || program.startsWith(folder)) continue;
    const found = await sandbox.run("sh", { args: ["-c", 'command -v -- "$1"', "sh", program] });
    if (found.exitCode !== 0)
      throw new BadTask(
        `the image has no ${program}; add it to an image and name that as the task's \`image\`, or use a program that \`sameseed exec -- ls /usr/bin /bin\` shows`,
      );
  }
}

async function openSandbox(
  limits: Limits,
  { host, signal }: JudgePlace,
  { backend = host.backend, compiles = false } = {},
): Promise<Sandbox> {
  const more = compiles ? compileMs : 0;
  return await Sandbox.createOn(backend, {
    world: host.receipt.world.mode,
    timeoutMs: limits.wallMs + compileMs,
    // Without a step that compiles, the sandbox's own limit is the program's: in the sealed world nothing inside tells the
    // time that it really took.
    cpuMs: limits.cpuMs + more,
    memoryMb: limits.memoryMb,
    processes: limits.processes,
    diskMb: limits.diskMb,
    outputBytes: Math.min(limits.outputBytes, 2 ** 31),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** A backend whose next sandbox's end is kept: what it used is counted from outside. */
function watchEnd(backend: SandboxBackend): {
  readonly backend: SandboxBackend;
  readonly ended: Promise<SandboxEnd>;
} {
  const { promise, resolve } = Promise.withResolvers<SandboxEnd>();
  return {
    backend: {
      name: backend.name,
      receipt: async () => await backend.receipt(),
      close: async () => await backend.close(),
      start: async (plan) => {
        const running = await backend.start(plan);
        void running[0]?.ended.then(resolve);
        return running;
      },
    },
    ended: promise,
  };
}

interface LanguageTest {
  readonly task: StdioTask;
  readonly language: Language;
  readonly test: StdioTest;
  readonly limits: Limits;
  readonly place: JudgePlace;
}

async function runOne(request: LanguageTest, solution: Solution): Promise<TestRun> {
  const { backend, ended } = watchEnd(request.place.host.backend);
  const run = await runInside(request, solution, backend);
  const { cpuMs, wallMs, peakMemoryBytes } = await ended;
  const watched = run.solution;
  if (watched === undefined) return run;
  return { ...run, solution: { ...watched, end: { ...watched.end, cpuMs, wallMs, peakMemoryBytes } } };
}

async function runInside(
  { task, language, test, limits, place }: LanguageTest,
  solution: Solution,
  backend: SandboxBackend,
): Promise<TestRun> {
  await using sandbox = await openSandbox(limits, place, {
    backend,
    compiles: language.compile !== undefined,
  });
  const misplaced = await writeFiles(sandbox, solution);
  if (misplaced !== undefined) return { verdict: "runtime_error", message: misplaced };
  if (language.compile !== undefined) {
    const [program = "", ...args] = language.compile;
    const built = await sandbox.run(program, { args, cwd: folder, timeoutMs: compileMs });
    if (built.exitCode !== 0)
      return {
        verdict: "compile_error",
        message: built.stderrText.trim().slice(0, tailMost) || `the compiler exited with ${built.exitCode}`,
        solution: watchedOf(built),
      };
  }
  const [program = "", ...args] = language.run;
  const output = new KeptOutput(test.output);
  const ran = await sandbox.run(program, {
    args,
    cwd: folder,
    input: test.input,
    timeoutMs: limits.wallMs,
    onStdout: (data) => output.push(data),
  });
  refuseAborted(place.signal);
  const watched = watchedOf(ran);
  const failure = failureOf(ran, limits, watched);
  return failure ?? (await judgeOutput(task, test, place, output.bytes, watched));
}

/** Puts a solution's files into its sandbox. Returns why that cannot be done: the names and the sizes are the solution's. */
async function writeFiles(sandbox: Sandbox, { files }: Solution): Promise<string | undefined> {
  try {
    for (const { path, data } of files) await sandbox.files.write(path, data);
    return undefined;
  } catch (error) {
    if (!isSameseedError(error) || error.code !== "sandbox_file") throw error;
    return `a file of the solution cannot be written: ${startOfText(error.message, messageMost)}`;
  }
}

function failureOf(ran: CommandResult, limits: Limits, solution: Watched): TestRun | undefined {
  if (ran.startError !== null)
    return {
      verdict: "runtime_error",
      message: `the program cannot be started: ${ran.startError.message}`,
      solution,
    };
  if (ran.outputTruncated)
    return { verdict: "output_limit", message: "the solution wrote more than it may", solution };
  if (ran.cpuMs >= limits.cpuMs || ran.sandboxEnded === "cpu")
    return { verdict: "time_limit_cpu", message: "the solution used up its CPU time", solution };
  if (ran.memoryExceeded)
    return { verdict: "memory_limit", message: "the solution used up its memory", solution };
  if (ran.timedOut)
    return { verdict: "time_limit_idle", message: "the solution used up its wall time", solution };
  if (ran.sandboxEnded === "killed")
    throw new SameseedError("sandbox_failed", "the solution's sandbox was ended from outside");
  if (ran.exitCode === 0) return undefined;
  const how = ran.signal === null ? `exited with status ${ran.exitCode}` : `was ended by ${ran.signal}`;
  const last = ran.stderrText.trim().split("\n").at(-1) ?? "";
  return {
    verdict: "runtime_error",
    message: `the solution ${how}${last === "" ? "" : `: ${last}`}`,
    solution,
  };
}

/** A command's end as a sandbox's: it is all that ran in it. */
function watchedOf(ran: CommandResult): Watched {
  const end: SandboxEnd = {
    cause: "own",
    exitCode: ran.exitCode,
    signal: ran.signal,
    cpuMs: ran.cpuMs,
    wallMs: ran.wallMs,
    peakMemoryBytes: ran.peakMemoryBytes,
    processLimitHit: undefined,
    oomKills: undefined,
  };
  return {
    end,
    reader: new AnswerReader(0),
    stdoutTail: ran.stdout.subarray(-tailMost).toString(),
    stderrTail: ran.stderrText.slice(-tailMost),
    startMs: 0,
  };
}
