/** How code is taken out of a completion. */
export interface Extraction {
  readonly extract: "fenced" | "raw" | "auto";
  /** Info strings of fences that hold the language, in lower case. */
  readonly fences: readonly string[];
  /** Put before a completion that is taken whole. */
  readonly prefix: string;
  /** Put before a fenced block. */
  readonly preamble: string;
}

/** Info strings of Python's fences. */
export const pythonFences: readonly string[] = ["python", "py", "python3"];

/** A fence behind words on the same line; only one that names the language is meant as such. */
const openingBehind = /\S[ \t]*(?<!`)(`{3,})([^\s`]+)[ \t]*$/;
/** How much further in than its opening a closing fence may be; one that is further in is text of the code. */
const closingDeeper = 3;
const thoughtBegin = "<think>";
const thoughtEnd = "</think>";

/**
 * The code of a completion: the last fenced block of the language, else the last without a language. What a model thought
 * aloud, up to its last `</think>` that is no code's, holds no answer. A block that is not closed goes to the end, as it does where the model
 * was stopped at the fence. Undefined where there is no code.
 */
export function extractCode(completion: string, how: Extraction): string | undefined {
  const answer = withoutThoughts(completion);
  if (how.extract !== "raw") {
    const blocks = fencedBlocks(answer, how.fences);
    const named = blocks.filter(({ language }) => how.fences.includes(language));
    const found = (named.length > 0 ? named : blocks.filter(({ language }) => language === "")).at(-1);
    if (found !== undefined && found.code.trim() !== "") return behindFuture(how.preamble, found.code);
    if (how.extract === "fenced") return undefined;
  }
  return answer.trim() === "" ? undefined : behindFuture(how.prefix, answer);
}

/** `code` with `before` in front of it, but for its imports from `__future__`, which Python takes only as a file's first statements. */
function behindFuture(before: string, code: string): string {
  const imports = [...code.matchAll(/^from __future__ import .*(?:\n|$)/gm)];
  const last = imports.at(-1);
  if (before === "" || last === undefined) return before + code;
  const end = last.index + last[0].length;
  return `${code.slice(0, end)}${before}${code.slice(end)}`;
}

/**
 * What follows the last thought. Many models are given the tag that begins one, and end it without; so a tag that ends one counts where
 * one has begun, or outside of blocks: inside, it is text of the code.
 */
function withoutThoughts(text: string): string {
  let from = 0;
  let at = 0;
  let isThought = false;
  let open: OpenBlock | undefined;
  for (const line of text.split("\n")) {
    const end = line.lastIndexOf(thoughtEnd);
    const isOver: boolean =
      end >= 0 && (isThought || open === undefined || isClosing(line.slice(0, end), open));
    if (isOver) from = at + end + thoughtEnd.length;
    const rest: string = isOver ? line.slice(end + thoughtEnd.length) : line;
    if (isOver) [isThought, open] = [false, undefined];
    if (open === undefined) {
      isThought ||= rest.includes(thoughtBegin);
      open = openedAlone(rest.replace(/\r$/, ""));
    } else if (isClosing(rest, open)) open = undefined;
    at += line.length + 1;
  }
  return text.slice(from);
}

interface Block {
  readonly language: string;
  readonly code: string;
}

interface OpenBlock {
  readonly fence: string;
  readonly language: string;
  /** The white space before the fence: not part of the code. */
  readonly indent: number;
  readonly lines: string[];
}

function fencedBlocks(text: string, fences: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open: OpenBlock | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open === undefined) open = opened(line, fences);
    else if (isClosing(line, open)) {
      blocks.push(toBlock(open, open.lines));
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) blocks.push(toBlock(open, untilFence(open)));
  return blocks;
}

function opened(line: string, fences: readonly string[]): OpenBlock | undefined {
  const alone = openedAlone(line);
  if (alone !== undefined) return alone;
  const behind = openingBehind.exec(line);
  if (behind === null) return undefined;
  const language = languageOf(behind[2]!);
  return fences.includes(language) ? { fence: behind[1]!, language, indent: 0, lines: [] } : undefined;
}

/**
 * A fence on a line of its own, at any depth: a block may belong to an item of a list. Read by hand: a regular expression for it
 * takes the square of a line's length, and a line is as long as a model likes.
 */
function openedAlone(line: string): OpenBlock | undefined {
  const text = line.replace(/^[ \t]+/, "");
  const mark = text[0];
  if (mark !== "`" && mark !== "~") return undefined;
  let length = 1;
  while (text[length] === mark) length++;
  const info = text.slice(length);
  if (length < 3 || info.includes("`")) return undefined;
  return {
    fence: mark.repeat(length),
    language: languageOf(info),
    indent: line.length - text.length,
    lines: [],
  };
}

/** The language of an info string, such as `Python title=x`, `python:main.py` or `python3.11`. */
function languageOf(info: string): string {
  return info
    .trim()
    .split(/[\s{,:.]/)[0]!
    .toLowerCase();
}

function isClosing(line: string, { fence, indent }: OpenBlock): boolean {
  const trimmed = line.trim();
  return (
    line.length - line.trimStart().length <= indent + closingDeeper &&
    trimmed.length >= fence.length &&
    trimmed === fence[0]!.repeat(trimmed.length)
  );
}

/** The lines of a block that is not closed: to the first that ends with a fence, as `return x` and a fence behind it do. */
function untilFence({ fence, lines }: OpenBlock): readonly string[] {
  const at = lines.findIndex(
    (line) => line.trimEnd().endsWith(fence) && line.indexOf(fence) === line.trimEnd().length - fence.length,
  );
  return at < 0 ? lines : [...lines.slice(0, at), lines[at]!.slice(0, lines[at]!.lastIndexOf(fence))];
}

function toBlock({ language, indent }: OpenBlock, lines: readonly string[]): Block {
  const own = lines.map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)));
  return { language, code: `${own.join("\n")}\n` };
}
