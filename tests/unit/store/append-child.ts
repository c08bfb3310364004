// Appends rollouts in a process of its own, for tests that kill it, limit it or measure it.
// node append-child.ts MODE FOLDER COUNT: prints one JSON line for each thing that happened.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSameseedError } from "../../../src/base/error.ts";
import { RunReader } from "../../../src/store/run-reader.ts";
import { RunWriter } from "../../../src/store/run-writer.ts";
import { sampleExpected, sampleManifest, sampleRollout, sampleSpec } from "./sample-rollout.ts";

const [mode, folder = "", countText = "0"] = process.argv.slice(2);
const count = Number(countText);

function say(line: Readonly<Record<string, unknown>>): void {
  // Synchronous, so that what was acknowledged is said before the process can be killed.
  writeFileSync(1, `${JSON.stringify(line)}\n`);
}

/** Appends what is missing, eight at a time; the seeds that were acknowledged before the first failure. */
async function appendAll(writer: RunWriter): Promise<unknown> {
  const rest = sampleSpec(count)
    .seeds.filter((seed) => !writer.recorded.has(seed))
    .values();
  let failure: unknown;
  const worker = async (): Promise<void> => {
    for (const seed of rest) {
      try {
        await writer.append(sampleRollout(seed));
        say({ acknowledged: seed });
      } catch (error) {
        failure ??= error;
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return failure;
}

function sayFailure(error: unknown): void {
  say(isSameseedError(error) ? { failure: error.code, hint: error.hint } : { failure: String(error) });
}

async function appendUntilFull(): Promise<void> {
  const writer = await RunWriter.create(folder, sampleManifest(count));
  sayFailure(await appendAll(writer));
  await writer.close();
}

async function fillAndGoOn(): Promise<void> {
  const ballast = join(folder, "..", "ballast");
  writeFileSync(ballast, Buffer.alloc(256 * 1024));
  await appendUntilFull();
  rmSync(ballast);
  const writer = await RunWriter.resume(folder, sampleExpected(count));
  say({ resumed: [...writer.recorded] });
  const failure = await appendAll(writer);
  if (failure !== undefined) sayFailure(failure);
  await writer.close();
  using reader = await RunReader.open(folder, { checkAll: true });
  say({ recorded: reader.size });
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function measureHeap(): Promise<void> {
  const before = heapBytes();
  const writer = await RunWriter.create(folder, sampleManifest(count));
  const rest = sampleSpec(count).seeds.values();
  let peak = 0;
  const worker = async (): Promise<void> => {
    for (const seed of rest) {
      await writer.append(sampleRollout(seed));
      if (seed % 10_000 === 0) peak = Math.max(peak, heapBytes());
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  await writer.close();
  say({ writing: peak - before });
  using reader = await RunReader.open(folder, { checkAll: true });
  peak = 0;
  let rows = 0;
  for (const row of reader.rows()) if (++rows && row.seed % 10_000 === 0) peak = Math.max(peak, heapBytes());
  say({ reading: peak - before, rows });
}

const modes: Readonly<Record<string, () => Promise<void>>> = {
  resume: async () => {
    const writer = await RunWriter.resume(folder, sampleExpected(count), {
      syncEveryMs: 20,
      segmentBytes: 256 * 1024,
    });
    say({ resumed: writer.recorded.size });
    await appendAll(writer);
  },
  full: appendUntilFull,
  ballast: fillAndGoOn,
  heap: measureHeap,
};

await modes[mode ?? ""]?.();
