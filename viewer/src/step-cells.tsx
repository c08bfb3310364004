import type { JSX } from "preact";

import type { JsonValue } from "../../src/model/json.ts";
import type { ShownValue, StepDocument } from "../../src/view/documents.ts";
import { valueText } from "./parts.tsx";

/** A value with what is not as it was before marked. */
export function Marked({
  now,
  before,
}: {
  readonly now: ShownValue | undefined;
  readonly before?: ShownValue | undefined;
}): JSX.Element {
  if (now === undefined) return <></>;
  const { value } = now;
  if (before === undefined || before.type !== now.type) return <>{valueText(value)}</>;
  return <MarkedValue now={value} before={before.value} />;
}

function MarkedValue({ now, before }: { readonly now: JsonValue; readonly before: JsonValue }): JSX.Element {
  if (Array.isArray(now) && Array.isArray(before))
    return (
      <>
        [
        {now.map((item: JsonValue, at) => (
          <>
            {at > 0 && ", "}
            <MarkedValue now={item} before={(before as readonly JsonValue[])[at] ?? null} />
          </>
        ))}
        ]
      </>
    );
  const text = valueText(now);
  return text === valueText(before) ? <>{text}</> : <mark class="changed">{text}</mark>;
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
