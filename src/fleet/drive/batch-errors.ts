import { errorCodes, type ErrorCode } from "../../base/error-codes.ts";
import { SameseedError } from "../../base/error.ts";
import type { ChunkFailure } from "../queue/dispatcher.ts";

/** What a host said, as the error that it would have been here. */
export function errorOf({ error = {} }: ChunkFailure): SameseedError {
  const { code, message, hint, context } = error;
  const known =
    typeof code === "string" && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "internal";
  return new SameseedError(known, typeof message === "string" ? message : "a host of the fleet failed", {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof context === "object" && context !== null ? { context: { ...context } } : {}),
  });
}

/** Rollouts that no host could run. */
export function lostSeeds(poison: ReadonlyMap<number, ChunkFailure>): SameseedError {
  const seeds = [...poison.keys()].sort((a, b) => a - b);
  const some = seeds.slice(0, 5).join(", ") + (seeds.length > 5 ? ", …" : "");
  const failure = [...poison.values()].find(({ error }) => error !== undefined);
  const why = failure === undefined ? "the hosts that ran them were lost" : errorOf(failure).message;
  return new SameseedError(
    "sandbox_failed",
    `${seeds.length} rollouts could not be run (seeds ${some}): ${why}`,
    {
      hint: "all others are recorded; the store has a note of each below poison/",
      context: { seeds: seeds.slice(0, 1000) },
    },
  );
}

/** Seeds that were neither taken nor given up: some record was not of the chunk that it stood for. */
export function unaccountedSeeds(seeds: readonly number[]): SameseedError {
  return new SameseedError(
    "internal",
    `${seeds.length} rollouts of the batch were neither run nor given up`,
    {
      context: { seeds: seeds.slice(0, 1000) },
    },
  );
}

/** Seeds that the store has nothing of, where nothing may be run. */
export function unrecordedSeeds(seeds: readonly number[]): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `the run has no certificate: ${seeds.length} of its rollouts have no record of a trusted host in the fleet's store`,
    {
      hint: "record it anew with another --out (what trusted hosts made is taken from the store), or look with `sameseed verify`",
      context: { seeds: seeds.slice(0, 1000) },
    },
  );
}

/** Scores that no trusted host's record stands for, where a host is quarantined: they may be its. */
export function withoutRecord(numbers: readonly number[]): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `${numbers.length} scores have no record of a trusted host in the fleet's store`,
    {
      hint: "the same command scores them again",
      context: { numbers: numbers.slice(0, 1000), takenBack: true },
    },
  );
}

/** Rows were taken of a host that was found out meanwhile. */
export function takenFrom(host: string): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `the host ${host} is quarantined, and some of what is recorded is its`,
    {
      hint: "the same command runs what it made again",
      context: { host, takenBack: true },
    },
  );
}

/** The certificate counts second executions that were not decided: those that ended after the batch had taken the first. */
export function contradicted(mismatches: number): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `${mismatches} second executions of the run's chunks gave something else; its certificate does not hold`,
    {
      hint: "`sameseed fleet audit URL RUN` lets a third host decide, and writes the certificate anew",
      context: { mismatches },
    },
  );
}
