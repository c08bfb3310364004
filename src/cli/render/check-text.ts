import type { CheckReport, CheckRow, CheckRows, CheckVerdict } from "../../verify/check/check-report.ts";
import { printable } from "./safe-text.ts";
import { clip, type Painter, type Tone } from "./style.ts";

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

/** What a check found, for a person. */
export function formatCheck(report: CheckReport, paint: Painter): string[] {
  const { env, image, world, seeds, maxSteps, checks, fit, tier, badge } = report;
  const head = `${paint("strong", printable(env))} · image ${image} · ${world} world · ${seeds.length} seeds · ${maxSteps} steps`;
  const rows = Object.entries(labels).flatMap(([name, label]) =>
    lines(label, checks[name as keyof CheckRows], paint),
  );
  const end = fit ? paint("good", `fit (${tier})`) : paint("bad", `not fit${why(report)}`);
  return [head, "", ...rows, "", end, ...(badge === null ? [] : ["", "For a README:", badge])];
}

function why({ reproducible, checks }: CheckReport): string {
  if (checks.plays.verdict === "fail") return ": it does not play";
  if (reproducible) return "";
  const differ = [checks.warm, checks.cold, checks.loaded].some(({ verdict }) => verdict === "fail");
  return differ
    ? ": its rollouts give other bytes"
    : ": its rollouts give the same bytes here, and depend on more than seed and actions";
}

function lines(label: string, { verdict, summary, notes }: CheckRow, paint: Painter): string[] {
  const shown = notes.slice(0, mostNotes);
  const more = notes.length - shown.length;
  const indent = " ".repeat(2 + labelWidth + verdictWidth);
  return [
    `  ${label.padEnd(labelWidth)}${paint(tones[verdict], verdict.padEnd(verdictWidth))}${clip(summary, longestLine)}`,
    ...shown.map((note) => indent + clip(note, longestLine)),
    ...(more === 0 ? [] : [`${indent}and ${more} more: --json has all`]),
  ];
}
