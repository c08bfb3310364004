/*
 * A program that records a run: `node recording-program.ts FOLDER OPTIONS`, with the options of `recordRun` as JSON. It
 * says each thing that happens as one line of JSON: `{recorded: SEED}` when a rollout is safe, and at the end
 * `{digests, descriptors}` or `{failure: CODE}`. With `throws` among the options it throws where nobody catches it.
 */
import { readdirSync, readlinkSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError } from "../../src/base/error.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { recordRun, type RecordRunConfig } from "../../src/store/record-run.ts";
import { RunReader } from "../../src/store/run-reader.ts";

const [, , dir = "", text = "{}"] = process.argv;
const { throws, ...options } = JSON.parse(text) as RecordRunConfig & { readonly throws?: true };

/** Synchronous, so that what was recorded is said before this process can be killed. */
function say(line: Readonly<Record<string, unknown>>): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** What this process has open, such as `socket`; without `/dev/null`, which libuv keeps in reserve with its first stream. */
function openDescriptors(): string[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`).replace(/:\[\d+\]$/, "");
      return target === "/dev/null" ? [] : [target];
    } catch {
      return []; // the folder itself, which is closed by now
    }
  });
}

/** What is open now and was not, once what is being closed has had its time. */
async function moreDescriptors(before: readonly string[]): Promise<string[]> {
  for (let look = 0; ; look++) {
    const more = openDescriptors();
    for (const each of before) {
      const at = more.indexOf(each);
      if (at >= 0) more.splice(at, 1);
    }
    if (more.length === 0 || look === 40) return more;
    await sleep(50);
  }
}

async function record(): Promise<void> {
  const before = openDescriptors();
  await recordRun({
    ...options,
    dir,
    resume: true,
    onRollout: ({ seed }) => {
      say({ recorded: seed });
      if (throws === true)
        setImmediate(() => {
          throw new Error("thrown on purpose");
        });
    },
  });
  await closeSandboxes();
  using reader = await RunReader.open(dir, { checkAll: true });
  const digests = [...reader.rows()].map(({ seed, outcome, digest }) => [seed, outcome, digest]);
  reader.close();
  say({ digests, descriptors: await moreDescriptors(before) });
}

try {
  await record();
} catch (error) {
  say(isSameseedError(error) ? { failure: error.code, message: error.message } : { failure: String(error) });
  process.exitCode = 1;
  await closeSandboxes();
}
