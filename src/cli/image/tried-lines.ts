import { systemLibraryFix } from "../../image/system-library.ts";
import { defaultLimits } from "../../model/limits.ts";
import type { TriedPackage } from "./try-packages.ts";

/** What came of trying a package, for a person: one line, and one more where it is known how to mend it. */
export function triedLines(
  { package: name, environment, environments, call, outcome, steps, memoryMb, problem, fix }: TriedPackage,
  image: string,
): string[] {
  if (problem !== null) {
    const what = environment === null ? "cannot be imported" : `${environment} could not be played`;
    const packaged = fix === null ? undefined : `\`${fix}\` builds it with what is missing`;
    const mend = systemLibraryFix(problem) ?? packaged;
    return [`${name}: ${what}: ${problem}`, ...(mend === undefined ? [] : [`  fix: ${mend}`])];
  }
  if (environment === null) {
    const registers = `${name}: registers no environment`;
    return [
      call === null
        ? `${registers}; its classes can be used from a FILE.py:Class environment`
        : `${registers} before ${call} is called: import it and call that in a file, and run FILE.py:Id`,
    ];
  }
  const more = environments === 1 ? "" : `, one of ${environments}`;
  const memory = memoryMb === defaultLimits.memoryMb ? "" : ` --memory-mb ${memoryMb}`;
  return [
    `${name}: played ${environment}${more}: ${outcome} after ${steps} steps (sameseed run ${environment} --image ${image}${memory})`,
  ];
}
