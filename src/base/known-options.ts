import { SameseedError } from "./error.ts";

/**
 * The names that options may have; of an option that is an object itself, the names in it. Written as
 * `Readonly<Record<keyof T, …>>`, a list that lacks a name of `T`, or has another, does not compile.
 */
export interface OptionNames {
  readonly [name: string]: true | OptionNames;
}

/** {@link OptionNames} of exactly the names of `T`. */
export type NamesOf<T> = Readonly<Record<keyof T, true | OptionNames>>;

/**
 * Refuses options with a name that nobody reads: a typo would otherwise be an option left out. An option `signal` is an
 * `AbortSignal` wherever there is one.
 * @param what whose options they are, such as `runRollout`
 * @throws `bad_argument`, with the nearest name as its hint
 */
export function refuseUnknownOptions(options: unknown, names: OptionNames, what: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new SameseedError("bad_argument", `${what} takes an object of options, not ${kindOf(options)}`, {
      hint: `it has ${listOf(names)}`,
    });
  for (const [name, value] of Object.entries(options)) {
    const known = Object.hasOwn(names, name) ? names[name] : undefined;
    if (known === undefined) throw unknownOption(name, names, what);
    if (name === "signal") checkSignal(value, what);
    if (known !== true && typeof value === "object" && value !== null && !Array.isArray(value))
      refuseUnknownOptions(value, known, `${name} of ${what}`);
  }
}

/** The known name that a mistyped one is nearest to; undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = editsBetween(wanted, plain(candidate));
    if (edits < least) [best, least] = [candidate, edits];
  }
  return least <= Math.max(1, Math.floor(wanted.length * 0.4)) ? best : undefined;
}

function checkSignal(signal: unknown, what: string): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new SameseedError("bad_argument", `signal of ${what} is an AbortSignal, not ${kindOf(signal)}`, {
    hint: "give the `signal` of an AbortController",
    context: { option: "signal" },
  });
}

function unknownOption(name: string, names: OptionNames, what: string): SameseedError {
  const nearest = nearestName(name, Object.keys(names));
  return new SameseedError("bad_argument", `${what} has no option ${JSON.stringify(name)}`, {
    hint: nearest === undefined ? `it has ${listOf(names)}` : `did you mean ${nearest}?`,
    context: { option: name, ...(nearest === undefined ? {} : { nearest }) },
  });
}

function listOf(names: OptionNames): string {
  return Object.keys(names).sort().join(", ");
}

/** What a value is, as a message says it. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value;
}

/** Case, underscores and hyphens make no other word: `max_steps` is `maxSteps`. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "").slice(0, 100);
}

/** How many letters have to be put in, left out, exchanged or swapped with the next. */
function editsBetween(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
