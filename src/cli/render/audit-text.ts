import type { JsonValue } from "../../model/json.ts";
import type { AuditRow } from "../../verify/audit/audit-all.ts";
import {
  isReproducible,
  type AuditCause,
  type AuditReport,
  type AuditUnlocated,
} from "../../verify/audit/audit-report.ts";
import { factorsOf } from "../../verify/audit/factors.ts";
import { jsonText } from "./json-text.ts";
import { count, formatNumber } from "./numbers.ts";
import { imageText } from "./run-text.ts";
import { clip, type Painter } from "./style.ts";

const mostCharacters = 160;
const mostCauses = 10;

const meanings: Readonly<Record<AuditReport["verdict"], string>> = {
  pure: "equal bytes in every world, and nothing was asked of it",
  virtualised: "equal bytes in every world, although the environment asked for something",
  sensitive: "another world gives other bytes",
  broken: "two rollouts in the same world differ",
};

/** An audit for people. */
export function formatAudit(report: AuditReport, paint: Painter): string[] {
  const { env, verdict, causes, worlds, seeds, image, imageDigest, tier, world, cost } = report;
  const head = [
    paint("strong", clip(env, 200)),
    `seed${seeds.length === 1 ? "" : "s"} ${clip(seeds.join(", "), 60)}`,
    `${world} world, ${tier === "none" ? "no tier" : tier}`,
    imageText(image, imageDigest.replace("sha256:", "")),
  ];
  const tried = worlds.filter(({ how, factor }) => how !== "not tried" && factor !== "everything");
  const untried = worlds.filter(({ how }) => how === "not tried").map(({ factor }) => factor);
  const shown = causes.slice(0, mostCauses);
  return [
    head.join(" · "),
    "",
    ...shown.flatMap((cause, at) => [...formatCause(cause, at, causes.length, paint), ""]),
    ...(causes.length > shown.length
      ? [`… ${causes.length - shown.length} more causes: --json lists all`, ""]
      : []),
    `steps    ${report.rollouts.map(({ steps, outcome }) => `${steps} (${outcome})`).join(", ")}`,
    `worlds   ${tried.length} tried in ${count(cost.rollouts, "rollout")}, ${tried.filter(({ equal }) => equal).length} equal${differing(report)}`,
    ...(untried.length === 0 ? [] : [`         not tried: ${untried.join(", ")}`]),
    `asked    ${formatLedger(report)}`,
    `${paint(isReproducible(verdict) ? "good" : "bad", verdict)}: ${summary(report)}`,
  ];
}

/** One line on an environment of `audit --all`. */
export function formatAuditRow(row: AuditRow, paint: Painter): string {
  if ("skipped" in row) return `${paint("dim", "skipped")} ${clip(row.env, 80)}: ${clip(row.skipped, 160)}`;
  if ("failed" in row) return `${paint("bad", "failed")} ${clip(row.env, 80)}: ${clip(row.failed, 160)}`;
  const { verdict, causes } = row.report;
  const why = causes.length === 0 ? "" : `: ${causes.map(({ factor }) => factor).join(", ")}`;
  return `${paint(isReproducible(verdict) ? "good" : "bad", verdict)} ${clip(row.env, 80)}${why}`;
}

/** What a cause is, in a few words. */
export function describeFactor(factor: string): string {
  if (factor === "baseline") return "two rollouts in the same world differ";
  if (factor === "everything")
    return "only a world with every factor changed gave other bytes, and not every time";
  if (factor === "network") return "it asks for the network, which no sandbox has";
  if (factor === "fault") return "there is no complete episode to compare";
  return `it depends on ${factorsOf(factor)
    .map(({ what }) => what)
    .join(", together with ")}`;
}

function summary({ verdict, causes, world }: AuditReport): string {
  const [first] = causes;
  if (verdict === "virtualised" && world === "host")
    return "equal bytes in every world that was tried; what was asked of the host's world is not known";
  if (first === undefined) return meanings[verdict];
  const more = causes.length > 1 ? `, and ${count(causes.length - 1, "more cause")}` : "";
  return `${describeFactor(first.factor)}${more}`;
}

const whyUnlocated: Readonly<Record<AuditUnlocated, string>> = {
  "traces-equal": "the traces of both worlds are equal",
  "trace-cut":
    "the trace was cut off before the step that differs, at 200,000 lines or a limit, and one that began later shows nothing",
  "not-traced": "other suspects were traced first; it may show once their causes are mended",
  "no-traceback": "the error names no line of the program's own",
};

function formatCause(cause: AuditCause, at: number, of: number, paint: Painter): string[] {
  const { factor, also, seed, step, field, path, location, ulps } = cause;
  const apart = ulps === undefined ? "" : paint("dim", `, ${count(ulps, "unit")} in the last place apart`);
  const side = (value: JsonValue, type: string): string =>
    type === "absent"
      ? "nothing"
      : `${clip(jsonText(value), mostCharacters)} ${paint("dim", clip(type, 60))}`;
  const rows: [string, string][] = [
    ["where", `${stepText(step)} of seed ${seed}, in ${clip(path === "" ? field : path, mostCharacters)}`],
    ["expected", side(cause.expected, cause.expectedType)],
    ["actual", side(cause.actual, cause.actualType) + apart],
  ];
  if (location === null) rows.push(["line", `not found: ${whyUnlocated[cause.unlocated ?? "traces-equal"]}`]);
  else {
    rows.push(["line", `${clip(location.file, 100)}:${location.line} in ${clip(location.function, 80)}`]);
    if (location.source !== "") rows.push(["", paint("strong", clip(location.source, mostCharacters))]);
    const { name, expected, actual } = location;
    if (name !== undefined && expected !== undefined && actual !== undefined && expected !== actual)
      rows.push(["", `${clip(name, 60)} is ${clip(expected, 80)} there, and ${clip(actual, 80)} here`]);
    if (location.since !== undefined)
      rows.push([
        "",
        `traced from ${stepText(location.since)} on, because a trace from the beginning was cut off`,
      ]);
  }
  if (cause.toldBy === "sealed")
    rows.push(["told by", "the sealed world: there another value of this alone makes the same place differ"]);
  if (also.length > 0) rows.push(["also", clip(`the same shows with another ${also.join(", ")}`, 200)]);
  const fixes = [...new Set(factorsOf(factor).map(({ fix }) => fix))];
  if (fixes.length > 0) rows.push(["fix", fixes.join("; or ")]);
  const title = of === 1 ? "cause" : `cause ${at + 1} of ${of}`;
  return [
    `${title}: ${paint("bad", factor)} – ${describeFactor(factor)}`,
    ...rows.map(([name, text]) => `  ${paint("dim", name.padEnd(8))}  ${text}`),
  ];
}

function stepText(step: number): string {
  return step === 0 ? "the reset (step 0)" : `step ${step}`;
}

function differing({ worlds }: AuditReport): string {
  const names = worlds.filter(({ equal, factor }) => equal === false && factor !== "everything");
  return names.length === 0
    ? ""
    : `; other bytes with another ${clip(names.map(({ factor }) => factor).join(", "), 200)}`;
}

function formatLedger({ ledger, world }: AuditReport): string {
  const kinds = Object.entries(ledger);
  if (world === "host") return "not counted in the host's world";
  if (kinds.length === 0) return "nothing of the world";
  return kinds.map(([kind, times]) => `${kind} ${formatNumber(times)}`).join(" · ");
}
