import { elementReader } from "./cbor/elements.ts";
import type { CborValue } from "./cbor/value.ts";

/**
 * The rewards of a rollout added up: a number for numbers, nested lists for arrays and lists, an object for dicts (one number
 * for each agent, say). Null where they have no sum; a warning of the rollout then says why.
 */
export type RewardSum =
  | number
  | null
  | readonly RewardSum[]
  | {
      readonly [key: string]: RewardSum;
    };

/** Adds two sums of one shape, an entry that only one of them has counting as it is; null where they do not fit. */
export function addRewards(a: RewardSum, b: RewardSum): RewardSum {
  if (typeof a === "number" || typeof b === "number")
    return typeof a === "number" && typeof b === "number" ? a + b : null;
  if (a === null || b === null || isList(a) !== isList(b)) return null;
  if (isList(a)) {
    const other = b as readonly RewardSum[];
    return a.length === other.length ? whole(a.map((item, at) => addRewards(item, other[at] ?? null))) : null;
  }
  const sums = new Map(Object.entries(a));
  for (const [key, value] of Object.entries(b)) {
    const before = sums.get(key);
    sums.set(key, before === undefined ? value : addRewards(before, value));
  }
  return [...sums.values()].includes(null) ? null : Object.fromEntries(sums);
}

/** The sum with one more reward. @param sum undefined where there is no reward before it */
export function withReward(sum: RewardSum | undefined, reward: RewardSum): RewardSum {
  return sum === undefined ? mapRewards(reward, (value) => 0 + value) : addRewards(sum, reward);
}

/**
 * The sum with the reward of one more recorded step, by the rules by which a sandbox adds them up (`python/sameseed/play/rewards.py`):
 * a reward of too many numbers, nested too deep or with keys that are no names has no sum.
 * @param sum undefined where there is no reward before it
 */
export function withRecorded(sum: RewardSum | undefined, reward: CborValue): RewardSum {
  return withReward(sum, isAddable(reward) ? rewardOf(reward) : null);
}

/** A sum with every number in it changed. */
export function mapRewards(sum: RewardSum, change: (value: number) => number): RewardSum {
  if (sum === null) return null;
  if (typeof sum === "number") return change(sum);
  if (isList(sum)) return sum.map((item) => mapRewards(item, change));
  return Object.fromEntries(Object.entries(sum).map(([key, item]) => [key, mapRewards(item, change)]));
}

/** The sum as one number; NaN where it is anything else. */
export function scalarReward(sum: RewardSum): number {
  return typeof sum === "number" ? sum : Number.NaN;
}

/** A recorded reward, or a recorded sum of them; null where it holds anything but numbers. */
export function rewardOf(value: CborValue): RewardSum {
  switch (value.type) {
    case "float":
      return value.value;
    case "int":
      return Number(value.value);
    case "bool":
      return Number(value.value);
    case "list":
    case "tuple":
      return whole(value.items.map(rewardOf));
    case "map": {
      const entries = value.entries.map(([key, item]) => [key, rewardOf(item)] as const);
      const isWhole = entries.every(([key, item]) => item !== null && key !== "__proto__");
      return isWhole ? Object.fromEntries(entries) : null;
    }
    case "ndarray": {
      const read = elementReader(value);
      const count = value.shape.reduce((product, size) => product * size, 1);
      const numbers = Array.from({ length: count }, (_, at) => Number(read(at)));
      return count === 1 ? numbers[0]! : shaped(numbers, value.shape);
    }
    case "typed":
      return rewardOf(value.value);
    case "null":
    case "text":
    case "bytes":
    case "set":
    case "frozenset":
    case "pairs":
    case "namedtuple":
    case "dataclass":
    case "enum":
    case "stringarray":
    case "opaque":
      break;
  }
  return null;
}

/** The most numbers of one reward that are added up, how deep they may be nested, and the longest name of one. */
const numbersMost = 4096;
const deepest = 8;
const longestName = 200;

function isAddable(reward: CborValue): boolean {
  const left = { numbers: numbersMost };
  return isWithin(reward, left, 0) && left.numbers >= 0;
}

function isWithin(value: CborValue, left: { numbers: number }, depth: number): boolean {
  if (depth > deepest || left.numbers < 0) return false;
  if (value.type === "list" || value.type === "tuple")
    return value.items.every((item) => isWithin(item, left, depth + 1));
  if (value.type === "map")
    return value.entries.every(
      ([key, item]) => Array.from(key).length <= longestName && isWithin(item, left, depth + 1),
    );
  left.numbers -= value.type === "ndarray" ? value.shape.reduce((product, size) => product * size, 1) : 1;
  return true;
}

function shaped(numbers: readonly number[], shape: readonly number[]): RewardSum {
  const [size, ...inner] = shape;
  if (size === undefined) return numbers[0] ?? null;
  const each = numbers.length / Math.max(size, 1);
  return Array.from({ length: size }, (_, at) => shaped(numbers.slice(at * each, (at + 1) * each), inner));
}

function whole(items: readonly RewardSum[]): RewardSum {
  return items.includes(null) ? null : items;
}

function isList(sum: RewardSum): sum is readonly RewardSum[] {
  return Array.isArray(sum);
}
