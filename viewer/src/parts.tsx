import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { VerdictDocument } from "../../src/view/documents.ts";
import type { JsonValue } from "../../src/model/json.ts";
import { shortNumber } from "../../src/view/draw/scale.ts";
import { shellWord } from "../../src/cli/parse/shell-words.ts";
import { isFile, type Loaded } from "./data.ts";
import { shownText } from "./shown-text.ts";

/** A document's view, or why there is none. */
export function Ready<T>({
  of,
  children,
}: {
  readonly of: Loaded<T>;
  readonly children: (data: T) => ComponentChildren;
}): JSX.Element {
  if (of.error !== undefined)
    return (
      <p class="trouble" role="alert">
        {of.error}
      </p>
    );
  if (of.data === undefined)
    return (
      <p class="quiet" role="status">
        Loading…
      </p>
    );
  return <>{children(of.data)}</>;
}

/** The looks of a verdict. They differ in sign and words, not in colour alone. */
const verdicts: Readonly<Record<VerdictDocument["state"], readonly [sign: string, words: string]>> = {
  never: ["○", "never verified"],
  altered: ["!", "verdict altered"],
  verified: ["✓", "verified"],
  diverged: ["≠", "diverged"],
  failed: ["=✗", "failed equally"],
  partial: ["◐", "partly verified"],
};

/** A verdict in a few characters. */
export function VerdictBadge({ state }: { readonly state: VerdictDocument["state"] }): JSX.Element {
  const [sign, words] = verdicts[state];
  return (
    <span class={`badge verdict-${state}`}>
      <span aria-hidden="true">{sign}</span> {words}
    </span>
  );
}

/** How an outcome is told: whole episodes apart from whose fault it was. */
export function outcomeClass(outcome: string): "complete" | "policy" | "environment" | "limit" | "host" {
  if (outcome === "terminated" || outcome === "truncated") return "complete";
  if (outcome.endsWith("_limit")) return "limit";
  if (outcome === "env_error") return "environment";
  return outcome === "killed" ? "host" : "policy";
}

/** An outcome. */
export function Outcome({ name }: { readonly name: string }): JSX.Element {
  return <span class={`outcome outcome-${outcomeClass(name)}`}>{name}</span>;
}

/** A button that copies a command line, shown in full. Nothing runs from here. */
export function Command({
  words,
  what,
}: {
  readonly words: readonly (string | number)[];
  readonly what: string;
}): JSX.Element | null {
  const [said, setSaid] = useState("");
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const line = ["sameseed", ...words.map(String)].map(shellWord).join(" ");
  // A pasted control character would be the terminal's, not the command's; one that turns letters would show another command.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f]/.test(line) || shownText(line) !== line)
    return <p class="quiet">The folder's name cannot be pasted into a shell.</p>;
  const copy = (): void => {
    const done = (text: string): void => {
      setSaid(text);
      timer.current = setTimeout(() => setSaid(""), 2000);
    };
    navigator.clipboard.writeText(line).then(
      () => done("copied"),
      () => done("not copied: select it"),
    );
  };
  return (
    <span class="command">
      <code>{line}</code>
      <button type="button" onClick={copy} aria-label={`Copy the command that ${what}`}>
        Copy
      </button>
      <span role="status" class="quiet">
        {said}
      </span>
    </span>
  );
}

/** A link to the document behind a view. */
export function JsonLink({ path }: { readonly path: string }): JSX.Element | null {
  if (isFile) return null;
  return (
    <a class="json" href={`api/${path}`} target="_blank" rel="noopener">
      JSON
    </a>
  );
}

/** A number, or what stands for one. */
export function numberText(value: JsonValue): string {
  if (typeof value === "number") return shortNumber(value);
  if (value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** JSON for a cell: strings bare, numbers with all their digits. */
export function valueText(value: JsonValue): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value);
}

/** A duration in ms. */
export function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** A moment in ISO 8601, to the minute. */
export function when(iso: string): string {
  return iso === "" ? "" : `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** A part of a page with its heading. */
export function Section({
  title,
  children,
  aside,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly aside?: ComponentChildren;
}): JSX.Element {
  return (
    <section>
      <h2>
        {title} {aside}
      </h2>
      {children}
    </section>
  );
}

interface WideTableProps {
  /** What it is a table of, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly string[];
  readonly class?: string;
  /** Its rows. */
  readonly children: ComponentChildren;
}

/** A table that scrolls sideways by itself where the page is narrower; by keyboard too. */
export function WideTable({ label, columns, class: name, children }: WideTableProps): JSX.Element {
  return (
    <div class="wide-box" tabIndex={0} role="group" aria-label={label}>
      <table class={name}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
