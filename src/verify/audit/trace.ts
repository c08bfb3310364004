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
  /** Each name that changed, with a digest of its new value. */
  readonly names: readonly (readonly [name: string, digest: string])[];
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
  names: z.array(z.tuple([z.string(), z.string()])),
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
    JSON.stringify(a.names) === JSON.stringify(b.names)
  );
}

function blame(expected: TraceEntry, actual: TraceEntry | undefined): BlamedLine {
  // Where only one of the two failed, the line that failed is the one that let the world in.
  if (actual?.event === "exception" && expected.event !== "exception") return place(actual);
  if (actual === undefined) return place(expected);
  const others = new Map(actual.names);
  const changed = expected.names.find(([name, digest]) => others.get(name) !== digest)?.[0];
  const name = changed ?? actual.names.find(([each]) => !expected.names.some(([mine]) => mine === each))?.[0];
  if (name === undefined) return place(expected);
  return {
    ...place(expected),
    name,
    ...(expected.values[name] === undefined ? {} : { expected: expected.values[name] }),
    ...(actual.values[name] === undefined ? {} : { actual: actual.values[name] }),
  };
}

function place({ file, line, function: name }: TraceEntry): BlamedLine {
  return { file, line, function: name };
}
