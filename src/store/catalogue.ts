// Theory of operation. The catalogue is an index of the segments and nothing else: it can be deleted at any time.
// It is therefore written without waiting for the disk, and trusted only after a check when it is opened: its
// tables are exactly ours, it is of this run, and the sum over its rows is the one it states. It states a
// position up to which the segments were on the disk; rows beyond are dropped at opening and indexed again.

import { existsSync, rmSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { outcomes } from "../model/outcome.ts";
import {
  rewardBytes,
  rewardFrom,
  checkOf,
  isBefore,
  startPosition,
  type EntryPlace,
  type IndexedRow,
  type IndexPosition,
} from "./indexed-row.ts";
import { isRegularFile } from "./run-folder.ts";

const catalogueVersion = 1;
/** The sum of CRC-32s stays an exact double. */
const sumModulus = 2 ** 48;

const tables: readonly string[] = [
  "CREATE TABLE state (version INTEGER NOT NULL, run TEXT NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL, last_offset INTEGER NOT NULL, last_checksum BLOB NOT NULL, rows INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
  "CREATE TABLE rows (seed INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL, outcome INTEGER NOT NULL, steps INTEGER NOT NULL, reward BLOB NOT NULL, play BLOB NOT NULL) STRICT",
  "CREATE TABLE trajectories (address BLOB PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL) STRICT, WITHOUT ROWID",
];

/** The index of a run, in a file or private to this process. */
export class Catalogue {
  readonly #db: DatabaseSync;
  readonly #insertRow: StatementSync;
  readonly #insertTrajectory: StatementSync;
  readonly #selectRow: StatementSync;
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
    this.#selectRow = db.prepare("SELECT * FROM rows WHERE seed = ?");
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
      db = new DatabaseSync(path);
      configure(db);
      const position = checkState(db, runId);
      if (position === undefined) throw new Error("not a catalogue of this run");
      const catalogue = new Catalogue(db);
      db.prepare("DELETE FROM rows WHERE segment > ? OR (segment = ? AND offset >= ?)").run(
        ...cutAt(position),
      );
      db.prepare("DELETE FROM trajectories WHERE segment > ? OR (segment = ? AND offset >= ?)").run(
        ...cutAt(position),
      );
      catalogue.#position = position;
      for (const row of storedRows(db)) catalogue.#count(row);
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

  /** A private copy of the catalogue at `path`, or an empty one where there is none that can be trusted. */
  static privateCopy(path: string, runId: string): Catalogue {
    const copy = Catalogue.private(runId);
    if (!isRegularFile(path)) return copy;
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(path, { readOnly: true });
      configure(db);
      db.exec("BEGIN");
      const position = checkState(db, runId);
      if (position === undefined) return copy;
      for (const row of storedRows(db)) if (isBefore(row, position)) copy.addRow(row);
      copy.position = position;
      return copy;
    } catch {
      copy.close();
      return Catalogue.private(runId);
    } finally {
      db?.close();
    }
  }

  static #fresh(path: string, runId: string): Catalogue {
    const db = new DatabaseSync(path);
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

  /** Indexes a row; false where its seed is indexed already. */
  addRow(row: IndexedRow): boolean {
    this.#begin();
    const { seed, segment, offset, outcome, steps, totalReward, play } = row;
    const reward = rewardBytes(totalReward);
    const result = this.#insertRow.run(seed, segment, offset, outcomes.indexOf(outcome), steps, reward, play);
    if (Number(result.changes) === 0) return false;
    this.#count(row);
    return true;
  }

  /** Indexes where a trajectory lies, by the SHA-256 of its bytes. */
  addTrajectory(address: Buffer, place: EntryPlace): void {
    this.#begin();
    this.#insertTrajectory.run(address, place.segment, place.offset);
  }

  findRow(seed: number): IndexedRow | undefined {
    const found = this.#selectRow.get(seed);
    return found === undefined ? undefined : toRow(found);
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

  /** Seeds by play digest, where more than one seed has the same, in order of their first seed. */
  *sharedPlay(): Generator<{ readonly play: Buffer; readonly seeds: readonly number[] }> {
    const grouped = this.#db.prepare(
      "SELECT seed, play FROM (SELECT seed, play, min(seed) OVER same AS first, count(*) OVER same AS many FROM rows WINDOW same AS (PARTITION BY play)) WHERE many > 1 ORDER BY first, seed",
    );
    let group: { readonly play: Buffer; readonly seeds: number[] } | undefined;
    for (const row of grouped.iterate()) {
      const play = Buffer.from(row["play"] as Uint8Array);
      if (group === undefined || !group.play.equals(play)) {
        if (group !== undefined) yield group;
        group = { play, seeds: [] };
      }
      group.seeds.push(Number(row["seed"]));
    }
    if (group !== undefined) yield group;
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

  #count(row: IndexedRow): void {
    this.#rows++;
    this.#sum = (this.#sum + checkOf(row)) % sumModulus;
  }
}

/**
 * No journal: a commit that a crash cuts short leaves a file whose sum is wrong, and is made again. A wait for a
 * reader holds up the event loop, so it is short.
 */
function configure(db: DatabaseSync): void {
  db.exec(
    "PRAGMA trusted_schema = OFF; PRAGMA busy_timeout = 100; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192",
  );
}

/** Whether SQLite says that another process uses the file (SQLITE_BUSY). */
function isBusy(error: unknown): boolean {
  return typeof error === "object" && error !== null && "errcode" in error && error.errcode === 5;
}

/** The position a stored catalogue states, where everything else about it is as this code would have written it. */
function checkState(db: DatabaseSync, runId: string): IndexPosition | undefined {
  // A foreign file may hold a view in place of a table, which would run whatever it says: compare before any other query.
  const found = db
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid LIMIT 9")
    .all();
  if (found.length !== tables.length || found.some((row, index) => row["sql"] !== tables[index]))
    return undefined;
  const states = db.prepare("SELECT * FROM state LIMIT 2").all();
  const state = states[0];
  if (states.length !== 1 || state?.["version"] !== catalogueVersion || state["run"] !== runId)
    return undefined;
  let [rows, sum] = [0, 0];
  for (const row of storedRows(db)) {
    rows++;
    sum = (sum + checkOf(row)) % sumModulus;
  }
  if (rows !== state["rows"] || sum !== state["sum"]) return undefined;
  return {
    segment: Number(state["segment"]),
    offset: Number(state["offset"]),
    lastOffset: Number(state["last_offset"]),
    lastChecksum: Buffer.from(state["last_checksum"] as Uint8Array),
  };
}

/** The rows as stored; one of another shape (a forged text of a gigabyte) is left out, which the sum then shows. */
function* storedRows(db: DatabaseSync): Generator<IndexedRow> {
  const rows = db.prepare("SELECT * FROM rows WHERE length(reward) = 8 AND length(play) = 32");
  for (const row of rows.iterate()) yield toRow(row);
}

function toRow(row: Readonly<Record<string, unknown>>): IndexedRow {
  const outcome = outcomes[Number(row["outcome"])];
  if (outcome === undefined) throw new Error("an outcome is out of range");
  return {
    seed: Number(row["seed"]),
    segment: Number(row["segment"]),
    offset: Number(row["offset"]),
    outcome,
    steps: Number(row["steps"]),
    totalReward: rewardFrom(Buffer.from(row["reward"] as Uint8Array)),
    play: Buffer.from(row["play"] as Uint8Array),
  };
}

function cutAt(position: EntryPlace): [number, number, number] {
  return [position.segment, position.segment, position.offset];
}

/** The files that SQLite keeps beside its own. */
function companions(path: string): string[] {
  return ["-journal", "-wal", "-shm"].map((suffix) => path + suffix);
}
