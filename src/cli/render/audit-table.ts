import type { AuditRow, AuditTable } from "../../verify/audit/audit-all.ts";
import type { AuditCause, AuditReport } from "../../verify/audit/audit-report.ts";
import { describeFactor } from "./audit-text.ts";
import { jsonText } from "./json-text.ts";
import { count } from "./numbers.ts";
import { clip } from "./style.ts";

/** The table of `audit --all` in Markdown: counts, one row for each environment, and each cause in full below. */
export function formatAuditTable(table: AuditTable): string {
  const { image, imageDigest, world, seeds, maxSteps, total, rows } = table;
  const audited = rows.flatMap((row) => ("report" in row ? [row.report] : []));
  const skipped = rows.flatMap((row) => ("skipped" in row ? [row] : []));
  const failed = rows.flatMap((row) => ("failed" in row ? [row] : []));
  const causes = audited.flatMap((report) => report.causes.map((cause) => ({ report, cause })));
  const lines = [
    `# Audit of the image ${image}`,
    "",
    `Image \`${imageDigest}\`, ${world} world, seed${seeds.length === 1 ? "" : "s"} ${clip(seeds.join(", "), 60)}, at most ${count(maxSteps, "step")}. ${counts(rows)}.`,
    ...(rows.length < total ? [`Not complete: ${total - rows.length} are still to be audited.`] : []),
    "",
    "| environment | verdict | steps | asked of the world | depends on |",
    "|---|---|---|---|---|",
    ...audited.map(tableRow),
    ...section(
      "Causes",
      causes.map(({ report, cause }) => causeLine(report, cause)),
    ),
    ...section(
      "Skipped",
      byReason(
        skipped.map(({ env, skipped: why }) => ({
          env,
          why: why.startsWith(`${env} `) ? `it${why.slice(env.length)}` : why,
        })),
      ),
    ),
    ...section("Failed", byReason(failed.map(({ env, failed: why }) => ({ env, why })))),
    "",
  ];
  return lines.join("\n");
}

/** One line for each reason, with all environments that it holds for. */
function byReason(rows: readonly { readonly env: string; readonly why: string }[]): string[] {
  const reasons = Map.groupBy(rows, ({ why }) => why);
  return [...reasons].map(
    ([why, those]) => `- ${cell(why, 300)} – ${those.map(({ env }) => `\`${cell(env, 100)}\``).join(", ")}`,
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `## ${title}`, "", ...lines];
}

function counts(rows: readonly AuditRow[]): string {
  const words = rows.map((row) =>
    "report" in row ? row.report.verdict : "skipped" in row ? "skipped" : "failed",
  );
  const names = ["pure", "virtualised", "sensitive", "broken", "skipped", "failed"] as const;
  const parts = names.map((name) => [name, words.filter((word) => word === name).length] as const);
  const found = parts.flatMap(([name, many]) => (many === 0 ? [] : [`${many} ${name}`]));
  return `${count(rows.length, "environment")}: ${found.join(", ") || "none"}`;
}

function tableRow({ env, verdict, rollouts, ledger, causes }: AuditReport): string {
  const steps = rollouts.map(({ steps: many }) => many).join(", ");
  const asked = Object.entries(ledger).map(([kind, times]) => `${kind} ${times}`);
  const factors = causes.map(({ factor, step }) => `${factor} (step ${step})`);
  return `| \`${env}\` | ${verdict} | ${steps} | ${asked.join(", ") || "nothing"} | ${factors.join(", ")} |`;
}

function causeLine({ env }: AuditReport, cause: AuditCause): string {
  const { factor, step, path, expected, actual, ulps, location, also } = cause;
  const apart = ulps === undefined ? "" : `, ${count(ulps, "unit")} in the last place apart`;
  const line =
    location === null
      ? ""
      : ` Line: \`${location.file}:${location.line}\` \`${cell(location.source, 160)}\`.`;
  const others = also.length === 0 ? "" : ` The same shows with another ${also.join(", ")}.`;
  return `- \`${env}\`: **${factor}**, step ${step}, \`${cell(path, 100)}\`: \`${cell(jsonText(expected), 80)}\` became \`${cell(jsonText(actual), 80)}\`${apart}; ${describeFactor(factor)}.${line}${others}`;
}

/** A text that came out of a sandbox, fit for a cell: nothing in it may end the cell or the code. */
function cell(text: string, most: number): string {
  return clip(text, most).replaceAll("`", "'").replaceAll("|", "\\|");
}
