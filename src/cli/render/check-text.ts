import type {
  CheckReport,
  CheckRow,
  CheckRows,
  CheckSubject,
  CheckVerdict,
} from "../../verify/check/check-report.ts";
import { printable } from "./safe-text.ts";
import { clip, longestFailure, type Painter, type Tone } from "./style.ts";

const tones: Readonly<Record<CheckVerdict, Tone>> = {
  pass: "good",
  warn: "warn",
  fail: "bad",
  skipped: "dim",
};

const labels: Readonly<Record<keyof CheckRows, string>> = {
  plays: "plays",
  gymnasium: "Gymnasium",
  seeding: "seeding",
  warm: "same, warm",
  cold: "same, cold",
  loaded: "same, loaded",
  audit: "audit",
  plain: "plain",
  speed: "speed",
};

const labelWidth = 14;
const verdictWidth = 9;
const mostNotes = 5;
const longestLine = 220;

/** What is checked, before the first part is known. */
export function formatCheckHead(subject: CheckSubject, paint: Painter): string[] {
  const { env, image, world, seeds, maxSteps } = subject;
  return [
    `${paint("strong", printable(env))} · image ${image} · ${world} world · ${seeds.length} seeds · ${maxSteps} steps`,
    "",
  ];
}

/** What a check found, below its parts. */
export function formatCheckEnd(report: CheckReport, paint: Painter): string[] {
  const { fit, tier, badge } = report;
  const end = fit ? paint("good", `fit (${tier})`) : paint("bad", `not fit${why(report)}`);
  return ["", end, ...lower(report), ...(badge === null ? [] : ["", "For a README:", badge])];
}

/** Why the tier is not the one that holds on every host. */
function lower({ fit, tier, world, notHeld }: CheckReport): string[] {
  if (!fit || tier !== "T1") return [];
  if (world === "host") return ["  T1, this host alone: the host's world promises no more"];
  return [
    `  T1, this host alone: ${notHeld.join(", ")}; docs/guide/sealed-world.md says what each of these is`,
  ];
}

function why({ reproducible, checks }: CheckReport): string {
  if (checks.plays.verdict === "fail") return ": it does not play";
  if (reproducible) return "";
  const differ = [checks.warm, checks.cold, checks.loaded].some(({ verdict }) => verdict === "fail");
  return differ
    ? ": its rollouts give other bytes"
    : ": its rollouts give the same bytes here, and depend on more than seed and actions";
}

/** One part of a check: a line, and its notes. */
export function formatCheckPart(
  name: keyof CheckRows,
  { verdict, summary, notes }: CheckRow,
  paint: Painter,
): string[] {
  const shown = notes.slice(0, mostNotes);
  const more = notes.length - shown.length;
  const indent = " ".repeat(2 + labelWidth + verdictWidth);
  const longest = verdict === "fail" ? longestFailure : longestLine;
  return [
    `  ${labels[name].padEnd(labelWidth)}${paint(tones[verdict], verdict.padEnd(verdictWidth))}${clip(summary, longest)}`,
    ...shown.map((note) => indent + clip(note, longestLine)),
    ...(more === 0 ? [] : [`${indent}and ${more} more: --json has all`]),
  ];
}
