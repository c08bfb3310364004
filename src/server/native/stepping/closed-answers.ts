import type { Sequence } from "./sequence.ts";

interface Kept {
  readonly lease: string;
  readonly sequence: Sequence;
  readonly bytes: number;
}

/**
 * The last answers of rollouts that are closed, for whoever did not get them: of leases that live, of the latest, and of so many
 * bytes.
 */
export class ClosedAnswers {
  readonly #most: number;
  readonly #bytesMost: number;
  readonly #kept: Map<string, Kept> = new Map();
  readonly #ofLeases: Map<string, Set<string>> = new Map();
  #bytes = 0;

  constructor(most: number = 10_000, bytesMost: number = 64 * 1024 * 1024) {
    this.#most = most;
    this.#bytesMost = bytesMost;
  }

  /** About how many bytes are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the last answer of something that was closed. */
  keep(id: string, lease: string, sequence: Sequence, answer: Uint8Array): void {
    // Two closes at one time are answered one after the other.
    this.#drop(id);
    const bytes = answer.length + sequence.requestBytes + 512;
    this.#kept.set(id, { lease, sequence, bytes });
    const others = this.#ofLeases.get(lease) ?? new Set();
    this.#ofLeases.set(lease, others.add(id));
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (oldest === id || (this.#kept.size <= this.#most && this.#bytes <= this.#bytesMost)) return;
      this.#drop(oldest);
    }
  }

  /** The requests of something that was closed, where its lease is the same; undefined where they are not kept. */
  find(id: string, lease: string): Sequence | undefined {
    const kept = this.#kept.get(id);
    return kept?.lease === lease ? kept.sequence : undefined;
  }

  /** Forgets those of a lease that ended. */
  forget(lease: string): void {
    for (const id of this.#ofLeases.get(lease) ?? []) this.#drop(id);
  }

  #drop(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    this.#bytes -= kept.bytes;
    const others = this.#ofLeases.get(kept.lease);
    others?.delete(id);
    if (others?.size === 0) this.#ofLeases.delete(kept.lease);
  }
}
