/** What a check of one environment found. */
export interface TableRow {
  readonly env: string;
  readonly runs: boolean;
  /** Why it does not run. */
  readonly why?: string;
  /** Equal rollouts of all, from the warm interpreter, from new ones, and beside busy sandboxes. */
  readonly warm?: string;
  readonly cold?: string;
  readonly loaded?: string;
  /** Equal to plain Gymnasium with the same numeric class, and with all that the processor has. */
  readonly pinned?: boolean | null;
  readonly native?: boolean | null;
  readonly tier?: string;
  readonly audit?: string | null;
  readonly ledger?: string;
  readonly causes?: readonly string[];
}

/** What came of a package. */
export interface PackageRow {
  readonly asked: string;
  /** More arguments of `image build` that it needed. */
  readonly build?: readonly string[];
  /** The day it ran. */
  readonly date: string;
  readonly host: string;
  readonly steps: number;
  /** Null where no image could be built. */
  readonly version: string | null;
  readonly python: string | null;
  readonly digest?: string;
  readonly why?: string;
  readonly rows: readonly TableRow[];
}

const head = `# Environments

What \`sameseed check\` found of environments that nobody had tuned to. The page is written by \`scripts/environment-table.ts\` from
[environments.json](environments.json), where each run is; no row is written by hand.

- **needs**: what its image was built with besides the package, as a user would write it: other packages and versions, variables.
- **same bytes**: rollouts of seeds 0 and 1 with the same bytes again, warm, cold, and beside busy sandboxes.
- **plain**: equal to plain Gymnasium held to the same numeric class; "digits" where it differs with all that the processor has.
  PushT is equal or not by chance: [plain Gymnasium gives two trajectories of it](audit-table.md#environments-of-other-packages).
- **asked**: what the environment asks of the sealed world, by [the ledger](glossary.md).
- **cause**: what its results depend on besides seed and actions, and the line; in the sealed world its rollouts are still the same
  where the columns before say so.
`;

/** The page of a table. */
export function tablePage(packages: Readonly<Record<string, PackageRow>>): string {
  const all = Object.values(packages).flatMap(({ rows }) => rows);
  const isSame = ({ warm = "", cold = "", loaded = "" }: TableRow): boolean =>
    [warm, cold, loaded].every((told) => told.split("/")[0] === told.split("/")[1]);
  const play = all.filter(({ runs }) => runs);
  const built = Object.values(packages).filter(({ version, rows }) => version !== null || rows.length > 0);
  const first = Object.values(packages)[0];
  const counts = `${Object.keys(packages).length} packages, of which ${built.length} could be built; ${all.length} environments: ${play.length} play, ${play.filter(isSame).length} of them with the same bytes everywhere, ${play.filter(({ pinned }) => pinned === true).length} equal to plain Gymnasium.`;
  const where = first === undefined ? "" : ` At most ${first.steps} steps; ${first.host}; ${days(packages)}.`;
  const lines = [
    "| environment | package | needs | plays | same bytes: warm, cold, loaded | plain | tier | audit | asked | cause |",
    "|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const [name, row] of Object.entries(packages)) {
    const label = `${row.version === null ? name : `${name} ${row.version}`} | ${needs(row)}`;
    if (row.rows.length === 0)
      lines.push(`| – | ${label} | no | | | | | | ${escape(row.why ?? "it registers no environment")} |`);
    for (const one of row.rows) lines.push(rowLine(label, one));
  }
  return `${head}\n${counts}${where}\n\n${lines.join("\n")}\n\nSee also: [Is my environment fit?](guide/check.md) · [images of your own](guide/images.md)\n`;
}

/** What the image was built with besides the package itself. */
function needs({ asked, build = [] }: PackageRow): string {
  const [, ...packages] = asked.split(" ");
  const parts = [...packages, ...build.filter((part) => part !== "--env")];
  return parts.map((part) => `\`${part.replaceAll("|", "\\|")}\``).join(", ");
}

/** The days on which the rows ran. */
function days(packages: Readonly<Record<string, PackageRow>>): string {
  const all = [...new Set(Object.values(packages).map(({ date }) => date))].toSorted();
  return all.length > 1 ? `${all[0]} to ${all.at(-1)}` : (all[0] ?? "");
}

function rowLine(label: string, one: TableRow): string {
  if (!one.runs) return `| \`${one.env}\` | ${label} | no | | | | | | ${escape(one.why ?? "")} |`;
  const same = `${one.warm}, ${one.cold}, ${one.loaded}`;
  const causes = (one.causes ?? []).map((cause) => escape(cause)).join("; ");
  return `| \`${one.env}\` | ${label} | yes | ${same} | ${plainOf(one)} | ${one.tier} | ${one.audit ?? "–"} | ${one.ledger} | ${causes} |`;
}

function plainOf({ pinned, native }: TableRow): string {
  if (pinned == null) return "–";
  if (!pinned) return "differs";
  return native === false ? "equal (digits)" : "equal";
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").replaceAll("<", "&lt;");
}
