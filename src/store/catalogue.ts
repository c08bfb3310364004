// Theory of operation. The catalogue is an index of the segments and nothing else: it can be deleted at any time.
// It is therefore written without waiting for the disk, and trusted only after a check when it is opened: its
// tables are exactly ours, it is of this run, and the sum over its rows is the one it states. It states a
// position up to which the segments were on the disk; rows beyond are dropped at opening and indexed again.

import { existsSync, rmSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { outcomes } from "../model/outcome.ts";
import {
  rewardBytes,
  checkOf,
  isBefore,
  startPosition,
  type EntryPlace,
  type IndexedRow,
  type IndexPosition,
} from "./indexed-row.ts";
import type { RowIndex } from "./index-segments.ts";
import { isRegularFile } from "./run-folder.ts";
import { openDatabase } from "./sqlite.ts";
import { catalogueVersion, statedIn, sumModulus, tables, takeRows, toRow } from "./stored-catalogue.ts";

/** The index of a run that is written, in a file or private to this process. */
export class Catalogue implements RowIndex {
  readonly #db: DatabaseSync;
  readonly #insertRow: StatementSync;
  readonly #insertTrajectory: StatementSync;
  readonly #selectTrajectory: StatementSync;
  readonly #updateState: StatementSync;
  #position: IndexPosition = startPosition;
  #rows = 0;
  #sum = 0;
  #inTransaction = false;

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.#insertRow = db.prepare("INSERT OR IGNORE INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insertTrajectory = db.prepare("INSERT OR IGNORE INTO trajectories VALUES (?, ?, ?)");
    this.#updateState = db.prepare(
      "UPDATE state SET segment = ?, offset = ?, last_offset = ?, last_checksum = ?, rows = ?, sum = ?",
    );
    this.#selectTrajectory = db.prepare("SELECT segment, offset FROM trajectories WHERE address = ?");
  }

  /** Opens the catalogue at `path` for writing; undefined if there is none that can be trusted. */
  static open(path: string, runId: string): Catalogue | undefined {
    // This code leaves no such files. One from elsewhere is not played back: it may name any file to be removed.
    if (!isRegularFile(path) || companions(path).some((name) => existsSync(name))) return undefined;
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(path);
      configure(db);
      const stated = statedIn(db, runId);
      const catalogue = new Catalogue(db);
      const { position } = stated;
      takeRows(db, stated, (row, check) => {
        if (isBefore(row, position)) catalogue.#count(check);
      });
      db.prepare("DELETE FROM rows WHERE segment > ? OR (segment = ? AND offset >= ?)").run(
        ...cutAt(position),
      );
      db.prepare("DELETE FROM trajectories WHERE segment > ? OR (segment = ? AND offset >= ?)").run(
        ...cutAt(position),
      );
      catalogue.#position = position;
      return catalogue;
    } catch {
      db?.close();
      return undefined;
    }
  }

  /** Makes an empty catalogue at `path` in place of whatever is there. */
  static create(path: string, runId: string): Catalogue {
    for (const name of [path, ...companions(path)]) rmSync(name, { force: true, recursive: true });
    return Catalogue.#fresh(path, runId);
  }

  /** Makes an empty catalogue that only this process sees; where it grows it lies in an unnamed temporary file. */
  static private(runId: string): Catalogue {
    return Catalogue.#fresh("", runId);
  }

  static #fresh(path: string, runId: string): Catalogue {
    const db = openDatabase(path);
    try {
      configure(db);
      for (const table of tables) db.exec(table);
      db.prepare("INSERT INTO state VALUES (?, ?, 1, 0, 0, x'', 0, 0)").run(catalogueVersion, runId);
      return new Catalogue(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Up to where the segments are indexed and known to be on the disk. */
  get position(): IndexPosition {
    return this.#position;
  }

  set position(position: IndexPosition) {
    this.#position = position;
  }

  /** How many rollouts are indexed. */
  get size(): number {
    return this.#rows;
  }

  /** Indexes a row, whose check value may be known; false where its seed is indexed already. */
  addRow(row: IndexedRow, check: number = checkOf(row)): boolean {
    this.#begin();
    const { seed, segment, offset, outcome, steps, totalReward, play } = row;
    const reward = rewardBytes(totalReward);
    const result = this.#insertRow.run(seed, segment, offset, outcomes.indexOf(outcome), steps, reward, play);
    if (Number(result.changes) === 0) return false;
    this.#count(check);
    return true;
  }

  /** Indexes where a trajectory lies, by the SHA-256 of its bytes. */
  addTrajectory(address: Buffer, place: EntryPlace): void {
    this.#begin();
    this.#insertTrajectory.run(address, place.segment, place.offset);
  }

  findTrajectory(address: Buffer): EntryPlace | undefined {
    const found = this.#selectTrajectory.get(address);
    return found === undefined
      ? undefined
      : { segment: Number(found["segment"]), offset: Number(found["offset"]) };
  }

  /** All rows in seed order. */
  *rows(): Generator<IndexedRow> {
    const page = this.#db.prepare("SELECT * FROM rows WHERE seed > ? ORDER BY seed LIMIT 512");
    for (let after = -1; ;) {
      const rows = page.all(after).map(toRow);
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.seed;
    }
  }

  /** Writes what was indexed since the last time to the file; later, where a reader is just copying it. */
  commit(): void {
    this.#begin();
    const { segment, offset, lastOffset, lastChecksum } = this.#position;
    this.#updateState.run(segment, offset, lastOffset, lastChecksum, this.#rows, this.#sum);
    try {
      this.#db.exec("COMMIT");
    } catch (error) {
      if (isBusy(error)) return;
      throw error;
    }
    this.#inTransaction = false;
  }

  /** Gives the file back; what was not committed is not written. */
  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #begin(): void {
    if (this.#inTransaction) return;
    this.#db.exec("BEGIN");
    this.#inTransaction = true;
  }

  #count(check: number): void {
    this.#rows++;
    this.#sum = (this.#sum + check) % sumModulus;
  }
}

/**
 * No journal: a commit that a crash cuts short leaves a file whose sum is wrong, and is made again. A wait for a
 * reader holds up the event loop, so it is short.
 */
export function configure(db: DatabaseSync): void {
  db.exec(
    "PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 100; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192",
  );
}

/** Whether SQLite says that another process uses the file (SQLITE_BUSY). */
function isBusy(error: unknown): boolean {
  return typeof error === "object" && error !== null && "errcode" in error && error.errcode === 5;
}

function cutAt(position: EntryPlace): [number, number, number] {
  return [position.segment, position.segment, position.offset];
}

/** The files that SQLite keeps beside its own. */
function companions(path: string): string[] {
  return ["-journal", "-wal", "-shm"].map((suffix) => path + suffix);
}
