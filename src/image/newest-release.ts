import { lastLines, runTool } from "./run-tool.ts";
import type { Pip } from "./pip.ts";

/** A package of which another version was chosen than the newest. */
export interface OlderChoice {
  readonly name: string;
  readonly chosen: string;
  readonly newest: string;
}

/**
 * The newest release of a package that this Python may use, of any kind of file; undefined where pip does not tell.
 *
 * @param sources - Where packages come from, as arguments for pip.
 */
export async function newestRelease(
  { executable, signal, workFolder: cwd }: Pip,
  name: string,
  sources: readonly string[],
): Promise<string | undefined> {
  // Not quietly: pip then says nothing at all.
  const args = ["-m", "pip", "index", "versions", "--disable-pip-version-check", "--no-input", ...sources];
  const run = await runTool(executable, [...args, "--", name], { signal, cwd });
  if (run.exitCode !== 0) return undefined;
  return /^\S+ \(([A-Za-z0-9.!+_-]+)\)/.exec(lastLines(run.stdout, 10).trimStart())?.[1];
}

/**
 * What is said of a version that was not chosen though it is newer.
 *
 * @param refusal - Why it could not be had; null where it was not tried, because it may not be built.
 */
export function olderNote({ name, chosen, newest }: OlderChoice, refusal: string | null): string {
  const why =
    refusal === null
      ? `${newest} has no wheel for this Python, or does not go with the other packages`
      : `${newest} was tried, and ${refusal}`;
  return `${name} ${chosen} is not the newest: ${why}`;
}
