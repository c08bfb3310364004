import { existsSync, statSync } from "node:fs";

import { SameseedError } from "../base/error.ts";
import { countSegments, runPaths, segmentPath } from "../store/run-folder.ts";
import { RunReader } from "../store/run-reader.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import { framesOf } from "../trajectory/trajectory-blob.ts";
import { decodeEnd, decodeVolatile } from "../trajectory/records.ts";
import { chainOf, type TrajectoryChain } from "../trajectory/trajectory-chain.ts";
import type { EndSummary, VolatileInfo } from "../model/trajectory.ts";
import { keptTrajectory } from "../verify/kept-verdict.ts";
import { recordedChain } from "../verify/recorded-run.ts";
import { otherSuffix } from "./documents.ts";
import { KnownEntries } from "./known-entries.ts";
import { Kinship } from "./kinship.ts";
import type { Library, Recording } from "./library.ts";

/** A rollout with its records, ready to be read from any step on. */
export interface LoadedRollout {
  readonly recording: Recording;
  readonly key: number;
  /** The key as a document's path has it: with its suffix where these are the other bytes of a verification. */
  readonly name: string;
  readonly isOther: boolean;
  /** The row; of the other bytes that of the recording. */
  readonly summary: RolloutSummary;
  readonly chain: TrajectoryChain;
  readonly bytes: number;
  readonly volatile: ReadonlyMap<number, VolatileInfo>;
  /** Undefined where the recording was cut off. */
  readonly end: EndSummary | undefined;
}

interface OpenRun {
  readonly reader: RunReader;
  readonly stamp: string;
}

const readersMost = 8;
/** A trajectory may have a gigabyte: a few that are looked at side by side stay. */
const rolloutsMost = 3;

/** The runs that are looked at, opened once, and again when they have grown. */
export class OpenRuns implements Disposable {
  readonly library: Library;
  readonly kinship: Kinship;
  /** Lines of the table of recordings. */
  readonly entries: KnownEntries = new KnownEntries();
  readonly #runs = new Map<string, OpenRun>();
  readonly #rollouts = new Map<string, LoadedRollout>();

  constructor(library: Library) {
    this.library = library;
    this.kinship = new Kinship(library);
  }

  /** @throws SameseedError `run_missing`, `run_damaged`, `io_failed` */
  async open(
    id: string,
  ): Promise<{ readonly recording: Recording; readonly reader: RunReader; readonly stamp: string }> {
    const recording = this.library.find(id);
    if (recording.kind !== "run") throw new SameseedError("run_missing", `${id} is not a run`);
    const stamp = stampOf(recording.dir);
    const known = this.#runs.get(id);
    if (known?.stamp === stamp) return { recording, ...known };
    known?.reader.close();
    this.#runs.delete(id);
    for (const key of this.#rollouts.keys()) if (key.startsWith(`${id}\0`)) this.#rollouts.delete(key);
    const opened = { reader: await RunReader.open(recording.dir), stamp };
    const [oldest] = this.#runs;
    if (this.#runs.size >= readersMost && oldest !== undefined) {
      oldest[1].reader.close();
      this.#runs.delete(oldest[0]);
    }
    this.#runs.set(id, opened);
    return { recording, ...opened };
  }

  /**
   * @param name the rollout's key in its run, or with `~now` the other bytes that verifying it gave
   * @throws SameseedError `run_missing`, `run_damaged`, `io_failed`
   */
  async rollout(id: string, name: string): Promise<LoadedRollout> {
    const { recording, reader, stamp } = await this.open(id);
    const place = `${id}\0${name}\0${stamp}`;
    const known = this.#rollouts.get(place);
    this.#rollouts.delete(place);
    const loaded = known ?? load(recording, reader, name);
    this.#rollouts.set(place, loaded);
    const [oldest] = this.#rollouts.keys();
    if (this.#rollouts.size > rolloutsMost && oldest !== undefined) this.#rollouts.delete(oldest);
    return loaded;
  }

  [Symbol.dispose](): void {
    for (const { reader } of this.#runs.values()) reader.close();
    this.#runs.clear();
    this.#rollouts.clear();
  }
}

/** Whether a process writes to a recording now, as far as its lock says. */
export function isLive(dir: string): boolean {
  return existsSync(runPaths(dir).lock);
}

/** Files beside the segments whose change is worth a look, of every kind of recording. */
const besides = [
  "verdict.json",
  "audit.json",
  "lock",
  "results.ndjson",
  "league.json",
  "matchup.json",
  "pictures",
  "stdio",
];

/** What changes when a run grows, or is verified or audited. */
export function stampOf(dir: string): string {
  const paths = runPaths(dir);
  const last = countSegments(paths);
  const parts = [last === 0 ? "" : stampOfFile(segmentPath(paths, last)), stampOfFile(paths.manifest)];
  for (const name of besides) parts.push(stampOfFile(`${dir}/${name}`));
  return [last, ...parts].join(" ");
}

function stampOfFile(path: string): string {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? "" : `${status.size}:${status.mtimeMs}`;
}

function load(recording: Recording, reader: RunReader, name: string): LoadedRollout {
  const isOther = name.endsWith(otherSuffix);
  const key = Number(isOther ? name.slice(0, -otherSuffix.length) : name);
  if (!Number.isSafeInteger(key) || key < 0)
    throw new SameseedError("run_missing", `${name} names no rollout of the run`);
  const summary = reader.row(key);
  const stored = isOther ? keptTrajectory(recording.dir, key) : undefined;
  if (isOther && stored === undefined)
    throw new SameseedError("run_missing", `no other bytes of rollout ${key} are kept`);
  const chain = stored === undefined ? recordedChain(reader, summary) : chainOf(stored);
  const volatile = new Map<number, VolatileInfo>();
  let end: EndSummary | undefined;
  for (const { type, payload } of framesOf(chain.blob)) {
    if (type === "end") end = decodeEnd(payload, "run_damaged");
    if (type !== "volatile") continue;
    const info = decodeVolatile(payload, "run_damaged");
    volatile.set(info.k, info);
  }
  const bytes = chain.blob.manifest.length + chain.blob.frames.length;
  return { recording, key, name, isOther, summary, chain, bytes, volatile, end };
}
