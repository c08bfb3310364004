/*
 * Which recordings are shown. A folder that is a recording is one, with those inside it (the two runs of a matchup, the
 * matchups of a league); any other is searched for recordings, not deep. A recording is known by its path below the folder
 * that was named, so that a link to it stays good.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";

import { SameseedError } from "../base/error.ts";
import { isLeagueFolder, recordedPairings } from "../evaluate/league/league-file.ts";
import { isMatchupFolder } from "../evaluate/matchup/matchup-file.ts";
import { recordedLegs } from "../evaluate/matchup/verify-matchup.ts";
import { isScoreFolder } from "../judge/record/score-folder.ts";
import { isRunFolder } from "../store/run-folder.ts";
import type { RecordingKind } from "./documents.ts";

/** One recording that is shown. */
export interface Recording {
  readonly id: string;
  readonly kind: RecordingKind;
  /** The folder as it was named, for commands. */
  readonly dir: string;
  /** The recording that it is a part of. */
  readonly part?: string;
}

const deepest = 3;
const recordingsMost = 5000;

/** The recordings below some folders. They are looked for anew each time: a run may have begun since. */
export class Library {
  readonly #folders: readonly string[];
  /** Recordings beside the folders that came to be while they were shown. */
  readonly #beside: string[] = [];
  #found = new Map<string, Recording>();

  /** @param folders as they were named @throws SameseedError `run_missing` where one does not exist */
  constructor(folders: readonly string[]) {
    for (const folder of folders)
      if (!existsSync(folder) || !statSync(folder).isDirectory())
        throw new SameseedError("run_missing", `${folder} is not a folder`, {
          hint: "name a run folder, or a folder of runs; `sameseed run ENV --out runs/NAME` records one",
          context: { dir: folder },
        });
    this.#folders = folders;
  }

  /** All of them, in the order of their ids. */
  list(): readonly Recording[] {
    const found = new Map<string, Recording>();
    for (const folder of this.#folders) {
      const name = basename(resolve(folder));
      const prefix = this.#folders.length > 1 ? `${name}/` : "";
      const idOf = (dir: string): string =>
        relative(folder, dir) === "" ? name : prefix + relative(folder, dir);
      search(folder, 0, (recording) => {
        const id = idOf(recording.dir);
        const part = recording.part === undefined ? {} : { part: idOf(recording.part) };
        if (found.size < recordingsMost && !found.has(id)) found.set(id, { ...recording, ...part, id });
      });
    }
    for (const dir of this.#beside)
      if (!found.has(basename(dir))) found.set(basename(dir), { kind: "run", dir, id: basename(dir) });
    this.#found = found;
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Shows a recording that has come to be, also beside the folders. @returns its id */
  add(dir: string): string {
    const idOf = (): string | undefined => this.list().find((own) => resolve(own.dir) === resolve(dir))?.id;
    const known = idOf();
    if (known !== undefined) return known;
    this.#beside.push(dir);
    return idOf() ?? basename(dir);
  }

  /** @throws SameseedError `run_missing` */
  find(id: string): Recording {
    if (!this.#found.has(id)) this.list();
    const recording = this.#found.get(id);
    if (recording !== undefined) return recording;
    throw new SameseedError("run_missing", `there is no recording ${id} in the folders that are shown`);
  }
}

type Note = (recording: Omit<Recording, "id">) => void;

function search(dir: string, depth: number, note: Note): void {
  if (noteRecording(dir, undefined, note) || depth >= deepest) return;
  for (const entry of foldersIn(dir)) search(entry, depth + 1, note);
}

/** @returns whether the folder is a recording */
function noteRecording(dir: string, part: string | undefined, note: Note): boolean {
  const kind = kindOf(dir);
  if (kind === undefined) return false;
  note({ kind, dir, ...(part === undefined ? {} : { part }) });
  const inside = kind === "league" ? recordedPairings(dir) : kind === "matchup" ? legsOf(dir) : [];
  for (const folder of inside) noteRecording(folder, dir, note);
  return true;
}

/** What a folder holds; undefined where it is no recording. */
export function kindOf(dir: string): RecordingKind | undefined {
  if (isMatchupFolder(dir)) return "matchup";
  if (isLeagueFolder(dir)) return "league";
  if (isScoreFolder(dir)) return "scores";
  return isRunFolder(dir) ? "run" : undefined;
}

/** A matchup whose file is damaged still has its line, without its runs. */
function legsOf(dir: string): readonly string[] {
  try {
    return recordedLegs(dir);
  } catch {
    return [];
  }
}

function foldersIn(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      .map(({ name }) => join(dir, name));
  } catch {
    return [];
  }
}
