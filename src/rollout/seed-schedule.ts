import { SameseedError } from "../base/error.ts";
import { checkSeed, checkSeedList } from "../model/seed.ts";

/** The seeds of episodes that begin one after the other: each is handed out once. */
export class SeedSchedule {
  readonly #source: Iterator<number>;
  readonly #mayRepeat: boolean;
  readonly #given = new Set<number>();

  /**
   * @param seeds the first of seeds that count up without end, or the seeds themselves
   * @param mayRepeat whether two episodes may have one seed
   * @throws `bad_argument`
   */
  constructor(seeds: number | Iterable<number>, mayRepeat: boolean) {
    if (typeof seeds !== "number") checkSeedList(seeds);
    if (Array.isArray(seeds) && !mayRepeat) refuseRepeated(seeds as readonly number[]);
    this.#source = typeof seeds === "number" ? countUp(checkSeed(seeds)) : seeds[Symbol.iterator]();
    this.#mayRepeat = mayRepeat;
  }

  /**
   * The next seed; undefined where there is none left.
   * @throws `bad_argument` where it is none, or was handed out before
   */
  next(): number | undefined {
    const { value, done } = this.#source.next();
    if (done === true) return undefined;
    const seed = checkSeed(value);
    if (this.#mayRepeat) return seed;
    if (this.#given.has(seed)) throw repeated(seed);
    this.#given.add(seed);
    return seed;
  }
}

/** What can be known before anything begins, is. */
function refuseRepeated(seeds: readonly number[]): void {
  const checked = seeds.map(checkSeed);
  if (new Set(checked).size === checked.length) return;
  throw repeated(checked.find((seed, at) => checked.indexOf(seed) !== at)!);
}

function repeated(seed: number): SameseedError {
  return new SameseedError("bad_argument", `seed ${seed} is given to two episodes`, {
    hint: "give each episode a seed of its own, or set repeatSeeds",
  });
}

function* countUp(from: number): Generator<number, undefined> {
  for (let seed = from; seed <= Number.MAX_SAFE_INTEGER; seed++) yield seed;
}
