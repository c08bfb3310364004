import { Option } from "commander";

import { defaultImageName } from "../../image/default-image.ts";
import type { JsonObject } from "../../model/json.ts";
import { defaultLimits, maxLimitMs, type Limits } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import type { BackendKind } from "../../sandbox/sandbox-host.ts";
import { collectEnvArgs, parseEnvArg, type EnvArg } from "../parse/env-args.ts";
import { wholeNumber } from "../parse/whole-number.ts";

/*
 * Options that several commands have, each worded once. Whatever runs sandboxes takes `placementOptions` and `limitOptions`,
 * and `envArgOption` where it makes an environment: the same names and defaults everywhere, as in the SDK.
 */

/** Where and in which world sandboxes run. */
export interface PlacementOptions {
  readonly image: string;
  readonly backend: BackendKind;
  readonly world: WorldMode;
}

/** The limits a command line can set. */
export interface LimitOptions {
  readonly wallMs?: number;
  readonly cpuMs?: number;
  readonly memoryMb?: number;
  readonly processes?: number;
  readonly diskMb?: number;
  readonly outputBytes?: number;
}

/** `--image`, `--backend`, `--cold` and `--world`. @param world what holds where it is not given */
export function placementOptions(world: WorldMode = "sealed"): Option[] {
  return [imageOption(), ...backendOptions(), worldOption(world)];
}

/** As {@link placementOptions} for a game, whose image depends on which one it is. */
export function gamePlacementOptions(): Option[] {
  return [
    new Option(
      "--image <NAME>",
      "the image to run in: its name, its digest, or a file that `image export` wrote (default: the image the game needs)",
    ),
    ...backendOptions(),
    worldOption("sealed"),
  ];
}

/** `--image NAME`. */
export function imageOption(): Option {
  return new Option(
    "--image <NAME>",
    "the image to run in: its name, its digest, or a file that `image export` wrote",
  ).default(defaultImageName);
}

/** `--backend KIND`, and `--cold` for the slower one. */
export function backendOptions(): Option[] {
  return [backendOption("").default("zygote"), coldOption()];
}

/** The same for what was recorded: where nothing is said, it runs as it did then. */
export function rerunBackendOptions(): Option[] {
  return [backendOption(" (default: the recording's)"), coldOption()];
}

function backendOption(standard: string): Option {
  const what = "what starts sandboxes: zygote forks a warm interpreter, cold starts a new one (slower)";
  return new Option("--backend <KIND>", `${what}; the recorded bytes are the same${standard}`).choices([
    "zygote",
    "cold",
  ]);
}

function coldOption(): Option {
  return new Option("--cold", "the same as --backend cold").implies({ backend: "cold" });
}

/** `--world MODE`. @param standard what holds where it is not given */
export function worldOption(standard: WorldMode): Option {
  return new Option(
    "--world <WORLD>",
    "sealed: clock, waits, entropy, file order and names follow from the seed; host: they are the host's",
  )
    .choices(["sealed", "host"])
    .default(standard);
}

/** `--env-arg KEY=JSON`, which may be repeated; {@link collectEnvArgs} puts them together. */
export function envArgOption(): Option {
  return new Option(
    "--env-arg <KEY=JSON>",
    "an argument of the environment's constructor; may be repeated. A plain word needs no quotes: map_name=8x8",
  )
    .argParser(collect(parseEnvArg))
    .default([], "none");
}

/** `--mode MODE`. */
export function modeOption(): Option {
  return new Option(
    "--mode <MODE>",
    "state of a policy from source: keep it through one game, or restart with a fresh process for each move",
  )
    .choices(["keep", "restart"])
    .default("keep");
}

/** `--max-steps`. @param what what N bounds */
export function maxStepsOption(what: string): Option {
  return new Option("--max-steps <N>", what).argParser(
    wholeNumber({ option: "--max-steps", unit: "steps", max: Number.MAX_SAFE_INTEGER }),
  );
}

/** `--volatile-info`. */
export function volatileInfoOption(): Option {
  return new Option(
    "--volatile-info <KEY>",
    "an info key that differs from run to run, such as episode.t: recorded, but not compared; may be repeated",
  )
    .argParser(collect((key) => key))
    .default([], "none");
}

/** `--concurrency N`. */
export function concurrencyOption(): Option {
  return new Option(
    "--concurrency <N>",
    "rollouts that run at the same time (default: twice the processors)",
  ).argParser(wholeNumber({ option: "--concurrency", unit: "rollouts", max: 1024 }));
}

/** `--concurrency N` of what runs tests. */
export function testConcurrencyOption(): Option {
  return new Option(
    "--concurrency <N>",
    "tests that run at the same time (default: one more than the processors)",
  ).argParser(wholeNumber({ option: "--concurrency", unit: "tests", max: 1024 }));
}

/**
 * One option for each of {@link Limits}.
 * @param what whose wall time it is
 * @param defaults what holds where nothing is given and it is not {@link defaultLimits}
 */
export function limitOptions(what: string, defaults: Partial<Limits> = {}): Option[] {
  const standard = { ...defaultLimits, ...defaults };
  const limit = (option: string, text: string, unit: string, max: number, value: number): Option =>
    new Option(`${option} <N>`, `${text} (default: ${value})`)
      .argParser(wholeNumber({ option, unit, max }))
      .helpGroup("Limits of each sandbox:");
  const { wallMs, cpuMs, memoryMb, processes, diskMb, outputBytes } = standard;
  return [
    limit("--wall-ms", `wall time of ${what} in milliseconds`, "milliseconds", maxLimitMs, wallMs),
    limit("--cpu-ms", "CPU time in milliseconds", "milliseconds", maxLimitMs, cpuMs),
    limit("--memory-mb", "memory in MiB", "MiB", 1024 * 1024, memoryMb),
    limit("--processes", "processes and threads at the same time", "processes", 32_768, processes),
    limit("--disk-mb", "size of /tmp in MiB", "MiB", 1024 * 1024, diskMb),
    limit("--output-bytes", "bytes sent to the host", "bytes", 2 ** 31, outputBytes),
  ];
}

/** `--json`. */
export function jsonOption(what: string): Option {
  return new Option("--json", `print ${what}`);
}

/** `--ndjson`, which excludes `--json`. */
export function ndjsonOption(what: string): Option {
  return new Option("--ndjson", what).conflicts("json");
}

/** The limits that were given, and no others. */
export function givenLimits(options: LimitOptions): Partial<Limits> {
  const { wallMs, cpuMs, memoryMb, processes, diskMb, outputBytes } = options;
  const given = { wallMs, cpuMs, memoryMb, processes, diskMb, outputBytes };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What a command line says of where games run and of what their environment is made. */
export interface GameRunOptions extends Omit<PlacementOptions, "image">, LimitOptions {
  readonly image?: string;
  readonly envArg: readonly EnvArg[];
}

/** {@link GameRunOptions} as the SDK takes them. */
export function gameRun(options: GameRunOptions): {
  readonly image?: string;
  readonly backend: BackendKind;
  readonly world: WorldMode;
  readonly limits?: Partial<Limits>;
  readonly envArgs?: JsonObject;
} {
  const { image, backend, world } = options;
  const limits = givenLimits(options);
  const envArgs = collectEnvArgs(options.envArg);
  return {
    ...(image === undefined ? {} : { image }),
    backend,
    world,
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(envArgs).length === 0 ? {} : { envArgs }),
  };
}

/** Every option that {@link GameRunOptions} are read from. @param wall what `--wall-ms` is of, and its default */
export function gameRunOptions(wall: { readonly of: string; readonly ms?: number }): Option[] {
  return [
    envArgOption(),
    ...gamePlacementOptions(),
    ...limitOptions(wall.of, wall.ms === undefined ? {} : { wallMs: wall.ms }),
  ];
}

/** Puts the values of an option that may be repeated together. */
export function collect<T>(
  parse: (text: string) => T,
): (text: string, previous: readonly T[]) => readonly T[] {
  return (text, previous) => [...previous, parse(text)];
}
