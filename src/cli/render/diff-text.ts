import type { RunDiff } from "../../verify/diff-runs.ts";
import { formatDivergence } from "./divergence-text.ts";
import { count } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";

const mostShown = 10;
const mostSeeds = 12;

/** Two recorded runs side by side, for people. */
export function formatDiff(dirs: readonly [string, string], diff: RunDiff, paint: Painter): string[] {
  const { same, compared, identical, samePlay, diverged, onlyFirst, onlySecond } = diff;
  const lines = [`first   ${clip(dirs[0], 200)}`, `second  ${clip(dirs[1], 200)}`, "", ...factLines(diff)];
  for (const { seed, firstDivergence } of diverged.slice(0, mostShown))
    lines.push(...formatDivergence({ seed }, firstDivergence, paint, ["first", "second"]), "");
  if (diverged.length > mostShown)
    lines.push(`… ${diverged.length - mostShown} more diverged: --json lists all`, "");
  for (const { seed, firstDivergence } of samePlay.slice(0, 1)) {
    const where = `step ${firstDivergence.step}, in ${clip(firstDivergence.field, 60)}`;
    lines.push(
      `same play, other state behind it: ${count(samePlay.length, "seed")}, first seed ${seed} at ${where}`,
    );
  }
  lines.push(...onlyLines("first", onlyFirst), ...onlyLines("second", onlySecond));
  const parts = [
    `${identical} of ${count(compared, "seed")} in both ${identical === 1 ? "has" : "have"} the same bytes`,
    ...(samePlay.length > 0 ? [`${samePlay.length} the same play`] : []),
    ...(diverged.length > 0 ? [`${diverged.length} diverged`] : []),
  ];
  return [...lines, `${same ? paint("good", "same") : paint("bad", "different")}: ${parts.join(", ")}`];
}

function factLines({ differences }: RunDiff): string[] {
  if (differences.length === 0) return ["spec, image, world and limits are the same", ""];
  return [
    "what differs between the runs:",
    ...differences.map(
      ({ what, first, second }) =>
        `  ${clip(what, 60)}: first ${clip(first ?? "none", 120)}, second ${clip(second ?? "none", 120)}`,
    ),
    "",
  ];
}

function onlyLines(which: string, seeds: readonly number[]): string[] {
  if (seeds.length === 0) return [];
  const shown = seeds.slice(0, mostSeeds).join(", ");
  return [
    `only in the ${which}: seed ${shown}${seeds.length > mostSeeds ? ` and ${seeds.length - mostSeeds} more` : ""}`,
  ];
}
