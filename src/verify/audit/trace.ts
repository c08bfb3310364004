import * as z from "zod";

/*
 * `python/sameseed/audit/explain.py` writes one entry for each line that was executed: what changed since the last one, as
 * digests, and the line that changed it. Two traces are compared thread by thread; the first entry that differs names
 * the line. The traces come out of a sandbox, so that nothing in them is believed but its form.
 */

/** One entry of a trace. */
export interface TraceEntry {
  readonly thread: string;
  readonly event: "line" | "return" | "exception";
  readonly file: string;
  readonly function: string;
  /** The line that was executed. */
  readonly line: number;
  /** The line that comes next in the same function; 0 where it ends here. */
  readonly after: number;
  /** Whether the episode's reset had been called. */
  readonly begun?: boolean | undefined;
  /** Each name that changed, with a digest of its new value. */
  readonly names: readonly (readonly [name: string, digest: string])[];
  /** Those of them that changed in place what is older than the episode. */
  readonly left?: readonly string[] | undefined;
  /** Attributes, globals and texts that the line reads, without its {@link counts}, where it was executed first. */
  readonly reads?: readonly string[] | undefined;
  /** Attributes and globals that the line makes anew from what they were. */
  readonly counts?: readonly string[] | undefined;
  /** Some of them with a short text. */
  readonly values: Readonly<Record<string, string>>;
}

const entrySchema: z.ZodType<TraceEntry> = z.object({
  thread: z.string().max(200),
  event: z.enum(["line", "return", "exception"]),
  file: z.string().max(4096),
  function: z.string().max(1000),
  line: z.int().min(0),
  after: z.int().min(0),
  begun: z.boolean().optional(),
  names: z.array(z.tuple([z.string(), z.string()])),
  left: z.array(z.string()).optional(),
  reads: z.array(z.string()).optional(),
  counts: z.array(z.string()).optional(),
  values: z.record(z.string(), z.string()),
});

/** What one sandbox wrote under the line tracer. */
export interface Trace {
  readonly entries: readonly TraceEntry[];
  /** False where it went on: a limit ended the rollout, or the tracer stopped. */
  readonly isWhole: boolean;
}

/** A line of a program, and what it gave in either world. */
export interface BlamedLine {
  /** As the sandbox names it. */
  readonly file: string;
  readonly line: number;
  readonly function: string;
  /** The name that it gave another value, such as `self.start` or `return`. */
  readonly name?: string;
  /** That value in the world that is not changed, and in the other, as short texts. */
  readonly expected?: string;
  readonly actual?: string;
  /** Whether the episode had begun. */
  readonly begun?: boolean;
}

/** Reads a trace; an entry that is not whole or not of the form is left out, as is everything after it. */
export function parseTrace(text: string): Trace {
  const entries: TraceEntry[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return { entries, isWhole: false };
    }
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) return { entries, isWhole: false };
    entries.push(parsed.data);
  }
  return { entries, isWhole: true };
}

/**
 * The line that let the world into the episode: the one behind the first entry that differs between two traces. What
 * differs before the reset mostly does not come into the episode, because the reset makes it anew with the seed: then it is
 * the first one since the reset that counts, unless its text names something that has differed all along.
 * @param textOf the text of a line
 */
export function lineIntoEpisode(
  expected: Trace,
  actual: Trace,
  textOf: (line: BlamedLine) => string,
): BlamedLine | undefined {
  const read = new Set(
    [expected, actual].flatMap(({ entries }) => entries.flatMap((each) => each.reads ?? [])),
  );
  const [mine, theirs] = [expected, actual].map((trace) => withoutCounts(trace, read)) as [Trace, Trace];
  // What no traced line reads may still be read in C.
  return lineOf(mine, theirs, textOf) ?? lineOf(expected, actual, textOf);
}

/** A trace without what lines only count on, such as a number of episodes, and nobody reads. */
function withoutCounts({ entries, isWhole }: Trace, read: ReadonlySet<string>): Trace {
  const kept = entries.map((entry) => {
    const unread = entry.counts?.filter((word) => !read.has(word)) ?? [];
    const isCount = (name: string): boolean =>
      /^self\.|^global /.test(name) && unread.includes(name.replace(/^self\.|^global /, ""));
    return unread.length === 0 ? entry : { ...entry, names: entry.names.filter(([name]) => !isCount(name)) };
  });
  return { entries: kept, isWhole };
}

function lineOf(
  expected: Trace,
  actual: Trace,
  textOf: (line: BlamedLine) => string,
): BlamedLine | undefined {
  const first = firstDifferentLine(expected, actual);
  const [mine, theirs] = [sinceReset(expected), sinceReset(actual)];
  const later = firstComputing(mine, theirs, textOf);
  // No reset makes anew what a file did when it was loaded, such as the default of an argument.
  if (later === undefined || firstDifferentLine(loading(expected), loading(actual)) !== undefined)
    return first;
  const kept = differingNames(before(expected), before(actual));
  for (const [at, entry] of mine.entries.entries()) {
    if (!sameEntry(entry, theirs.entries[at])) break;
    for (const [name] of entry.names) kept.delete(name);
  }
  const text = textOf(later);
  return [...kept].some((name) => mentions(text, name)) ? first : later;
}

/** A line that only hands on its object: what differs in it was given by another line. */
const handsOn = /^return self$/;

/** The first different line that does more than to hand on its object. */
function firstComputing(
  expected: Trace,
  actual: Trace,
  textOf: (line: BlamedLine) => string,
): BlamedLine | undefined {
  const without = ({ entries, isWhole }: Trace, at: BlamedLine): Trace => ({
    entries: entries.filter(({ file, line }) => file !== at.file || line !== at.line),
    isWhole,
  });
  for (let mine = expected, theirs = actual; ;) {
    const found = firstDifferentLine(mine, theirs);
    if (found === undefined || !handsOn.test(textOf(found))) return found;
    mine = without(mine, found);
    theirs = without(theirs, found);
  }
}

/** Whether a line's text reads that attribute, of whichever object, or that global. */
function mentions(text: string, name: string): boolean {
  const [mark, word] = name.startsWith("self.")
    ? ["\\.", name.slice(5)]
    : ["\\b", name.slice("global ".length)];
  return /^\w+$/.test(word) && new RegExp(`${mark}${word}\\b`).test(text);
}

function sinceReset({ entries, isWhole }: Trace): Trace {
  return { entries: entries.filter(({ begun }) => begun === true), isWhole };
}

/** Up to where the last file of the program's own is loaded. */
function loading({ entries }: Trace): Trace {
  return {
    entries: entries.slice(0, entries.findLastIndex(({ function: name }) => name === "<module>") + 1),
    isWhole: true,
  };
}

function before({ entries }: Trace): readonly TraceEntry[] {
  return entries.filter(({ begun }) => begun !== true);
}

/** Attributes and globals whose last values before the episode differ. */
function differingNames(expected: readonly TraceEntry[], actual: readonly TraceEntry[]): Set<string> {
  const [mine, theirs] = [expected, actual].map(
    (entries) =>
      new Map(entries.flatMap(({ names }) => names).filter(([name]) => /^self\.|^global /.test(name))),
  ) as [Map<string, string>, Map<string, string>];
  return new Set([...mine.keys(), ...theirs.keys()].filter((name) => mine.get(name) !== theirs.get(name)));
}

/**
 * The line behind the first entry that differs between two traces; undefined where they are equal as far as both go. A
 * trace that is not whole says nothing about what would have come after it.
 */
export function firstDifferentLine(
  { entries: expected, isWhole: expectedWhole }: Trace,
  { entries: actual, isWhole: actualWhole }: Trace,
): BlamedLine | undefined {
  const order = new Map(expected.map((entry, at) => [entry, at]));
  const others = byThread(actual);
  const found: { readonly at: number; readonly line: BlamedLine }[] = [];
  for (const [thread, mine] of byThread(expected)) {
    const theirs = others.get(thread) ?? [];
    const at = mine.findIndex((entry, index) => !sameEntry(entry, theirs[index]));
    const first = mine[at];
    if (first === undefined || (theirs[at] === undefined && !actualWhole)) continue;
    found.push({ at: order.get(first)!, line: blame(first, theirs[at]) });
  }
  if (found.length > 0) return found.reduce((a, b) => (a.at <= b.at ? a : b)).line;
  if (!expectedWhole) return undefined;
  // Whatever the unchanged world did the other did too, and then went on.
  const beyond = [...others].flatMap(([thread, theirs]) => {
    const extra = theirs[byThread(expected).get(thread)?.length ?? 0];
    return extra === undefined ? [] : [extra];
  })[0];
  return beyond === undefined ? undefined : place(beyond);
}

function byThread(entries: readonly TraceEntry[]): Map<string, TraceEntry[]> {
  const threads = new Map<string, TraceEntry[]>();
  for (const entry of entries) {
    const mine = threads.get(entry.thread);
    if (mine === undefined) threads.set(entry.thread, [entry]);
    else mine.push(entry);
  }
  return threads;
}

function sameEntry(a: TraceEntry, b: TraceEntry | undefined): boolean {
  return (
    b !== undefined &&
    a.event === b.event &&
    a.file === b.file &&
    a.line === b.line &&
    a.after === b.after &&
    JSON.stringify(comparedNames(a, b)) === JSON.stringify(comparedNames(b, a))
  );
}

/**
 * The names of an entry that tell it from another. One world may have put right what an earlier episode left, in place, and
 * the other had nothing to put right: that is no difference of the line's making, and if it is one it shows where it is used.
 */
function comparedNames({ names, left }: TraceEntry, other: TraceEntry): TraceEntry["names"] {
  if (left === undefined) return names;
  return names.filter(([name]) => !left.includes(name) || other.names.some(([theirs]) => theirs === name));
}

function blame(expected: TraceEntry, actual: TraceEntry | undefined): BlamedLine {
  // Where only one of the two failed, the line that failed is the one that let the world in.
  if (actual?.event === "exception" && expected.event !== "exception") return place(actual);
  if (actual === undefined) return place(expected);
  const [mine, theirs] = [comparedNames(expected, actual), comparedNames(actual, expected)];
  const others = new Map(theirs);
  const changed = mine.find(([name, digest]) => others.get(name) !== digest)?.[0];
  const name = changed ?? theirs.find(([each]) => !mine.some(([known]) => known === each))?.[0];
  if (name === undefined) return place(expected);
  return {
    ...place(expected),
    name,
    ...(expected.values[name] === undefined ? {} : { expected: expected.values[name] }),
    ...(actual.values[name] === undefined ? {} : { actual: actual.values[name] }),
  };
}

function place({ file, line, function: name, begun }: TraceEntry): BlamedLine {
  return { file, line, function: name, ...(begun === true ? { begun } : {}) };
}
