import { styleText } from "node:util";

/** What a text is, for the eye. */
export type Tone = "good" | "bad" | "warn" | "dim" | "strong";

const formats: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: "green",
  bad: "red",
  warn: "yellow",
  dim: "dim",
  strong: "bold",
};

/** Gives texts a tone, or leaves them as they are. */
export type Painter = (tone: Tone, text: string) => string;

/** A painter for a stream: colours only on a terminal, and as `NO_COLOR` and `FORCE_COLOR` say. */
export function painterFor(stream: NodeJS.WritableStream): Painter {
  return (tone, text) => styleText(formats[tone], text, { stream });
}

/** Leaves every text as it is. */
export const plain: Painter = (_tone, text) => text;

/** Controls (line feeds and tabs too), and format characters: joiners, marks of reading direction, byte order marks. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * A text that came out of a sandbox, fit for a terminal: characters that would move the cursor, change colours or turn
 * the reading direction are written as escapes.
 * @param keepLines leave line feeds and tabs alone
 */
export function printable(text: string, keepLines = false): string {
  return text.replaceAll(unprintable, (character) => {
    if (keepLines && (character === "\n" || character === "\t")) return character;
    const code = character.codePointAt(0)!;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    return `\\u{${code.toString(16)}}`;
  });
}

/** A text on one line, at most so many characters long. */
export function clip(text: string, most: number): string {
  const line = printable(text.replaceAll(/\s*\n\s*/g, " "));
  return line.length <= most ? line : `${line.slice(0, Math.max(0, most - 1))}…`;
}
