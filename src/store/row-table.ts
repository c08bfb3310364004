// Theory of operation. A reader holds what it knows of a run's rollouts in columns of numbers, 71 bytes for each: a page of a
// hundred thousand is laid out from them without an object or a query for each. The catalogue's file is read once, a few
// thousand rows at a time, each column of them as one text: a value for each cell would take four times as long.

import type { DatabaseSync, StatementSync } from "node:sqlite";

import { outcomes } from "../model/outcome.ts";
import { configure } from "./catalogue.ts";
import type { RowIndex } from "./index-segments.ts";
import {
  checkOf,
  isBefore,
  rewardFrom,
  startPosition,
  type IndexedRow,
  type IndexPosition,
} from "./indexed-row.ts";
import { isRegularFile } from "./run-folder.ts";
import { SeedPlaces } from "./seed-places.ts";
import { openDatabase } from "./sqlite.ts";
import { statedIn, sumModulus } from "./stored-catalogue.ts";

const playBytes = 32;
const rewardLength = 8;
const rowsPerQuery = 2048;

/** The rollouts of a run as they were when it was opened. */
export class RowTable implements RowIndex {
  /** Up to where the segments were indexed in the file that this was read from. */
  position: IndexPosition = startPosition;
  #size = 0;
  #room = 0;
  #seeds = new Float64Array();
  #segments = new Uint32Array();
  #offsets = new Float64Array();
  #outcomes = new Uint8Array();
  #steps = new Float64Array();
  #rewards = new Float64Array();
  /** 1 where the sum of rewards is one number. */
  #summed = new Uint8Array();
  #plays: Buffer = Buffer.alloc(0);
  /** By seed, from the first row on that did not come in order. */
  #places: SeedPlaces | undefined;
  readonly #mapMost: number | undefined;

  /** @param mapMost entries of one map of its index @default as many as a map takes */
  constructor(mapMost?: number) {
    this.#mapMost = mapMost;
  }

  /** Reads the catalogue at `path`; an empty table where there is none that can be trusted. */
  static ofCatalogue(path: string, runId: string): RowTable {
    if (!isRegularFile(path)) return new RowTable();
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(path, { readOnly: true });
      configure(db);
      db.exec("BEGIN");
      const stated = statedIn(db, runId);
      const table = new RowTable();
      let [rows, sum] = [0, 0];
      for (const row of storedRows(db)) {
        rows++;
        sum = (sum + checkOf(row)) % sumModulus;
        if (isBefore(row, stated.position)) table.addRow(row);
      }
      if (rows !== stated.rows || sum !== stated.sum) return new RowTable();
      table.position = stated.position;
      return table;
    } catch {
      return new RowTable();
    } finally {
      db?.close();
    }
  }

  /** How many rollouts are indexed. */
  get size(): number {
    return this.#size;
  }

  /** Indexes a row; false where its seed is indexed already. */
  addRow({ seed, segment, offset, outcome, steps, totalReward, play }: IndexedRow): boolean {
    const at = this.#size;
    if (at > 0 && this.#places === undefined && seed <= this.#seeds[at - 1]!) this.#indexPlaces();
    if (this.#places?.get(seed) !== undefined) return false;
    if (at === this.#room) this.#grow();
    this.#seeds[at] = seed;
    this.#segments[at] = segment;
    this.#offsets[at] = offset;
    this.#outcomes[at] = outcomes.indexOf(outcome);
    this.#steps[at] = steps;
    this.#rewards[at] = totalReward ?? 0;
    this.#summed[at] = totalReward === null ? 0 : 1;
    play.copy(this.#plays, at * playBytes);
    this.#places?.add(seed, at);
    this.#size++;
    return true;
  }

  /** A reader finds a trajectory by what its row says. */
  addTrajectory(): void {}

  findRow(seed: number): IndexedRow | undefined {
    const at = this.#places === undefined ? this.#search(seed) : this.#places.get(seed);
    return at === undefined ? undefined : this.#rowAt(at);
  }

  /** All rows in seed order. */
  *rows(): Generator<IndexedRow> {
    for (const at of this.#inOrder()) yield this.#rowAt(at);
  }

  /** What {@link rows} gives, without the places and the plays. */
  *outline(): Generator<Pick<IndexedRow, "seed" | "outcome" | "steps" | "totalReward">> {
    for (const at of this.#inOrder())
      yield {
        seed: this.#seeds[at]!,
        outcome: outcomes[this.#outcomes[at]!]!,
        steps: this.#steps[at]!,
        totalReward: this.#summed[at] === 1 ? this.#rewards[at]! : null,
      };
  }

  /** Seeds by play digest, where more than one seed has the same, in order of their first seed. */
  *sharedPlay(): Generator<{ readonly play: Buffer; readonly seeds: readonly number[] }> {
    const alike = this.#alikeHeads();
    if (alike.size === 0) return;
    const groups = new Map<string, { readonly play: Buffer; readonly seeds: number[] }>();
    for (const at of this.#inOrder()) {
      if (!alike.has(this.#headAt(at))) continue;
      const play = this.#playAt(at);
      const name = play.toString("latin1");
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { play, seeds: [this.#seeds[at]!] });
      else group.seeds.push(this.#seeds[at]!);
    }
    for (const group of groups.values()) if (group.seeds.length > 1) yield group;
  }

  /** The first 48 bits of play digests that more than one row has: few need to be compared whole. */
  #alikeHeads(): Set<number> {
    const heads = Float64Array.from({ length: this.#size }, (_, at) => this.#headAt(at)).sort();
    const alike = new Set<number>();
    for (let at = 1; at < heads.length; at++) if (heads[at] === heads[at - 1]) alike.add(heads[at]!);
    return alike;
  }

  #headAt(at: number): number {
    return this.#plays.readUIntBE(at * playBytes, 6);
  }

  #playAt(at: number): Buffer {
    return this.#plays.subarray(at * playBytes, (at + 1) * playBytes);
  }

  #rowAt(at: number): IndexedRow {
    return {
      seed: this.#seeds[at]!,
      segment: this.#segments[at]!,
      offset: this.#offsets[at]!,
      outcome: outcomes[this.#outcomes[at]!]!,
      steps: this.#steps[at]!,
      totalReward: this.#summed[at] === 1 ? this.#rewards[at]! : null,
      play: this.#playAt(at),
    };
  }

  /** Places in the order of their seeds. */
  #inOrder(): Uint32Array {
    const places = Uint32Array.from({ length: this.#size }, (_, at) => at);
    return this.#places === undefined ? places : places.sort((a, b) => this.#seeds[a]! - this.#seeds[b]!);
  }

  /** The place of a seed among rows that are in order. */
  #search(seed: number): number | undefined {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#seeds[middle]! < seed) low = middle + 1;
      else high = middle;
    }
    return low < this.#size && this.#seeds[low] === seed ? low : undefined;
  }

  #indexPlaces(): void {
    this.#places = new SeedPlaces(this.#mapMost);
    for (let at = 0; at < this.#size; at++) this.#places.add(this.#seeds[at]!, at);
  }

  #grow(): void {
    const room = Math.max(64, this.#room * 2);
    const larger = <T extends { set(from: T): void }>(column: T, next: T): T => {
      next.set(column);
      return next;
    };
    this.#seeds = larger(this.#seeds, new Float64Array(room));
    this.#segments = larger(this.#segments, new Uint32Array(room));
    this.#offsets = larger(this.#offsets, new Float64Array(room));
    this.#outcomes = larger(this.#outcomes, new Uint8Array(room));
    this.#steps = larger(this.#steps, new Float64Array(room));
    this.#rewards = larger(this.#rewards, new Float64Array(room));
    this.#summed = larger(this.#summed, new Uint8Array(room));
    this.#plays = larger(this.#plays, Buffer.alloc(room * playBytes));
    this.#room = room;
  }
}

/** Rows of another shape (a forged text of a gigabyte) are left out, which the sum then shows. */
const query = `SELECT count(*) AS n, max(seed) AS last, group_concat(seed) AS seeds, group_concat(segment) AS segments,
  group_concat(offset) AS offsets, group_concat(outcome) AS outcomes, group_concat(steps) AS steps,
  group_concat(hex(reward), '') AS rewards, group_concat(hex(play), '') AS plays
  FROM (SELECT * FROM rows WHERE seed > ? AND typeof(segment) = 'integer' AND typeof(offset) = 'integer'
    AND typeof(outcome) = 'integer' AND typeof(steps) = 'integer' AND typeof(reward) = 'blob' AND length(reward) = ${rewardLength}
    AND typeof(play) = 'blob' AND length(play) = ${playBytes} ORDER BY seed LIMIT ${rowsPerQuery})`;

/** The rows as stored, in seed order. @throws where a number is none that a row has */
function* storedRows(db: DatabaseSync): Generator<IndexedRow> {
  const page = db.prepare(query);
  for (let after = -1; ;) {
    const found = pageAfter(page, after);
    if (found === undefined) return;
    for (let at = 0; at < found.seeds.length; at++) {
      const outcome = outcomes[found.outcomes[at]!];
      if (outcome === undefined) throw new Error("an outcome is out of range");
      yield {
        seed: found.seeds[at]!,
        segment: found.segments[at]!,
        offset: found.offsets[at]!,
        outcome,
        steps: found.steps[at]!,
        totalReward: rewardFrom(found.rewards.subarray(at * rewardLength, (at + 1) * rewardLength)),
        play: found.plays.subarray(at * playBytes, (at + 1) * playBytes),
      };
    }
    after = found.last;
  }
}

interface Page {
  readonly last: number;
  readonly seeds: readonly number[];
  readonly segments: readonly number[];
  readonly offsets: readonly number[];
  readonly outcomes: readonly number[];
  readonly steps: readonly number[];
  readonly rewards: Buffer;
  readonly plays: Buffer;
}

function pageAfter(page: StatementSync, after: number): Page | undefined {
  const found = page.get(after);
  if (found === undefined || found["n"] === 0) return undefined;
  const numbers = (name: string): readonly number[] => {
    const values = JSON.parse(`[${String(found[name])}]`) as readonly number[];
    if (!values.every(Number.isSafeInteger)) throw new Error(`${name} are out of range`);
    return values;
  };
  const bytes = (name: string): Buffer => Buffer.from(String(found[name]), "hex");
  return {
    last: Number(found["last"]),
    seeds: numbers("seeds"),
    segments: numbers("segments"),
    offsets: numbers("offsets"),
    outcomes: numbers("outcomes"),
    steps: numbers("steps"),
    rewards: bytes("rewards"),
    plays: bytes("plays"),
  };
}
