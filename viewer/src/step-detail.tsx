import type { JSX } from "preact";

import type { RolloutDocument, StepDocument } from "../../src/view/documents.ts";
import { Command } from "./parts.tsx";
import { href } from "./route.ts";
import { Marked, worldText } from "./step-cells.tsx";
import { useStep } from "./use-step.ts";
import { ValueView } from "./value-view.tsx";

/** One record: its fields, and one of them whole. */
export function StepDetail({
  rollout,
  at,
  field,
}: {
  readonly rollout: RolloutDocument;
  readonly at: number;
  readonly field: string | undefined;
}): JSX.Element {
  const { id, key, first } = rollout;
  const [step, before] = useStep(id, key, at);
  if (step === undefined) return <div class="detail" />;
  const names = Object.keys(step.fields);
  const shown = field !== undefined && (names.includes(field) || field === "hidden") ? field : undefined;
  return (
    <div class="detail">
      <h3>
        {step.kind === "reset"
          ? "Reset (step 0)"
          : step.kind === "closing"
            ? `Closing record ${first + at}`
            : `Step ${first + at}`}
      </h3>
      <Fields rollout={rollout} step={step} before={before} shown={shown} />
      <p class="quiet digest">chain {step.digest}</p>
      {shown === undefined ? (
        <p class="quiet">Choose a field for its whole value, its picture and its bytes.</p>
      ) : (
        <ValueView id={id} rollout={key} step={first + at} field={shown} />
      )}
      <Command
        words={[
          "show",
          rollout.dir,
          rollout.lineage === undefined ? "--seed" : "--branch",
          key.replace("~now", ""),
          "--json",
        ]}
        what="prints this rollout's steps"
      />
    </div>
  );
}

interface FieldsProps {
  readonly rollout: RolloutDocument;
  readonly step: StepDocument;
  readonly before: StepDocument | undefined;
  readonly shown: string | undefined;
}

function Fields({ rollout, step, before, shown }: FieldsProps): JSX.Element {
  const { id, key } = rollout;
  const names = Object.keys(step.fields);
  return (
    <dl>
      {names.map((name) => (
        <>
          <dt>
            <a href={href(id, key, step.k, name)} aria-current={name === shown ? "true" : undefined}>
              {name}
            </a>{" "}
            <span class="quiet">{step.fields[name]?.type}</span>
          </dt>
          <dd>
            <Marked now={step.fields[name]} before={name === "action" ? undefined : before?.fields[name]} />
            {step.fields[name]?.cut === true && (
              <>
                {" "}
                <a href={href(id, key, step.k, name)}>show all</a>
              </>
            )}
          </dd>
        </>
      ))}
      {step.volatile !== undefined && (
        <>
          <dt>beside the chain</dt>
          <dd>
            <Marked now={step.volatile} />
          </dd>
        </>
      )}
      <dt>
        <a href={href(id, key, step.k, "hidden")}>hidden state</a>
      </dt>
      <dd>{worldText(step) || "nothing moved, nothing asked"}</dd>
    </dl>
  );
}
