import type { RewardSum } from "../../model/reward-sum.ts";
import { printable } from "./safe-text.ts";

/** A number for people: at most six digits that count; whole numbers whole. */
export function formatNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}

/** A sum of rewards for people: numbers as {@link formatNumber} writes them, at most four; a dash where there is none. */
export function formatReward(sum: RewardSum): string {
  if (sum === null) return "–";
  if (typeof sum === "number") return formatNumber(sum);
  const isList = Array.isArray(sum);
  const parts = isList
    ? sum.map(formatReward)
    : Object.entries(sum).map(([key, item]) => `${printable(key)}: ${formatReward(item)}`);
  const shown = [...parts.slice(0, 4), ...(parts.length > 4 ? ["…"] : [])].join(", ");
  return isList ? `[${shown}]` : `{${shown}}`;
}

/** A rate a second for people. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return `${Math.round(perSecond)}`;
  return perSecond.toFixed(perSecond >= 10 ? 1 : 2);
}

/** A duration for people, from milliseconds. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (count: number): string => String(count).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** A count with its noun, such as `1 rollout` and `2 rollouts`. */
export function count(number: number, noun: string, plural: string = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** A size for people, from bytes. */
export function formatBytes(bytes: number): string {
  const mebibytes = bytes / (1024 * 1024);
  return mebibytes >= 1024 ? `${(mebibytes / 1024).toFixed(1)} GiB` : `${mebibytes.toFixed(1)} MiB`;
}
