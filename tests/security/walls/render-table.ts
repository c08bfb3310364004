import type { Judgement, Outcome } from "./judge.ts";

const sections: readonly (readonly [Outcome, string, string])[] = [
  [
    "through",
    "Something gets through",
    "Without this step, the named probe gets through, or detects that what the step provides is missing.",
  ],
  [
    "behind",
    "Closed twice",
    "Without this step alone the probe is still stopped; without the named steps as well it gets through.",
  ],
  ["refused", "No sandbox starts", "Without this step the wall cannot be built and no job runs."],
  [
    "silent",
    "Nothing to see",
    "The kernel or bubblewrap does the same by default, so no program can detect the difference. The step stays, so that the wall does not depend on that default.",
  ],
  ["unproven", "Unproven", "No probe shows the effect of these steps. There must be none."],
];

/** What came of a mutation in each world, in the order of `worlds`: the default one first. */
export type WorldJudgements = readonly [sealed: Judgement, host: Judgement];

/** The table of all mutations as a document, sorted by what came of them in the default world. */
export function renderTable(
  judgements: readonly WorldJudgements[],
  facts: { readonly date: string; readonly kernel: string; readonly commit: string },
): string {
  const counts = sections.map(
    ([outcome, title]) =>
      `${title.toLowerCase()}: ${judgements.filter(([sealed]) => sealed.outcome === outcome).length}`,
  );
  const head = [
    "# Removing each step of the wall",
    "",
    "Each step of the wall was removed in turn, from a copy of the image, from bubblewrap's arguments, or from a filter. Then the",
    "probe that the step should stop was run in both worlds. `npm run mutate-wall` repeats this and writes this page; CI runs a",
    "short list. The intact wall stops every probe. The whole list needs root on a host with control groups, where",
    "the wall has all its steps.",
    "",
    `Last run: ${facts.date}, kernel ${facts.kernel}, commit ${facts.commit}. ${judgements.length} steps: ${counts.join("; ")}.`,
  ];
  return `${[...head, ...sections.flatMap((section) => renderSection(judgements, section))].join("\n")}\n`;
}

function renderSection(
  judgements: readonly WorldJudgements[],
  [outcome, title, text]: (typeof sections)[number],
): string[] {
  const rows = judgements.filter(([sealed]) => sealed.outcome === outcome);
  if (rows.length === 0) return [];
  const header = [
    "",
    `## ${title}`,
    "",
    text,
    "",
    "| id | step | probe | in a sealed world | in the host's |",
    "|---|---|---|---|---|",
  ];
  return [...header, ...rows.map(renderRow)];
}

function renderRow([sealed, host]: WorldJudgements): string {
  const { mutation, outcome } = sealed;
  const probe = mutation.probe === "refused" ? "any start" : mutation.probe.name;
  const others = [
    ...(mutation.behind ?? []).map((id) => `\`${id}\``),
    ...(mutation.answered === undefined ? [] : ["the answer of the sealed world's library"]),
  ];
  const more = outcome === "behind" ? ` without ${others.join(", ")} too` : "";
  const cells = [`\`${mutation.id}\``, mutation.step, `${shorten(probe)}${more}`, shorten(seenIn(sealed))];
  const other = host.outcome === outcome ? "" : `${host.outcome}: `;
  const same = seenIn(host) === seenIn(sealed) && other === "";
  return `| ${[...cells, same ? "the same" : shorten(other + seenIn(host))].join(" | ")} |`;
}

function seenIn({ mutation, outcome, alone, together }: Judgement): string {
  return outcome === "silent" ? `${mutation.silent}` : (together ?? alone);
}

function shorten(text: string): string {
  const line = text.replaceAll("|", "/").replaceAll("\n", " ");
  return line.length > 140 ? `${line.slice(0, 139)}…` : line;
}
