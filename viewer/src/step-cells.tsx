import type { JSX } from "preact";

import type { JsonValue } from "../../src/model/json.ts";
import type { ShownValue, StepDocument } from "../../src/view/documents.ts";
import { valueText } from "./parts.tsx";

interface MarkedProps {
  readonly now: ShownValue | undefined;
  readonly before?: ShownValue | undefined;
  /** Up to here, in characters: a cell of a table shows no more, and an element for each number would slow the page. */
  readonly most?: number;
}

/** The most characters that a cell of a table has room for. */
export const cellMost = 160;

/** A value with what is not as it was before marked. */
export function Marked({ now, before, most = Infinity }: MarkedProps): JSX.Element {
  if (now === undefined) return <></>;
  const { value } = now;
  if (before === undefined || before.type !== now.type) return <>{cut(valueText(value), most)}</>;
  const parts = new Parts(most);
  partsOf(value, before.value, parts);
  parts.close();
  return (
    <>
      {parts.all.map(({ text, isChanged }) => (isChanged ? <mark class="changed">{text}</mark> : text))}
      {parts.isFull && "…"}
    </>
  );
}

/** Cuts a value into stretches that are as they were before and stretches that are not. */
function partsOf(now: JsonValue, before: JsonValue, parts: Parts): void {
  if (parts.isFull) return;
  if (!Array.isArray(now) || !Array.isArray(before)) {
    const text = valueText(now);
    parts.add(text, text !== valueText(before));
    return;
  }
  parts.add("[");
  for (const [at, item] of (now as readonly JsonValue[]).entries()) {
    if (at > 0) parts.add(", ");
    partsOf(item, (before as readonly JsonValue[])[at] ?? null, parts);
    if (parts.isFull) return;
  }
  parts.add("]");
}

/** Stretches of a text. What stands between two that are changed, brackets and commas, is one with them. */
class Parts {
  readonly all: { text: string; readonly isChanged: boolean }[] = [];
  /** Brackets and commas that belong to what follows or to what was before. */
  #between = "";
  #room: number;

  /** @param most characters */
  constructor(most: number) {
    this.#room = most;
  }

  get isFull(): boolean {
    return this.#room <= 0;
  }

  /** @param isChanged undefined for what is between values */
  add(text: string, isChanged?: boolean): void {
    if (this.isFull) return;
    const own = text.slice(0, this.#room);
    this.#room -= text.length;
    if (isChanged === undefined) {
      this.#between += own;
      return;
    }
    const last = this.all.at(-1);
    if (last?.isChanged === isChanged) last.text += this.#between + own;
    else if (isChanged) {
      this.#push(this.#between, false);
      this.all.push({ text: own, isChanged });
    } else this.all.push({ text: this.#between + own, isChanged });
    this.#between = "";
  }

  /** Ends the text. */
  close(): void {
    this.#push(this.#between, false);
    this.#between = "";
  }

  #push(text: string, isChanged: boolean): void {
    if (text === "") return;
    const last = this.all.at(-1);
    if (last?.isChanged === isChanged) last.text += text;
    else this.all.push({ text, isChanged });
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** What a step asked of the world and which generators it moved. */
export function worldText({ ledger, moved }: StepDocument): string {
  const asked = Object.entries(ledger ?? {}).map(([kind, count]) => `${kind} ${count as number}`);
  return [...asked, ...(moved.length > 0 ? [`moved ${moved.join(", ")}`] : [])].join(" · ");
}

/** The flags of a step in a few letters. */
export function flagText({ kind, fields }: StepDocument): string {
  if (kind === "reset") return "reset";
  if (kind === "closing") return valueText(fields["end"]?.value ?? "end");
  const isOn = (name: string): boolean => fields[name]?.value === true;
  return [isOn("terminated") ? "terminated" : "", isOn("truncated") ? "truncated" : ""]
    .filter((text) => text !== "")
    .join(" ");
}
