/** How long a chunk should take on a lane: short beside a person's patience, long beside what a chunk costs. */
const targetMs = 3_000;
/** The most bytes a pack should have. */
const packBytesMost = 32 * 2 ** 20;
/** How fast chunks may grow: what a rollout costs is not known before some were run. */
const growth = 8;
/** How much the newest chunk counts in what a rollout is expected to cost. */
const newest = 0.3;

/** Decides how many rollouts the next chunk has, from what the last ones cost. */
export class ChunkSizes {
  #msPerRollout: number | undefined;
  #bytesPerRollout = 0;
  #largest = 0;

  /** A chunk came back. */
  learn({
    rollouts,
    wallMs,
    bytes,
  }: {
    readonly rollouts: number;
    readonly wallMs: number;
    readonly bytes: number;
  }): void {
    const ms = Math.max(wallMs, 1) / rollouts;
    this.#msPerRollout = this.#msPerRollout === undefined ? ms : mix(this.#msPerRollout, ms);
    this.#bytesPerRollout =
      this.#bytesPerRollout === 0 ? bytes / rollouts : mix(this.#bytesPerRollout, bytes / rollouts);
    this.#largest = Math.max(this.#largest, rollouts);
  }

  /**
   * @param left rollouts that are in no chunk yet: what is left at the end is cut small, so that hosts finish together
   * @param lanes all lanes of the fleet
   */
  next(left: number, lanes: number): number {
    if (this.#msPerRollout === undefined) return 1;
    const byTime = Math.round(targetMs / this.#msPerRollout);
    const byBytes = Math.floor(packBytesMost / Math.max(this.#bytesPerRollout, 1));
    const byRest = Math.ceil(left / (2 * Math.max(lanes, 1)));
    return Math.max(1, Math.min(byTime, byBytes, byRest, growth * this.#largest));
  }
}

function mix(before: number, now: number): number {
  return (1 - newest) * before + newest * now;
}
