import { SameseedError } from "../../base/error.ts";

/** The most seeds one run may have; more would make its `run.json` too large to be read. */
export const maxSeeds = 10_000_000;

const largestSeed = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Reads a list of seeds and ranges, such as `42..45` (both ends included), `1,5,9` or `1..3,10`.
 * @returns each seed once, in ascending order
 * @throws `bad_argument`
 */
export function parseSeeds(text: string): number[] {
  const ranges = text.split(",").map((part) => parseRange(part.trim(), text));
  const count = ranges.reduce((sum, { first, last }) => sum + (last - first + 1), 0);
  if (count > maxSeeds) {
    throw refused(`${text} names ${count} seeds; a run may have ${maxSeeds}`, "split it into several runs");
  }
  const seeds = new Float64Array(count);
  let filled = 0;
  for (const { first, last } of ranges) {
    for (let seed = first; seed <= last; seed++) {
      seeds[filled++] = seed;
      // Beyond 2^53 - 1 adding one changes nothing.
      if (seed === Number.MAX_SAFE_INTEGER) break;
    }
  }
  return Array.from(seeds.sort()).filter((seed, at, all) => seed !== all[at - 1]);
}

/**
 * Reads one seed: a whole number from 0 to 2^53 - 1.
 * @throws `bad_argument`
 */
export function parseSeed(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw refused(
      text === "" ? "a seed is missing" : `${JSON.stringify(text)} is not a seed`,
      "a seed is a whole number from 0 to 9007199254740991 (2^53 - 1)",
    );
  }
  if (BigInt(text) > largestSeed) {
    throw refused(`seed ${text} is beyond 2^53 - 1`, "use a seed from 0 to 9007199254740991");
  }
  return Number(text);
}

function parseRange(part: string, whole: string): { readonly first: number; readonly last: number } {
  const ends = part.split("..");
  if (part === "" || ends.length > 2 || ends.some((end) => !/^\d+$/.test(end))) {
    const where = part === whole || part === "" ? "" : ` in ${JSON.stringify(whole)}`;
    throw refused(
      part === ""
        ? `a seed is missing in ${JSON.stringify(whole)}`
        : `${JSON.stringify(part)} is not a seed or a range of seeds${where}`,
      "write 42..45 for the seeds 42 to 45, or 1,5,9 for single ones; a seed is a whole number from 0 to 2^53 - 1",
    );
  }
  const first = parseSeed(ends[0]!);
  const last = parseSeed(ends.at(-1)!);
  if (first > last)
    throw refused(`the range ${part} is reversed`, `write ${last}..${first}: the smaller seed comes first`);
  return { first, last };
}

function refused(message: string, hint: string): SameseedError {
  return new SameseedError("bad_argument", message, { hint });
}
