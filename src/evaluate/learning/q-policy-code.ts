import { type Digest, digestOf } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { turns } from "./board-forms.ts";
import { checkQTable, type QRow, type QTable } from "./q-table.ts";
import { trainingSettingsSchema, type TrainingSettings } from "./training-settings.ts";

/*
 * Writes a table as the source of a policy, and reads it back. The first line gives the digest of everything below it.
 * Settings are written as JSON, which is also Python for these values, and each row is one line. Reading extracts the
 * parts, writes them again and compares, so any other source is refused.
 */

/** How a table is written. */
export interface QPolicyCodeOptions {
  /**
   * How many of its own first moves the policy draws from its stream, each empty cell as likely. Two policies that never
   * draw play one game for ever; with one drawn move each they start from the 72 openings of two moves.
   * @default 0
   */
  readonly randomMoves?: number;
}

/** What a policy's source holds. */
export interface QPolicy {
  readonly table: QTable;
  readonly randomMoves: number;
  /** The digest of the source below its first line. */
  readonly digest: Digest;
}

const firstLine = "# Sameseed Q policy, format 1, ";

/**
 * The Python source of a policy that plays by a table: `choose_action(board, player, rng)`. It always takes the best cell;
 * among equals the lowest cell of the board's form, and the lowest empty cell where the table has no row. Equal tables give
 * equal bytes: rows are sorted, every value is written with the digits that read back to the same number.
 * @throws SameseedError `bad_argument` for something that is not a table, or `randomMoves` that is not from 0 to 5
 *
 * @experimental
 */
export function qPolicyCode(table: QTable, options: QPolicyCodeOptions = {}): string {
  refuseUnknownOptions(options, { randomMoves: true } satisfies NamesOf<QPolicyCodeOptions>, "qPolicyCode");
  checkQTable(table);
  const { randomMoves = 0 } = options;
  if (!Number.isInteger(randomMoves) || randomMoves < 0 || randomMoves > 5)
    throw new SameseedError(
      "bad_argument",
      `randomMoves must be a whole number from 0 to 5, not ${randomMoves}`,
    );
  const rows = [...table.rows].sort(([a], [b]) => (a < b ? -1 : 1));
  const body = [
    introduction(table),
    `LEARNED = ${settingsText(table.settings)}`,
    `EPISODES = ${table.episodes}`,
    `RANDOM_MOVES = ${randomMoves}`,
    "",
    "TABLE = {",
    ...rows.map(([key, row]) => `    "${key}": (${row.map(valueText).join(", ")}),`),
    "}",
    program,
  ].join("\n");
  return `${firstLine}${digestOf(body)}\n${body}`;
}

/**
 * Takes a table back out of the source that {@link qPolicyCode} made of it.
 * @throws SameseedError `bad_policy` where the source is not one, or was changed since
 *
 * @experimental
 */
export function parseQPolicy(source: string): QPolicy {
  const end = source.indexOf("\n");
  const head = source.slice(0, end);
  if (end < 0 || !head.startsWith(firstLine))
    throw badSource("its first line does not say that it is a Q policy");
  const digest = digestOf(source.slice(end + 1));
  if (head !== `${firstLine}${digest}`) throw badSource("it was changed after it was written");
  const lines = source.split("\n");
  const settings = trainingSettingsSchema.safeParse(jsonBehind("LEARNED = ", lines));
  const episodes = jsonBehind("EPISODES = ", lines);
  const randomMoves = jsonBehind("RANDOM_MOVES = ", lines);
  if (!settings.success || typeof episodes !== "number" || typeof randomMoves !== "number")
    throw badSource("it does not say how it was learned");
  const rows = new Map<string, QRow>();
  for (const line of lines) {
    const found = /^ {4}"([XO.]{9})": \(([^()]*)\),$/.exec(line);
    if (found !== null) rows.set(found[1] ?? "", (found[2] ?? "").split(", ").map(valueOf));
  }
  const table: QTable = { game: "tictactoe", settings: settings.data, episodes, rows };
  let again: string;
  try {
    again = qPolicyCode(table, { randomMoves });
  } catch (error) {
    throw badSource("its table is not one of tic-tac-toe", error);
  }
  if (again !== source) throw badSource("its program is not the one that tables are written with");
  return { table, randomMoves, digest };
}

/** The digest that a table's source names. */
export function qPolicyDigest(code: string): Digest {
  return digestOf(code.slice(code.indexOf("\n") + 1));
}

function introduction({ settings, episodes }: QTable): string {
  return `# The digest is of everything below the line that names it.
#
# Tic-tac-toe: values of cells, learned by Q-learning in ${episodes} episodes against
# ${settings.against}, seed ${settings.seed}. Rows are sorted by board; one board stands for all that
# turning and mirroring make of it: the first in the order of texts.
#
# The best cell is taken. Among equals it is the lowest cell of the board as it stands in the table; on a board that has
# no row, the lowest empty cell.
`;
}

function settingsText(settings: TrainingSettings): string {
  const { seed, plannedEpisodes, against, alpha, epsilon, gamma, initial } = settings;
  return JSON.stringify({ seed, plannedEpisodes, against, alpha, epsilon, gamma, initial });
}

/** A value as Python writes it, but for the exponent, which both read alike: never an int. */
function valueText(value: number | null): string {
  if (value === null) return "None";
  if (Object.is(value, -0)) return "-0.0";
  const digits = String(value);
  return /^-?\d+$/.test(digits) ? `${digits}.0` : digits;
}

function valueOf(text: string): number | null {
  return text === "None" ? null : Number(text);
}

function jsonBehind(name: string, lines: readonly string[]): unknown {
  const line = lines.find((each) => each.startsWith(name));
  try {
    return line === undefined ? undefined : (JSON.parse(line.slice(name.length)) as unknown);
  } catch {
    return undefined;
  }
}

function badSource(problem: string, cause?: unknown): SameseedError {
  return new SameseedError("bad_policy", `the source is not a learned policy: ${problem}`, {
    hint: "train it again with `sameseed train`; it may still work as an ordinary policy",
    cause,
  });
}

const program = `
# For each way to turn and mirror a board, which cell each cell of the result is taken from.
TURNS = (
${turns.map((cells) => `    (${cells.join(", ")}),`).join("\n")}
)


def choose_action(board, player, rng):
    marks = "".join([mark or "." for mark in board])
    if marks.count(player) < RANDOM_MOVES:
        empty = [cell for cell in range(9) if marks[cell] == "."]
        return empty[int(rng.random() * len(empty))]
    form, origin = min(("".join([marks[cell] for cell in turn]), turn) for turn in TURNS)
    values = TABLE.get(form)
    if values is None:
        return marks.index(".")
    return origin[values.index(max([value for value in values if value is not None]))]
`;
