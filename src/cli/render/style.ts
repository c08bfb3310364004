import { styleText } from "node:util";

import { startOfText } from "../../base/cut-text.ts";
import { ownStyle, printable, printableStyled } from "./safe-text.ts";

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

/**
 * A painter for a stream: colours only on a terminal, and as `NO_COLOR` and `FORCE_COLOR` say. What it gives is for `Output`
 * and `StatusLine`, which know its styles from those in texts of others.
 */
export function painterFor(stream: NodeJS.WritableStream): Painter {
  return (tone, text) => {
    // A plain letter stands for the text, so that nothing in the text can be taken for a style of ours.
    const [begin = "", end = ""] = styleText(formats[tone], "x", { stream }).split("x");
    return begin === "" ? text : `${marked(begin)}${printableStyled(text)}${marked(end)}`;
  };
}

function marked(style: string): string {
  return style.replaceAll(/\p{Cc}\[(\d{1,3})m/gu, (_, code: string) => ownStyle(code));
}

/** Leaves every text as it is. */
export const plain: Painter = (_tone, text) => text;

/** Characters of a failure's text that are shown: the way out stands at its end. */
export const longestFailure = 800;

/** A text on one line, at most so many characters long. */
export function clip(text: string, most: number): string {
  const line = printable(text.replaceAll(/\s*\n\s*/g, " "));
  return line.length <= most ? line : `${startOfText(line, most - 1)}…`;
}
