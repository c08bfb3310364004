import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { isSameseedError } from "../../src/base/error.ts";
import { Catalogue } from "../../src/store/catalogue.ts";
import { RowTable } from "../../src/store/row-table.ts";
import { RunReader } from "../../src/store/run-reader.ts";
import { RunWriter } from "../../src/store/run-writer.ts";
import { segmentHeaderBytes, segmentKey } from "../../src/store/segment-format.ts";
import { scanEntries, syncedUpTo } from "../../src/store/segment-scan.ts";
import { sampleExpected, sampleManifest, sampleRollout, sampleSpec } from "../unit/store/sample-rollout.ts";
import { mustHold, type FuzzTarget } from "./fuzz-target.ts";
import type { SeededNumbers } from "./mutate-bytes.ts";

/* A run folder that comes from elsewhere, or from a disk that lies. */

const rollouts = 6;
const runId = sampleManifest(rollouts).runId;
/** What a run folder may be told to be at fault with; anything else would be a defect. */
const folderCodes = ["run_damaged", "run_missing", "run_differs", "run_locked", "io_failed", "bad_argument"];

/** A right run folder, whose policy is a source text so that there is an input, and which a killed writer has left. */
async function makeRun(folder: string): Promise<void> {
  const policy = { kind: "source", name: "p.py", source: "def act(o, rng): return 0\n" } as const;
  const manifest = sampleManifest(rollouts, { ...sampleSpec(rollouts), seats: [{ seat: "agent", policy }] });
  const writer = await RunWriter.create(folder, manifest, { segmentBytes: 8192 });
  for (let seed = 0; seed < rollouts - 1; seed++) await writer.append(sampleRollout(seed));
  const lock = readFileSync(join(folder, "lock"));
  await writer.close();
  writeFileSync(join(folder, "lock"), lock.toString().replace(/"pid":\d+/, '"pid":4194304'));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** Targets on files; {@link FuzzTarget.close} removes them. */
export async function makeFolderTargets(): Promise<readonly FuzzTarget[]> {
  const root = mkdtempSync(join(tmpdir(), "sameseed-fuzz-"));
  await makeRun(join(root, "right"));
  const close = (): void => rmSync(root, { recursive: true, force: true });
  return [runFolder(root, close), segment(root), catalogue(root)];
}

function runFolder(root: string, close: () => void): FuzzTarget {
  const right = join(root, "right");
  const folder = join(root, "broken");
  const files = filesIn(right);
  const contents = files.map((file) => readFileSync(join(right, file)));
  let damaged: readonly string[] = files;
  cpSync(right, folder, { recursive: true });
  return {
    name: "run folder",
    examples: contents,
    cost: 200,
    close,
    check: async (bytes, numbers) => {
      for (const file of damaged) put(folder, file, contents[files.indexOf(file)]!);
      const file = numbers.oneOf(files);
      damage(join(folder, file), bytes, contents[files.indexOf(file)]!, numbers);
      damaged = [file];
      await readRun(folder, numbers);
      if (numbers.below(3) > 0) return;
      await goOnWithRun(folder);
      // Going on writes anywhere.
      rmSync(folder, { recursive: true });
      cpSync(right, folder, { recursive: true });
    },
  };
}

function put(folder: string, file: string, content: Buffer): void {
  const path = join(folder, file);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Mostly other bytes; sometimes no file, or none at all. */
function damage(path: string, bytes: Buffer, content: Buffer, numbers: SeededNumbers): void {
  const kind = numbers.below(20);
  if (kind > 2) {
    // Half of the time it is this very file that was changed and not another one's content.
    const own = numbers.below(2) === 0;
    const cut = Buffer.concat([
      content.subarray(0, numbers.below(content.length + 1)),
      bytes.subarray(0, 40),
    ]);
    writeFileSync(path, own ? cut : bytes);
    return;
  }
  rmSync(path);
  if (kind === 1) mkdirSync(path);
  if (kind === 2) symlinkSync("/dev/zero", path);
}

async function readRun(folder: string, numbers: SeededNumbers): Promise<void> {
  await expectCodes(async () => {
    using reader = await RunReader.open(folder, { checkAll: numbers.below(2) === 0 });
    for (let seed = 0; seed < rollouts; seed++) {
      await expectCodes(() => {
        if (!reader.has(seed)) return;
        mustHold(reader.row(seed).digest === sampleRollout(seed).summary.digest, "a wrong row");
        mustHold(reader.trajectory(seed).equals(sampleRollout(seed).trajectory), "a wrong trajectory");
      });
    }
    await expectCodes(() => void reader.statistics());
  });
}

async function goOnWithRun(folder: string): Promise<void> {
  await expectCodes(async () => {
    const writer = await RunWriter.resume(folder, {
      ...sampleExpected(rollouts),
      spec: {
        ...sampleSpec(rollouts),
        seats: [
          { seat: "agent", policy: { kind: "source", name: "p.py", source: "def act(o, rng): return 0\n" } },
        ],
      },
    });
    try {
      for (let seed = 0; seed < rollouts; seed++) await writer.append(sampleRollout(seed));
    } finally {
      await writer.close();
    }
    using reader = await RunReader.open(folder);
    mustHold(reader.size === rollouts, "a run that was gone on with is not whole");
  });
}

/** Runs what may find that the folder is not right. */
async function expectCodes(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isSameseedError(error) || !folderCodes.includes(error.code)) throw error;
  }
}

function segment(root: string): FuzzTarget {
  const path = join(root, "segment");
  const right = readFileSync(join(root, "right", "segments", "000001.seg"));
  const key = segmentKey(runId, 1);
  const entriesOf = (): string[] => {
    const file = openSync(path, "r");
    try {
      const view = { file, key, bytes: readFileSync(path).length };
      syncedUpTo(view, segmentHeaderBytes);
      return [...scanEntries(view, segmentHeaderBytes)].map(
        ({ offset, kind, payload }) => `${offset} ${kind} ${payload.toString("hex")}`,
      );
    } finally {
      closeSync(file);
    }
  };
  writeFileSync(path, right);
  const known = entriesOf();
  return {
    name: "segment reader",
    examples: [right],
    cost: 10,
    check: (bytes) => {
      writeFileSync(path, bytes);
      const found = entriesOf();
      mustHold(
        found.every((entry, at) => entry === known[at]),
        "an entry that was never written",
      );
    },
  };
}

function catalogue(root: string): FuzzTarget {
  const path = join(root, "catalogue.sqlite");
  const right = readFileSync(join(root, "right", "catalogue.sqlite"));
  return {
    name: "catalogue",
    examples: [right],
    cost: 40,
    check: (bytes) => {
      writeFileSync(path, bytes);
      const table = RowTable.ofCatalogue(path, runId);
      const opened = Catalogue.open(path, runId);
      for (const index of [table, ...(opened === undefined ? [] : [opened])]) {
        const rows = [...index.rows()];
        mustHold(rows.length === index.size && rows.length <= rollouts, "rows that were never written");
      }
      [...table.sharedPlay()].forEach(({ seeds }) => mustHold(seeds.length > 1, "a group of one"));
      opened?.close();
    },
  };
}
