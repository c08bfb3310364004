import { SameseedError } from "../base/error.ts";
import type { RunSpec } from "../model/rollout.ts";

/** Which rollouts are meant. With either, no others are; with neither, all are. */
export interface Chosen {
  /** Of runs of seeds. */
  readonly seeds?: readonly number[];
  /** Of runs of branches: their numbers. */
  readonly branches?: readonly number[];
}

/** Rollouts that were chosen, and which of them were met. */
export class Choice {
  readonly #seeds: ReadonlySet<number> | undefined;
  readonly #branches: ReadonlySet<number> | undefined;
  readonly #met = new Set<string>();

  constructor({ seeds, branches }: Chosen) {
    this.#seeds = seeds && new Set(seeds);
    this.#branches = branches && new Set(branches);
  }

  /** Whether rollouts were named at all. */
  get isNamed(): boolean {
    return this.#seeds !== undefined || this.#branches !== undefined;
  }

  /** Whether a rollout of a run is meant. @param key its seed, or its number where the run is one of branches */
  has({ branch }: Pick<RunSpec, "branch">, key: number): boolean {
    if (!this.isNamed) return true;
    const isMeant = (branch === undefined ? this.#seeds : this.#branches)?.has(key) === true;
    if (isMeant) this.#met.add(nameOf(branch !== undefined, key));
    return isMeant;
  }

  /** @throws SameseedError `run_missing` where one was named that was not met */
  checkMet(): void {
    for (const [isBranch, keys] of [[false, this.#seeds] as const, [true, this.#branches] as const])
      for (const key of keys ?? [])
        if (!this.#met.has(nameOf(isBranch, key)))
          throw new SameseedError("run_missing", `the folder holds no ${nameOf(isBranch, key)}`, {
            hint: isBranch
              ? "--branch names branches by their numbers; --seeds names rollouts by their seeds"
              : "--seeds names rollouts by their seeds; --branch names branches by their numbers",
          });
  }
}

function nameOf(isBranch: boolean, key: number): string {
  return isBranch ? `branch ${key}` : `rollout of seed ${key}`;
}
