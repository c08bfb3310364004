import type { Judgement, Outcome } from "./judge.ts";

const sections: readonly (readonly [Outcome, string, string])[] = [
  [
    "through",
    "Something gets through",
    "With the step alone taken out, the probe named gets through, or sees that what the step gives is missing.",
  ],
  [
    "behind",
    "Closed twice",
    "With the step alone taken out the probe is still held; with the steps named taken out as well it gets through.",
  ],
  ["refused", "No sandbox starts", "Without the step, building the wall fails and nothing of a job runs."],
  [
    "silent",
    "Nothing to see",
    "The kernel or bubblewrap does the same without being asked, so that no program can tell. The step stays, so that the wall does not depend on that.",
  ],
  ["unproven", "Unproven", "Steps that no probe shows. There must be none."],
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
    "# The wall, a step at a time",
    "",
    "Each step of the wall was taken out in turn - out of a copy of the image, of bubblewrap's arguments, or of a filter -",
    "and the probe that the step should stop was run in both worlds. `npm run mutate-wall` does it again and writes this page; CI does a",
    "short list of it. On the intact wall every probe is held. The whole list is for root on a host with control groups, where",
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
