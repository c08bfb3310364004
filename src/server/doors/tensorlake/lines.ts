/*
 * Theory of operation. The protocol has lines of text where a process writes bytes. They become lines at this edge alone: a
 * byte that is no UTF-8 is replaced, a line ends at its newline, and the last needs none.
 */
import type { OutputStream } from "../../native/output-block.ts";
import type { OutputPart } from "../../native/output-log.ts";
import type { ServedProcess } from "../../native/sandbox-process.ts";
import type { Discarded } from "./machines.ts";

/** A line of output. */
export interface Line {
  readonly line: string;
  /** When its last byte came, in ms since 1970. */
  readonly timestamp: number;
  readonly stream: OutputStream;
}

/** Which lines are read. */
export interface LineReading {
  readonly streams: readonly OutputStream[];
  readonly discarded: Discarded;
  readonly follow: boolean;
}

/** The lines of a process in the order in which they were ended, several at a time; with `follow` also those that come. */
export async function* linesOf(
  process: ServedProcess,
  { streams, discarded, follow }: LineReading,
): AsyncGenerator<readonly Line[], void, undefined> {
  const open: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] };
  let atMs = process.startedAtMs;
  for await (const part of process.output.read(0, follow)) {
    atMs = part.atMs;
    if (!streams.includes(part.stream) || discarded.has(part.stream)) continue;
    const lines = cut(part, open[part.stream]);
    if (lines.length > 0) yield lines;
  }
  if (!process.output.isEnded) return;
  const last = streams.flatMap((stream) =>
    open[stream].length === 0 ? [] : [{ line: textOf(open[stream]), timestamp: atMs, stream }],
  );
  if (last.length > 0) yield last;
}

/** The lines that a part ends. @param open what the line that is being written has so far */
function cut({ data, stream, atMs }: OutputPart, open: Buffer[]): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, from)) {
    open.push(data.subarray(from, at));
    lines.push({ line: textOf(open), timestamp: atMs, stream });
    open.length = 0;
    from = at + 1;
  }
  if (from < data.length) open.push(data.subarray(from));
  return lines;
}

function textOf(parts: readonly Buffer[]): string {
  return (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString("utf8");
}
