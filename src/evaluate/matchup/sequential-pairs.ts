import { countPairs } from "../../stats/score-counts.ts";
import { sprt, type SprtOptions, type SprtState } from "../../stats/sprt.ts";

/*
 * A sequential test over pairs that are played in concurrent blocks. Which block finishes first depends on the
 * machine, so the test evaluates blocks in the order of their numbers: after block n it has used blocks 0 to n and
 * nothing else. Blocks beyond the deciding one are dropped. So the verdict and its pairs are the same on every machine
 * at any load.
 */

/** Takes blocks of pairs in whatever order they finish, and decides in the order of their numbers. */
export class SequentialPairs {
  readonly #options: SprtOptions;
  readonly #blocks: number;
  readonly #waiting = new Map<number, readonly number[]>();
  readonly #points: number[] = [];
  #seen = 0;
  #state: SprtState;

  /** @param blocks after so many the test ends undecided */
  constructor(options: SprtOptions, blocks: number) {
    this.#options = options;
    this.#blocks = blocks;
    this.#state = sprt([0, 0, 0, 0, 0], options);
  }

  /** Where the test stands after {@link seen} blocks. */
  get state(): SprtState {
    return this.#state;
  }

  /** How many blocks the test rests on: those with smaller numbers. */
  get seen(): number {
    return this.#seen;
  }

  /** Pairs the test rests on. */
  get pairs(): number {
    return this.#points.length;
  }

  /** Whether it is decided, or every block was seen. */
  get ended(): boolean {
    return this.#state.verdict !== "continue" || this.#seen >= this.#blocks;
  }

  /**
   * Takes a block. @param points the first policy's points in each of its pairs; fewer where the host failed
   * @returns whether the test has ended
   */
  add(block: number, points: readonly number[]): boolean {
    this.#waiting.set(block, points);
    for (;;) {
      const next = this.#waiting.get(this.#seen);
      if (this.ended || next === undefined) return this.ended;
      this.#waiting.delete(this.#seen);
      this.#seen++;
      this.#points.push(...next);
      this.#state = sprt(countPairs(this.#points), this.#options);
    }
  }
}
