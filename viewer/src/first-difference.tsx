import type { JSX } from "preact";

import type { AuditCauseLine, DiffDocument } from "../../src/view/documents.ts";
import { Section, valueText } from "./parts.tsx";

/** The first difference: both values, how far apart, and why where an audit knows it. */
export function First({ diff }: { readonly diff: DiffDocument }): JSX.Element {
  const { divergence, causes } = diff;
  if (divergence === null) return <></>;
  const { path, expected, actual, expectedType, actualType, ulps, differing, agreeing, step } = divergence;
  return (
    <Section title={`Step ${step}: ${path}`}>
      <div class="first">
        <div class="sides">
          <div class="side-box">
            <span class="side">A</span> <code class="big">{valueText(expected)}</code>{" "}
            <span class="badge">{expectedType}</span>
          </div>
          <div class="side-box">
            <span class="side">B</span> <code class="big">{valueText(actual)}</code>{" "}
            <span class="badge">{actualType}</span>
          </div>
          {ulps !== undefined && (
            <p>
              <strong>{ulps}</strong> {ulps === 1 ? "unit" : "units"} in the last place apart
            </p>
          )}
          <p class="quiet">
            differ here: {differing.join(", ") || "nothing"} · agree throughout:{" "}
            {agreeing.join(", ") || "nothing"}
          </p>
        </div>
        <Causes causes={causes} path={path} />
      </div>
    </Section>
  );
}

/** What an audit knows of the place. */
function Causes({
  causes,
  path,
}: {
  readonly causes: readonly AuditCauseLine[];
  readonly path: string;
}): JSX.Element {
  if (causes.length === 0)
    return (
      <div class="cause">
        <h3>Why</h3>
        <p class="quiet">
          No audit says. <code>sameseed audit --run DIR</code> finds the line that reads the world.
        </p>
      </div>
    );
  return (
    <div class="cause">
      <h3>Why</h3>
      {causes.map((cause) => (
        <div>
          <p>
            <strong>{cause.factor}</strong>
            {cause.path === path ? "" : ` (found in ${cause.path})`}
            {cause.file !== undefined && (
              <>
                : <code>{`${cause.file}:${cause.line}`}</code> in <code>{cause.function}</code>
              </>
            )}
          </p>
          {cause.source !== undefined && cause.source !== "" && <pre tabIndex={0}>{cause.source}</pre>}
        </div>
      ))}
    </div>
  );
}
