import { randomInt } from "node:crypto";

/*
 * Texts that others wrote (names of files and environments, messages, tracebacks) may hold characters that move the cursor,
 * change colours, set a terminal's title or turn the reading direction. What goes to a terminal is therefore made safe in one
 * place, on its way out: `Output` and `StatusLine` call `safeText` for every text. Colours of our own survive because the
 * painter marks them with a number that nobody outside of this process knows.
 */

/** Controls, delete among them, and format characters: joiners, marks of reading direction, byte order marks. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const marked = /\p{Cc}\[(\d{4};\d{4};\d{4});(\d{1,3})m/gu;

// Groups of four digits, so that what measures or strips styles still takes it for one.
const ownMark = Array.from({ length: 3 }, () => String(randomInt(1000, 10_000))).join(";");

/**
 * A text as a terminal may show it: every character that could act on the terminal is written as an escape.
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

/** As {@link printable}, and styles of our own painter become what a terminal understands. @param keepLines as there */
export function safeText(text: string, keepLines = false): string {
  return eachPart(
    text,
    (foreign) => printable(foreign, keepLines),
    (code) => `\u001b[${code}m`,
  );
}

/** As {@link printable}, but styles of our own painter stay marked: for a text that is put into another. */
export function printableStyled(text: string): string {
  return eachPart(
    text,
    (foreign) => printable(foreign, true),
    (code) => ownStyle(code),
  );
}

/** A style of our own, which {@link safeText} lets through. @param code a parameter of SGR, such as `31` */
export function ownStyle(code: string): string {
  return `\u001b[${ownMark};${code}m`;
}

/** JSON text with the same value in which no character can act on a terminal. */
export function printableJson(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    // Between values, line feeds and tabs are JSON's own.
    if (character === "\n" || character === "\t") return character;
    return Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join("");
  });
}

function eachPart(text: string, foreign: (part: string) => string, style: (code: string) => string): string {
  let safe = "";
  let from = 0;
  for (const { 0: all, 1: mark, 2: code, index } of text.matchAll(marked)) {
    if (mark !== ownMark) continue;
    safe += foreign(text.slice(from, index)) + style(code!);
    from = index + all.length;
  }
  return safe + foreign(text.slice(from));
}
