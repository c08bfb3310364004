/*
 * What a test may hold. A sandbox takes so many bytes and no more; a solution's part and an answer's are set aside before there is
 * any solution, so that none can be so large that its test cannot be run.
 */
import { jobBytesMax } from "../sandbox/job.ts";

/** The most bytes of a solution's files. */
const solutionMost = 8 << 20;
/** The most bytes of their names, as a sandbox is told them. */
const namesMost = 1 << 20;

/** For the runtime's own part of what a sandbox is given. */
const ownPart = 1 << 20;

/** Why a solution of so many bytes is not run; undefined where it is. */
export function tooLargeSolution(
  files: readonly { readonly path: string; readonly data: Uint8Array }[],
): string | undefined {
  let bytes = 0;
  let names = 0;
  for (const { path, data } of files) {
    bytes += data.length;
    // A character may be written as an escape of six, and words stand around it.
    names += 6 * path.length + 64;
  }
  if (bytes > solutionMost) return `the solution has ${bytes} bytes, where at most ${solutionMost} are run`;
  return names > namesMost ? `the solution has ${files.length} files, whose names are too long` : undefined;
}

/**
 * What is wrong with a test whose input has so many bytes; undefined where it fits beside a solution, and beside what its checker is given.
 *
 * @param besides bytes of what a checker is given besides: itself and the longest answer; 0 without a checker
 */
export function tooLargeInput(name: string, bytes: number, besides: number): string | undefined {
  const forSolution = solutionMost + namesMost;
  const most = jobBytesMax - ownPart - Math.max(forSolution, besides);
  const rest = besides > forSolution ? "what its checker is given" : "a solution";
  return bytes > most
    ? `test ${name} has an input of ${bytes} bytes, where at most ${Math.max(most, 0)} fit beside ${rest}`
    : undefined;
}
