/** A `Map` takes no more entries than this. */
const mapEntriesMost = 2 ** 24;

/** The places of seeds, in as many maps as it takes: each seed is in one of them. */
export class SeedPlaces {
  readonly #most: number;
  #last: Map<number, number> = new Map();
  readonly #maps = [this.#last];

  /** @param most entries of one map */
  constructor(most: number = mapEntriesMost) {
    this.#most = most;
  }

  /** The place of a seed; undefined where it has none. */
  get(seed: number): number | undefined {
    for (const map of this.#maps) {
      const place = map.get(seed);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Notes the place of a seed that has none. */
  add(seed: number, place: number): void {
    if (this.#last.size >= this.#most) this.#maps.push((this.#last = new Map()));
    this.#last.set(seed, place);
  }
}
