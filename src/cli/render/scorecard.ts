import type { AttackRow, Scorecard } from "../../security/run-attacks.ts";
import { count } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";

const idWidth = 26;
const mostCharacters = 300;

/** One row for people: its mark, its id, what was seen; below it why it failed. */
export function formatRow({ id, seen, verdict, breaches }: AttackRow, paint: Painter): string[] {
  const mark = verdict === "pass" ? paint("good", "pass") : paint("bad", "FAIL");
  return [
    `${mark}  ${id.padEnd(idWidth)}  ${clip(seen, mostCharacters)}`,
    ...breaches.map((breach) => `      ${clip(breach, mostCharacters)}`),
  ];
}

/** What holds for all rows together, and the verdict. */
export function formatVerdict(scorecard: Scorecard, paint: Painter): string[] {
  const { backend, world, enforcedBy, rows, throughput, image, verdict } = scorecard;
  const failed = rows.filter((row) => row.verdict === "fail").length;
  const lines = [
    "",
    `backend      ${backend}, limits by ${enforcedBy}`,
    `world        ${world}`,
    ...(image === undefined ? [] : [`image        ${image}`]),
  ];
  if (throughput !== undefined) {
    const { attackedPerSecond, freshPerSecond, ratio } = throughput;
    const rates = `${attackedPerSecond.toFixed(0)} rollouts/s, ${freshPerSecond.toFixed(0)} without an attack`;
    lines.push(`throughput   ${rates} (ratio ${ratio.toFixed(2)}): ${throughput.verdict}`);
  }
  const passed = `${rows.length - failed} of ${count(rows.length, "attack")} held off`;
  return [
    ...lines,
    "",
    verdict === "pass" ? paint("good", passed) : paint("bad", `${passed}; there is a hole in the wall`),
  ];
}
