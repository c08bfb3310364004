import { SameseedError } from "../base/error.ts";
import { makeFolders } from "../base/make-folders.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import { Catalogue } from "./catalogue.ts";
import { indexSegments, positionHolds } from "./index-segments.ts";
import { checkSameKeep } from "./kept.ts";
import { countSegments, namesIn, privateMode, runPaths, type RunPaths } from "./run-folder.ts";
import { acquireRunLock, type RunLock } from "./run-lock.ts";
import { extendRun, readRunManifest, writeRunManifest } from "./run-manifest-file.ts";
import { checkSameRun, type ExpectedRun } from "./same-run.ts";
import { SegmentAppender } from "./segment-appender.ts";
import { SegmentFiles } from "./segment-files.ts";
import { storeError } from "./store-error.ts";

/** How a run is written. */
export interface RunWriterOptions {
  /**
   * A rollout that would make a segment larger than this goes into a new one.
   * @default 67108864 (64 MiB)
   */
  readonly segmentBytes?: number;
  /**
   * How long an acknowledged rollout may wait to be safe from a power loss, in milliseconds.
   * @default 1000
   */
  readonly syncEveryMs?: number;
}

/** The end of a segment that a crash had cut short, and that was removed. */
export interface CutTail {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
}

/** A run that this process may write to. */
export interface OpenedRun {
  readonly paths: RunPaths;
  readonly manifest: RunManifest;
  readonly lock: RunLock;
  readonly options: Required<RunWriterOptions>;
  readonly files: SegmentFiles;
  readonly catalogue: Catalogue;
  readonly appender: SegmentAppender;
  readonly cut: CutTail | undefined;
  /** Whether the last segment does not state that all of it is on the disk. */
  readonly unsealed: boolean;
}

/** Makes a run folder and opens it; see `RunWriter.create`. */
export async function createForWriting(
  folder: string,
  manifest: RunManifest,
  options: RunWriterOptions,
): Promise<OpenedRun> {
  const paths = runPaths(folder);
  checkVacant(paths);
  makeRunFolder(paths);
  return underLock(paths, async (lock) => {
    // Looked at again: another process may have made the run in between.
    checkVacant(paths);
    writeRunManifest(paths, manifest);
    return openRun(paths, readRunManifest(paths), { lock, options });
  });
}

/** Opens an existing run to go on with it; see `RunWriter.resume`. */
export async function resumeForWriting(
  folder: string,
  expected: ExpectedRun,
  options: RunWriterOptions,
): Promise<OpenedRun> {
  const paths = runPaths(folder);
  checkSameRun(paths, readRunManifest(paths), expected);
  return underLock(paths, async (lock) => {
    // Looked at again: whoever held the lock may have taken the run away, or made another.
    const found = readRunManifest(paths);
    checkSameRun(paths, found, expected);
    // Before the run takes on seeds: a run that is refused stays as it is.
    checkSameKeep(folder, found.keep, expected.keep);
    const manifest = expected.extend === true ? extendRun(paths, found, expected.spec.seeds) : found;
    return openRun(paths, manifest, { lock, options });
  });
}

function makeRunFolder({ folder, segments }: RunPaths): void {
  try {
    makeFolders(folder, privateMode);
    makeFolders(segments);
  } catch (error) {
    throw storeError(error, "making", segments);
  }
}

async function underLock(paths: RunPaths, open: (lock: RunLock) => Promise<OpenedRun>): Promise<OpenedRun> {
  const lock = acquireRunLock(paths.lock);
  try {
    return await open(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A run is only made where nothing else lies that it could be mixed up with. */
function checkVacant(paths: RunPaths): void {
  for (const name of namesIn(paths.folder)) {
    if (name === "run.json") {
      throw new SameseedError("run_exists", `${paths.folder} already holds a run`, {
        context: { path: paths.folder },
        hint: "pass --resume (`resume` in the SDK) to continue it, --extend (`extend`) to add seeds to it, or choose another folder",
      });
    }
    if (!/^(inputs|segments|lock(\..*)?|run\.json\..*\.tmp)$/.test(name)) throw notVacant(paths.folder, name);
  }
  for (const name of namesIn(paths.segments)) throw notVacant(paths.segments, name);
}

function notVacant(path: string, name: string): SameseedError {
  return new SameseedError("bad_argument", `${path} is not a run folder and not empty: it contains ${name}`, {
    context: { path, name },
    hint: "choose a new or an empty folder",
  });
}

async function openRun(
  paths: RunPaths,
  manifest: RunManifest,
  { lock, options }: { readonly lock: RunLock; readonly options: RunWriterOptions },
): Promise<OpenedRun> {
  const files = new SegmentFiles(paths, manifest.runId);
  let catalogue: Catalogue | undefined;
  try {
    makeFolders(paths.segments);
    const segments = countSegments(paths);
    catalogue = openCatalogue(paths, manifest, { files, segments });
    const known = catalogue.position;
    const end = await indexSegments(files, catalogue, segments);
    // The files kept open were opened before the end may be cut and begun anew.
    files.close();
    const appender = await SegmentAppender.open(paths, manifest.runId, end);
    catalogue.position = appender.end;
    catalogue.commit();
    const cutBytes = end.fileBytes - end.offset;
    return {
      paths,
      manifest,
      lock,
      options: { segmentBytes: 64 * 1024 * 1024, syncEveryMs: 1000, ...options },
      files,
      catalogue,
      appender,
      cut: cutBytes > 0 ? { segment: end.segment, offset: end.offset, bytes: cutBytes } : undefined,
      unsealed: known.segment !== end.segment || known.offset !== end.offset,
    };
  } catch (error) {
    files.close();
    catalogue?.close();
    throw storeError(error, "opening", paths.folder);
  }
}

/** The catalogue in the folder, where it can be trusted; a new one where not; a private one where none can be made. */
function openCatalogue(
  paths: RunPaths,
  { runId }: RunManifest,
  { files, segments }: { readonly files: SegmentFiles; readonly segments: number },
): Catalogue {
  const present = Catalogue.open(paths.catalogue, runId);
  if (present !== undefined && positionHolds(files, present.position, segments)) return present;
  present?.close();
  try {
    return Catalogue.create(paths.catalogue, runId);
  } catch {
    return Catalogue.private(runId);
  }
}
