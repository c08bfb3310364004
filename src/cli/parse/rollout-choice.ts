import { Option } from "commander";

import { SameseedError } from "../../base/error.ts";
import type { RunSpec } from "../../model/rollout.ts";
import { parseSeed } from "./seeds.ts";

/** Which rollout of a run a command line names. */
export interface RolloutChoice {
  readonly seed?: number;
  readonly branch?: number;
}

/** `--seed N` and `--branch I`: one rollout of a run. */
export function rolloutOptions(): Option[] {
  return [
    new Option("--seed <N>", "the seed of the rollout").argParser(parseSeed),
    new Option("--branch <I>", "the number of the branch, where the run is one of branches").argParser(
      parseNumber,
    ),
  ];
}

/**
 * The key of the rollout that is meant.
 * @throws `bad_argument` where none is named, or one that such a run cannot have
 */
export function rolloutKey(spec: RunSpec, { seed, branch }: RolloutChoice): number {
  if (spec.branch === undefined) {
    if (branch !== undefined)
      throw new SameseedError("bad_argument", "--branch names a branch, and the run holds none", {
        hint: "name a rollout with --seed",
      });
    if (seed !== undefined) return seed;
    throw new SameseedError("bad_argument", "the option '--seed <N>' is missing", {
      hint: "name one of the run's seeds",
    });
  }
  const [own] = spec.seeds;
  if (seed !== undefined && seed !== own)
    throw new SameseedError("bad_argument", `the branches of the run are of seed ${own}, not ${seed}`);
  if (branch !== undefined) return branch;
  throw new SameseedError("bad_argument", "the option '--branch <I>' is missing", {
    hint: `name one of the run's branches: 0 to ${spec.branch.reseeds.length - 1}`,
  });
}

/**
 * Reads a whole number from 0 on.
 * @throws `bad_argument`
 */
export function parseNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new SameseedError("bad_argument", `${JSON.stringify(text)} is not a whole number from 0 on`);
}
