import type { LibraryEntry } from "./documents.ts";

const entriesMost = 10_000;

/** Lines of the table of recordings, each counted once as long as its recording does not change. */
export class KnownEntries {
  readonly #known = new Map<string, LibraryEntry>();

  /** @param stamp what changes when the recording does */
  async get(stamp: string, count: () => Promise<LibraryEntry>): Promise<LibraryEntry> {
    const known = this.#known.get(stamp);
    if (known !== undefined) return known;
    const entry = await count();
    if (this.#known.size >= entriesMost) this.#known.clear();
    this.#known.set(stamp, entry);
    return entry;
  }
}
