import type { JSX } from "preact";

import type { AuditReport } from "../../src/verify/audit/audit-report.ts";
import type { AuditDocument } from "../../src/view/documents.ts";
import { pathOf, useDocument } from "./data.ts";
import { JsonLink, Ready, Section, valueText, WideTable } from "./parts.tsx";
import { href } from "./route.ts";

const words: Readonly<Record<AuditReport["verdict"], string>> = {
  pure: "equal bytes in every world, and nothing was asked of it",
  virtualised: "equal bytes in every world, though it asks",
  sensitive: "at least one world gave other bytes",
  broken: "two rollouts in the same world differ, or none is complete",
};

/** `#RUN/~audit` */
export function AuditView({ id }: { readonly id: string }): JSX.Element {
  const path = pathOf("audit", id);
  const loaded = useDocument<AuditDocument>(path);
  return (
    <>
      <h1>
        <a href={href(id)}>{id}</a> · audit
      </h1>
      <JsonLink path={path} />
      <Ready of={loaded}>
        {({ report }) => <Report id={id} report={report as unknown as AuditReport} />}
      </Ready>
    </>
  );
}

function Report({ id, report }: { readonly id: string; readonly report: AuditReport }): JSX.Element {
  const { verdict, worlds, causes, ledger, tier, imageDigest, world } = report;
  const isGood = verdict === "pure" || verdict === "virtualised";
  return (
    <>
      <div class={`verdict ${isGood ? "verdict-verified" : "verdict-diverged"}`}>
        <p class="verdict-line">
          <strong>
            {verdict}: {words[verdict]}
          </strong>
        </p>
        <p class="quiet">
          tier {tier} · image {imageDigest.replace("sha256:", "").slice(0, 12)} · {world} world · asked of it:{" "}
          {Object.entries(ledger)
            .map(([kind, count]) => `${kind} ${count}`)
            .join(", ") || "nothing"}
        </p>
      </div>
      <Section title="Causes">
        {causes.length === 0 && <p class="quiet">None.</p>}
        {causes.map(({ factor, seed, step, path, expected, actual, location }) => (
          <div class="cause">
            <p>
              <strong>{factor}</strong> shows at{" "}
              <a href={href(id, seed, step)}>
                step {step} of seed {seed}
              </a>
              , in <code>{path}</code>: <code>{valueText(expected)}</code> or <code>{valueText(actual)}</code>
            </p>
            {location === null ? (
              <p class="quiet">The line that reads it was not found.</p>
            ) : (
              <>
                <p>
                  <code>{`${location.file}:${location.line}`}</code> in <code>{location.function}</code>
                </p>
                <pre tabIndex={0}>{location.source}</pre>
              </>
            )}
          </div>
        ))}
      </Section>
      <Worlds worlds={worlds} />
    </>
  );
}

function Worlds({ worlds }: Pick<AuditReport, "worlds">): JSX.Element {
  return (
    <Section title="Worlds">
      <WideTable label="worlds" columns={["changed", "bytes", "how", "note"]}>
        {worlds.map(({ factor, equal, how, note }) => (
          <tr>
            <td>{factor}</td>
            <td class={equal === false ? "trouble" : ""}>
              {equal === null ? "not known" : equal ? "= equal" : "≠ other"}
            </td>
            <td>{how}</td>
            <td>{note}</td>
          </tr>
        ))}
      </WideTable>
    </Section>
  );
}
