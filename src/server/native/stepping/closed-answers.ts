import type { Sequence } from "./sequence.ts";

/** The last answers of rollouts that are closed, for whoever did not get them: of the latest, and of so many bytes. */
export class ClosedAnswers {
  readonly #most: number;
  readonly #bytesMost: number;
  readonly #kept: Map<
    string,
    { readonly lease: string; readonly sequence: Sequence; readonly bytes: number }
  > = new Map();
  #bytes = 0;

  constructor(most: number = 10_000, bytesMost: number = 64 * 1024 * 1024) {
    this.#most = most;
    this.#bytesMost = bytesMost;
  }

  /** Keeps the last answer of something that was closed. */
  keep(id: string, lease: string, sequence: Sequence, answer: Uint8Array): void {
    const bytes = answer.length + sequence.request.length + 512;
    this.#kept.set(id, { lease, sequence, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (oldest === id || (this.#kept.size <= this.#most && this.#bytes <= this.#bytesMost)) return;
      this.#kept.delete(oldest);
      this.#bytes -= freed;
    }
  }

  /** The requests of something that was closed, where its lease is the same; undefined where they are not kept. */
  find(id: string, lease: string): Sequence | undefined {
    const kept = this.#kept.get(id);
    return kept?.lease === lease ? kept.sequence : undefined;
  }
}
