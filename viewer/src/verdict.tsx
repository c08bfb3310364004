import type { JSX } from "preact";

import { otherSuffix, type RunDocument } from "../../src/view/documents.ts";
import { Command, VerdictBadge, valueText, when } from "./parts.tsx";
import { href } from "./route.ts";

const listedMost = 8;

/** What is known of whether the run gives the same bytes again: what a run's page opens on. */
export function VerdictPanel({ run }: { readonly run: RunDocument }): JSX.Element {
  const { verdict } = run;
  const name = run.branch === undefined ? "seed" : "branch";
  return (
    <div class={`verdict verdict-${verdict.state}`}>
      <p class="verdict-line">
        <VerdictBadge state={verdict.state} /> <strong>{sentenceOf(run)}</strong>
      </p>
      {verdict.state === "altered" && <p>{verdict.why}</p>}
      {"at" in verdict && (
        <p class="quiet">
          {when(verdict.at)} · image {verdict.image.slice(0, 12)} (
          {verdict.checked === "content" ? "every file read" : "known by its stamps"}) · sameseed{" "}
          {verdict.sameseedVersion}
          {verdict.since > 0 && ` · ${verdict.since} recorded since`}
        </p>
      )}
      {"diverged" in verdict && verdict.diverged.length > 0 && (
        <ul class="plain">
          {verdict.diverged.slice(0, listedMost).map(({ key, kept, divergence }) => (
            <li>
              <a
                href={
                  kept
                    ? href(run.id, key, "~diff", run.id, `${key}${otherSuffix}`)
                    : href(run.id, key, divergence.step)
                }
              >
                {name} {key}
              </a>{" "}
              at {divergence.step === 0 ? "the reset" : `step ${divergence.step}`},{" "}
              <code>{divergence.path}</code>: recorded <code>{valueText(divergence.expected)}</code>, now{" "}
              <code>{valueText(divergence.actual)}</code>
            </li>
          ))}
          {verdict.diverged.length > listedMost && (
            <li class="quiet">… {verdict.diverged.length - listedMost} more, crossed out below</li>
          )}
        </ul>
      )}
      {"failed" in verdict && verdict.failed.length > 0 && (
        <p>
          {verdict.failed.length} ended in the same fault both times (
          {[...new Set(verdict.failed.map(({ outcome }) => outcome))].join(", ")}): equal failures prove
          nothing.
        </p>
      )}
      <Command words={["verify", run.dir]} what="verifies this run again" />
    </div>
  );
}

function sentenceOf({ verdict, keys }: RunDocument): string {
  if (verdict.state === "never") return `none of ${keys.length} rollouts was run again to compare`;
  if (verdict.state === "altered") return "what lies beside the run is not what verify wrote";
  return `${verdict.equal} of ${verdict.rollouts} rollouts gave the same bytes again`;
}
