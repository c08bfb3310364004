import type { JSX } from "preact";

const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const escape = "\u001b";
// Colours and weight; other sequences of a terminal do nothing here.
const sequence = new RegExp(`${escape}\\[([0-9;]*)([A-Za-z])`, "g");

interface Look {
  readonly ink?: string | undefined;
  readonly paper?: string | undefined;
  readonly isBold: boolean;
}

/** A text that an environment wrote for a terminal, with its colours. */
export function AnsiText({
  text,
  isSmall,
}: {
  readonly text: string;
  readonly isSmall: boolean;
}): JSX.Element {
  return (
    <pre class={isSmall ? "ansi small" : "ansi"} tabIndex={isSmall ? undefined : 0} aria-hidden={isSmall}>
      {partsOf(text).map(({ part, look }) => (
        <span class={classOf(look)}>{part}</span>
      ))}
    </pre>
  );
}

function partsOf(text: string): readonly { readonly part: string; readonly look: Look }[] {
  const parts: { readonly part: string; readonly look: Look }[] = [];
  let look: Look = { isBold: false };
  let at = 0;
  for (const found of text.matchAll(sequence)) {
    parts.push({ part: plain(text.slice(at, found.index)), look });
    at = found.index + found[0].length;
    if (found[2] === "m") for (const code of (found[1] ?? "").split(";")) look = after(look, Number(code));
  }
  parts.push({ part: plain(text.slice(at)), look });
  return parts.filter(({ part }) => part !== "");
}

function after(look: Look, code: number): Look {
  if (code === 0) return { isBold: false };
  if (code === 1) return { ...look, isBold: true };
  if (code === 39) return { ...look, ink: undefined };
  if (code === 49) return { ...look, paper: undefined };
  const base = Math.floor(code / 10) * 10;
  const name = names[code - base];
  if (name === undefined) return look;
  if (base === 30 || base === 90) return { ...look, ink: name };
  return base === 40 || base === 100 ? { ...look, paper: name } : look;
}

function classOf({ ink, paper, isBold }: Look): string {
  return [ink && `ink-${ink}`, paper && `paper-${paper}`, isBold && "bold"]
    .filter((name) => typeof name === "string")
    .join(" ");
}

/** Control characters but tabs and line ends are shown as what they are: not text. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
}
