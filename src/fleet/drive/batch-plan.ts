import { type Chunk, chunkKey, rangesOf, seedCount, type SeedRange, takeSeeds } from "../chunk.ts";
import { recordKey } from "../commit.ts";

/** What became of seeds that were offered and came to nothing. */
export interface Past {
  /** How often they lost their hosts as a chunk of this size. */
  readonly lost: number;
  /** Hosts that could not run them. */
  readonly failedOn: readonly string[];
}

/** A chunk that was offered and is not done. */
export interface Offered extends Past {
  readonly key: string;
  readonly record: string;
  readonly chunk: Chunk;
  /** Under which ids it is in the queue. */
  readonly ids: string[];
  readonly offeredAt: number;
  /** When the store and the queue were last asked for it. */
  lookedAt: number;
  chasedAt: number;
}

const nothingYet: Past = { lost: 0, failedOn: [] };

/** What of a batch is in no chunk, in the queue, or came to nothing. */
export class BatchPlan {
  readonly #batch: string;
  readonly #spec: string;
  readonly #rest: SeedRange[];
  /** Chunks with fixed seeds that go first: halves of what was lost. */
  readonly #ready: { readonly seeds: readonly SeedRange[]; readonly past: Past }[] = [];
  /** By their keys. */
  readonly offered: Map<string, Offered> = new Map();

  constructor(batch: string, spec: string, seeds: Iterable<number>) {
    this.#batch = batch;
    this.#spec = spec;
    this.#rest = rangesOf(seeds);
  }

  /** Rollouts that are in no chunk yet. */
  get left(): number {
    return this.#ready.reduce((sum, { seeds }) => sum + seedCount(seeds), seedCount(this.#rest));
  }

  get isDone(): boolean {
    return this.offered.size === 0 && this.left === 0;
  }

  /** Makes the next chunk; undefined where nothing is left. */
  next(size: number, now: number): Offered | undefined {
    const ready = this.#ready.shift();
    const seeds = ready?.seeds ?? takeSeeds(this.#rest, size);
    if (seeds.length === 0) return undefined;
    const key = chunkKey(this.#spec, seeds);
    const id = `${this.#batch}.${key.slice(0, 24)}`;
    const chunk: Chunk = { v: 1, id, batch: this.#batch, spec: this.#spec, seeds, purpose: "run" };
    const offered: Offered = {
      key,
      record: recordKey(chunk),
      chunk,
      ids: [id],
      offeredAt: now,
      lookedAt: now,
      chasedAt: now,
      ...(ready?.past ?? nothingYet),
    };
    this.offered.set(key, offered);
    return offered;
  }

  /** Whether a chunk is still waited for. */
  has(offered: Offered): boolean {
    return this.offered.get(offered.key) === offered;
  }

  /** A chunk came to nothing: its seeds are to be run as other ones, before everything else. */
  again(offered: Offered, parts: readonly (readonly SeedRange[])[], past: Partial<Past> = {}): void {
    // What was done meanwhile is done.
    if (!this.has(offered)) return;
    this.offered.delete(offered.key);
    for (const seeds of parts) this.#ready.push({ seeds, past: { ...nothingYet, ...past } });
  }
}
