import { availableParallelism } from "node:os";
import { Option } from "commander";

import { defaultImageName } from "../../image/default-image.ts";
import { defaultLimits, maxLimitMs, type Limits } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { wholeNumber } from "../parse/whole-number.ts";

/** Options that several commands have, each worded once. */
export interface PlacementOptions {
  readonly image: string;
  readonly cold?: true;
}

/** The limits a command line can set. */
export interface LimitOptions {
  readonly wallMs?: number;
  readonly cpuMs?: number;
  readonly memoryMb?: number;
}

/** `--image NAME`. */
export function imageOption(): Option {
  return new Option("--image <NAME>", "the image to run in: its name or digest").default(defaultImageName);
}

/** `--cold`. */
export function coldOption(): Option {
  return new Option(
    "--cold",
    "start an interpreter of its own for each sandbox instead of forking a warm one (slower, same bytes)",
  );
}

/** `--world MODE`. @param standard what holds where it is not given */
export function worldOption(standard: WorldMode): Option {
  return new Option(
    "--world <WORLD>",
    "sealed: clock, waits, entropy, file order and names follow from the seed; host: they are the machine's",
  )
    .choices(["sealed", "host"])
    .default(standard);
}

/** `--concurrency N`. */
export function concurrencyOption(): Option {
  return new Option(
    "--concurrency <N>",
    `how many run at one time (default: ${2 * availableParallelism()}, twice the processors)`,
  ).argParser(wholeNumber({ option: "--concurrency", unit: "rollouts", max: 1024 }));
}

/** `--wall-ms N`. @param defaultMs what holds where it is not given */
export function wallOption(what: string, defaultMs: number): Option {
  return new Option(
    "--wall-ms <N>",
    `how long ${what} may take in milliseconds (default: ${defaultMs})`,
  ).argParser(wholeNumber({ option: "--wall-ms", unit: "milliseconds", max: maxLimitMs }));
}

/** `--cpu-ms N`. */
export function cpuOption(): Option {
  return new Option(
    "--cpu-ms <N>",
    `how much processor time a sandbox may use in milliseconds (default: ${defaultLimits.cpuMs})`,
  ).argParser(wholeNumber({ option: "--cpu-ms", unit: "milliseconds", max: maxLimitMs }));
}

/** `--memory-mb N`. */
export function memoryOption(): Option {
  return new Option(
    "--memory-mb <N>",
    `how much memory a sandbox may use in MiB (default: ${defaultLimits.memoryMb})`,
  ).argParser(wholeNumber({ option: "--memory-mb", unit: "MiB", max: 1024 * 1024 }));
}

/** `--json`. */
export function jsonOption(what: string): Option {
  return new Option("--json", `print ${what}`);
}

/** The limits that were given, and no others. */
export function givenLimits({ wallMs, cpuMs, memoryMb }: LimitOptions): Partial<Limits> {
  return {
    ...(wallMs === undefined ? {} : { wallMs }),
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
  };
}

/** Puts the values of an option that may be repeated together. */
export function collect<T>(
  parse: (text: string) => T,
): (text: string, previous: readonly T[]) => readonly T[] {
  return (text, previous) => [...previous, parse(text)];
}
