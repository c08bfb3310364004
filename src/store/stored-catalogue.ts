// What a catalogue's file looks like, and what of a file on the disk is trusted: everything in it may be forged.

import type { DatabaseSync } from "node:sqlite";
import { outcomes } from "../model/outcome.ts";
import { checkOf, type IndexedRow, type IndexPosition, rewardFrom } from "./indexed-row.ts";

/** Of the tables and of the sum. */
export const catalogueVersion = 1;
/** The sum of CRC-32s stays an exact double. */
export const sumModulus: number = 2 ** 48;

/** What a catalogue says of itself. */
interface StatedRows {
  readonly position: IndexPosition;
  readonly rows: number;
  readonly sum: number;
}

/** As SQLite keeps their text. */
export const tables: readonly string[] = [
  "CREATE TABLE state (version INTEGER NOT NULL, run TEXT NOT NULL, segment INTEGER NOT NULL, offset INTEGER NOT NULL, last_offset INTEGER NOT NULL, last_checksum BLOB NOT NULL, rows INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
  "CREATE TABLE rows (seed INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL, outcome INTEGER NOT NULL, steps INTEGER NOT NULL, reward BLOB NOT NULL, play BLOB NOT NULL) STRICT",
  "CREATE TABLE trajectories (address BLOB PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL) STRICT, WITHOUT ROWID",
];

/**
 * What a stored catalogue says of itself, where everything else about it is as this code would have written it.
 * @throws where it is no catalogue of this run
 */
export function statedIn(db: DatabaseSync, runId: string): StatedRows {
  // A foreign file may hold a view in place of a table, which would run whatever it says: compare before any other query.
  const found = db
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid LIMIT 9")
    .all();
  const isOurs = found.length === tables.length && found.every((row, index) => row["sql"] === tables[index]);
  const states = isOurs ? db.prepare("SELECT * FROM state LIMIT 2").all() : [];
  const state = states[0];
  if (states.length !== 1 || state?.["version"] !== catalogueVersion || state["run"] !== runId)
    throw new Error("not a catalogue of this run");
  return {
    position: {
      segment: Number(state["segment"]),
      offset: Number(state["offset"]),
      lastOffset: Number(state["last_offset"]),
      lastChecksum: Buffer.from(state["last_checksum"] as Uint8Array),
    },
    rows: Number(state["rows"]),
    sum: Number(state["sum"]),
  };
}

/** Reads every row once. @throws at the end where they are not what the catalogue says they are */
export function takeRows(
  db: DatabaseSync,
  stated: StatedRows,
  take: (row: IndexedRow, check: number) => void,
): void {
  let [rows, sum] = [0, 0];
  for (const row of storedRows(db)) {
    const check = checkOf(row);
    rows++;
    sum = (sum + check) % sumModulus;
    take(row, check);
  }
  if (rows !== stated.rows || sum !== stated.sum) throw new Error("the rows are not those of the sum");
}

/** The rows as stored; one of another shape (a forged text of a gigabyte) is left out, which the sum then shows. */
function* storedRows(db: DatabaseSync): Generator<IndexedRow> {
  const rows = db.prepare("SELECT * FROM rows WHERE length(reward) = 8 AND length(play) = 32");
  for (const row of rows.iterate()) yield toRow(row);
}

/** A row of the table. @throws where its outcome is none */
export function toRow(row: Readonly<Record<string, unknown>>): IndexedRow {
  const outcome = outcomes[Number(row["outcome"])];
  if (outcome === undefined) throw new Error("an outcome is out of range");
  return {
    seed: Number(row["seed"]),
    segment: Number(row["segment"]),
    offset: Number(row["offset"]),
    outcome,
    steps: Number(row["steps"]),
    totalReward: rewardFrom(bytesOf(row["reward"])),
    play: bytesOf(row["play"]),
  };
}

/** A blob, which SQLite gives as a copy. */
function bytesOf(value: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}
