import type { ImageDifference } from "../../model/image-manifest.ts";
import type { JsonValue } from "../../model/json.ts";
import type { Divergence } from "../../model/trajectory.ts";
import type { RolloutName } from "../../verify/verify-run.ts";
import { count } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";
import { jsonText } from "./json-text.ts";

const mostCharacters = 160;
/** Up to here a distance hints at rounding; beyond, the values themselves say more. */
const mostUlps = 1000;

/** Where a rollout parted from its recording, for people. @param sides what the two are called */
export function formatDivergence(
  name: RolloutName,
  divergence: Divergence,
  paint: Painter,
  sides: readonly [string, string] = ["recorded", "now"],
): string[] {
  const { step, field, path, ulps, differing, agreeing } = divergence;
  const isClose = ulps !== undefined && ulps <= mostUlps;
  const apart = isClose ? paint("dim", `, ${count(ulps, "unit")} in the last place apart`) : "";
  const side = (value: JsonValue, type: string): string =>
    `${valueText(value, type)} ${paint("dim", clip(type, 60))}`;
  const rows: [string, string][] = [
    ["path", clip(path, mostCharacters)],
    [sides[0], side(divergence.expected, divergence.expectedType)],
    [sides[1], side(divergence.actual, divergence.actualType) + apart],
    ["differ", differing.length === 0 ? "nothing" : clip(differing.join(", "), mostCharacters)],
    ["agree", agreeing.length === 0 ? "nothing" : clip(agreeing.join(", "), mostCharacters)],
  ];
  return [
    `${nameText(name)} ${paint("bad", "diverged")} at ${step === 0 ? "the reset (step 0)" : `step ${step}`}, in ${clip(field, 60)}`,
    ...rows.map(([name, text]) => `  ${paint("dim", name.padEnd(8))}  ${text}`),
  ];
}

/** A rollout as its run knows it. */
export function nameText({ seed, branch }: RolloutName): string {
  return branch === undefined ? `seed ${seed}` : `branch ${branch}`;
}

/** What differs between the image of a recording and the one used now, one line each. */
export function formatImageDifferences(differences: readonly ImageDifference[]): string[] {
  return differences.map(
    ({ what, recorded, present }) =>
      `  ${clip(what, 60)}: recorded ${clip(recorded ?? "absent", 80)}, now ${clip(present ?? "absent", 80)}`,
  );
}

function valueText(value: JsonValue, type: string): string {
  return type === "absent" ? "nothing" : clip(jsonText(value), mostCharacters);
}
