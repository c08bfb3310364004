// `npm run fuzz -- [--cases N] [--target NAME] [--first N]`: gives broken bytes to everything that takes bytes from outside,
// and hostile policies to the judges of games.
// Exits with 1 where anything crashes, hangs, takes memory without bound or gives a wrong answer, and says by which case;
// `--target NAME --first N --cases 1` runs that case alone.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import { casesFor, makeTargets } from "../tests/fuzz/all-targets.ts";
import { runCase } from "../tests/fuzz/fuzz-target.ts";
import { closeSandboxes } from "../src/sandbox/sandbox-host.ts";
import { judgeCases } from "../tests/fuzz/verdicts/verdict-cases.ts";
import { runPythonTests } from "../tests/unit/python/image-python.ts";

/** What one worker does. */
interface Share {
  readonly target: string;
  readonly first: number;
  readonly cases: number;
  /** The case that runs. */
  readonly at: Int32Array;
}

/** No case takes more than some ms; one that takes this long hangs. */
const hangMs = 30_000;
const heapMbMost = 512;
const pythonTarget = "Python decoder";
const verdictTarget = "policy verdicts";

async function work({ target: name, first, cases, at }: Share): Promise<void> {
  const targets = await makeTargets();
  const failures: string[] = [];
  const target = targets.find((each) => each.name === name)!;
  for (let number = first; number < first + cases && failures.length < 5; number++) {
    Atomics.store(at, 0, number);
    await runCase(target, number).catch((error: unknown) => failures.push(String(error)));
  }
  for (const { close } of targets) close?.();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort!.postMessage(failures);
}

/** Runs one target in a thread of its own; what went wrong, as sentences. */
async function runShare(share: Omit<Share, "at">): Promise<string[]> {
  const at = new Int32Array(new SharedArrayBuffer(4));
  at[0] = -1;
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...share, at },
    resourceLimits: { maxOldGenerationSizeMb: heapMbMost },
  });
  const result = Promise.withResolvers<string[]>();
  const here = (): string => `${share.target}, case ${Atomics.load(at, 0)}`;
  worker.on("message", (failures: string[]) => result.resolve(failures));
  worker.on("error", (error) => result.resolve([`${here()} ended its thread: ${String(error)}`]));
  worker.on("exit", () => result.resolve([`${here()} ended its thread`]));
  let seen = Number.NaN;
  const watch = setInterval(() => {
    const now = Atomics.load(at, 0);
    if (now === seen) result.resolve([`${here()} takes more than ${hangMs} ms`]);
    seen = now;
  }, hangMs);
  const failures = await result.promise;
  clearInterval(watch);
  await worker.terminate();
  return failures;
}

async function runPython(cases: number): Promise<string[]> {
  const variables = { SAMESEED_FUZZ_CASES: String(cases) };
  const { status, report } = await runPythonTests("test_fuzz_decode.py", 3_600_000, variables);
  return status === 0 ? [] : [`${pythonTarget}: ${report.slice(-2000)}`];
}

async function runVerdicts({ first, cases }: Omit<Share, "at">): Promise<string[]> {
  try {
    return await judgeCases(Array.from({ length: cases }, (_, at) => first + at));
  } finally {
    await closeSandboxes();
  }
}

function wholeNumber(option: string, text: string, smallest: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= smallest && value < 2 ** 31) return value;
  throw new RangeError(`${option}: ${text} is not a whole number from ${smallest}`);
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      cases: { type: "string", default: "100000" },
      first: { type: "string", default: "0" },
      target: { type: "string" },
    },
  });
  const cases = wholeNumber("--cases", values.cases, 1);
  const first = wholeNumber("--first", values.first, 0);
  const targets = await makeTargets();
  for (const { close } of targets) close?.();
  const shares = targets.map((each) => ({
    target: each.name,
    first,
    cases: values.target === undefined ? casesFor(each, targets, cases) : cases,
  }));
  shares.push({
    target: pythonTarget,
    first: 0,
    cases: values.target === undefined ? Math.ceil(cases / 5) : cases,
  });
  shares.push({
    target: verdictTarget,
    first,
    cases: values.target === undefined ? Math.ceil(cases / 1000) : cases,
  });
  const chosen = shares.filter(({ target }) => values.target === undefined || target === values.target);
  if (chosen.length === 0)
    throw new RangeError(`--target: one of ${shares.map(({ target }) => target).join(", ")}`);
  return await runAll(chosen);
}

async function runTarget(share: Omit<Share, "at">): Promise<string[]> {
  if (share.target === pythonTarget) return await runPython(share.cases);
  return share.target === verdictTarget ? await runVerdicts(share) : await runShare(share);
}

async function runAll(shares: readonly Omit<Share, "at">[]): Promise<number> {
  let done = 0;
  let failed = 0;
  const rest = shares.values();
  const thread = async (): Promise<void> => {
    for (const share of rest) {
      const began = performance.now();
      const failures = await runTarget(share);
      done += share.cases;
      failed += failures.length;
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      process.stdout.write(
        `${share.target}: ${share.cases} cases in ${seconds} s, ${failures.length} failed\n`,
      );
      for (const failure of failures) process.stdout.write(`  ${failure}\n`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, thread));
  process.stdout.write(`${done} cases, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

if (isMainThread) process.exitCode = await main(process.argv.slice(2));
else await work(workerData as Share);
