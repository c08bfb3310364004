import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { FactorId } from "../../../src/verify/audit/audit-world.ts";

/*
 * Small environments with one fault each: every one lets one thing of the world into what it shows, at one step and in
 * one line, which carries the mark below. Sealed, they give the same bytes in every run; an audit names the fault.
 */

/** One environment and what is wrong with it. */
export interface PlantedBug {
  /** The file's name without `.py`; its class is `Planted`. */
  readonly name: string;
  /** What an audit must name. */
  readonly factor: FactorId | "network";
  /** The first record that differs; 0 where a generator differs from the reset on, before anything shows. */
  readonly step: number;
  /** What it is refused with, where the sealed world refuses it instead of answering the same each time. */
  readonly refused?: RegExp;
}

const mark = "# planted";

/** All of them. */
export const plantedBugs: readonly PlantedBug[] = [
  { name: "wall_clock", factor: "clock", step: 4 },
  { name: "monotonic_clock", factor: "clock", step: 5 },
  { name: "datetime_default", factor: "clock", step: 6 },
  { name: "sleep_dependent", factor: "clock", step: 3 },
  { name: "busy_wait", factor: "clock", step: 4 },
  { name: "asyncio_timeout", factor: "clock", step: 4 },
  { name: "subprocess_output", factor: "clock", step: 5 },
  { name: "uuid_1", factor: "clock", step: 3 },
  { name: "os_urandom", factor: "entropy", step: 4 },
  { name: "device_file", factor: "entropy", step: 5 },
  { name: "uuid_4", factor: "entropy", step: 2 },
  { name: "secret_token", factor: "entropy", step: 5 },
  { name: "random_unseeded", factor: "entropy", step: 0 },
  { name: "numpy_unseeded", factor: "entropy", step: 4 },
  { name: "default_rng", factor: "entropy", step: 4 },
  { name: "system_random", factor: "entropy", step: 5 },
  { name: "tempfile_name", factor: "entropy", step: 3 },
  { name: "unseeded_space", factor: "entropy", step: 5 },
  { name: "set_of_strings", factor: "hash-seed", step: 3 },
  { name: "hash_of_string", factor: "hash-seed", step: 4 },
  { name: "set_of_objects", factor: "addresses", step: 4 },
  { name: "id_sorted", factor: "addresses", step: 5 },
  { name: "repr_address", factor: "addresses", step: 2 },
  { name: "listdir_order", factor: "directory-order", step: 3 },
  { name: "mtime_order", factor: "inode-mtime", step: 4 },
  { name: "inode_number", factor: "inode-mtime", step: 4 },
  { name: "process_id", factor: "pid", step: 5 },
  { name: "host_name", factor: "names", step: 4 },
  { name: "home_folder", factor: "names", step: 4 },
  { name: "cpu_count", factor: "cpu-count", step: 6 },
  { name: "locale_format", factor: "locale", step: 4 },
  { name: "time_zone", factor: "time-zone", step: 3 },
  { name: "environment_variable", factor: "environment", step: 4 },
  { name: "working_folder", factor: "cwd", step: 5 },
  { name: "file_mode", factor: "umask", step: 4 },
  { name: "descriptor_number", factor: "descriptors", step: 4 },
  { name: "thread_race", factor: "thread-switch", step: 3 },
  { name: "thread_race_io", factor: "thread-switch", step: 4 },
  { name: "survives_reset", factor: "earlier-episode", step: 4 },
  { name: "blas_threads", factor: "blas-threads", step: 3 },
  { name: "simd_float", factor: "numerics", step: 4 },
  { name: "collected_garbage", factor: "garbage-collection", step: 7 },
  { name: "network_attempt", factor: "network", step: 4, refused: /Network is unreachable/ },
  { name: "memory_limit", factor: "memory-limit", step: 3 },
  { name: "float_environment", factor: "float-environment", step: 6 },
];

/** Environments with nothing wrong: one asks the world for nothing, one for much of which nothing shows. */
export const cleanEnvironments: readonly {
  readonly name: string;
  readonly verdict: "pure" | "virtualised";
}[] = [
  { name: "pure", verdict: "pure" },
  { name: "virtualised", verdict: "virtualised" },
];

/** More actions than any of them takes. */
export const plantedActions: readonly number[] = Array.from({ length: 12 }, () => 0);

/** `path/to/NAME.py:Planted`. */
export function plantedEnvironment(name: string): string {
  return `${plantedPath(name)}:Planted`;
}

/** The line that lets the world in, from 1. */
export function plantedLine(name: string): number {
  const lines = readFileSync(plantedPath(name), "utf8").split("\n");
  const marked = lines.flatMap((line, at) => (line.includes(mark) ? [at + 1] : []));
  if (marked.length !== 1) throw new Error(`${name}.py has ${marked.length} marked lines`);
  return marked[0]!;
}

function plantedPath(name: string): string {
  return join(import.meta.dirname, `${name}.py`);
}
