import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { RolloutDocument, RunDocument } from "../../src/view/documents.ts";
import { go, href } from "./route.ts";
import { WholeText } from "./value-view.tsx";

/** Where a rollout comes from, what it is compared with, and what went wrong. */
export function Origins({
  rollout,
  other,
  run,
}: {
  readonly rollout: RolloutDocument;
  readonly other: string;
  readonly run: RunDocument | undefined;
}): JSX.Element {
  const { id, lineage, parent, branches, divergence, hasOther, key } = rollout;
  const siblings =
    lineage === undefined ? [] : (run?.keys ?? []).filter((sibling) => String(sibling) !== key).slice(0, 12);
  return (
    <>
      <Fault rollout={rollout} />
      <ul class="plain">
        {divergence !== undefined && (
          <li class="trouble">
            Diverged when it was verified, at{" "}
            <a href={href(id, key, divergence.step, divergence.field)}>step {divergence.step}</a>,{" "}
            <code>{divergence.path}</code>
            {hasOther && (
              <>
                : <a href={other}>recorded and verified side by side (d)</a>
              </>
            )}
          </li>
        )}
        {lineage !== undefined && parent !== undefined && (
          <li>
            Goes on from step {lineage.step} of{" "}
            {parent.id === undefined ? (
              parent.runId
            ) : (
              <a href={href(parent.id, parent.key, lineage.step)}>{`${parent.id} ${parent.key}`}</a>
            )}
            {lineage.reseed !== null && `, re-keyed by ${lineage.reseed}`} · prefix{" "}
            <code>{lineage.parent.slice(7, 23)}</code>
          </li>
        )}
        {siblings.length > 0 && (
          <li>
            Against branch{" "}
            {siblings.map((sibling) => (
              <a class="spaced" href={href(id, key, "~diff", id, sibling)}>
                {sibling}
              </a>
            ))}
          </li>
        )}
        {branches.map(({ id: own, step, count }) => (
          <li>
            <a href={href(own, "~tree")}>{count === 1 ? "1 branch" : `${count} branches`}</a> from step {step}
            : {own}
          </li>
        ))}
        {(run?.keys.length ?? 0) > 1 && lineage === undefined && (
          <Against id={id} name={key} keys={run?.keys ?? []} />
        )}
      </ul>
    </>
  );
}

function Fault({ rollout }: { readonly rollout: RolloutDocument }): JSX.Element | null {
  const { summary } = rollout;
  const fault = summary["error"] as
    | { readonly type: string; readonly message: string; readonly traceback?: string; readonly by: string }
    | undefined;
  if (fault === undefined) return null;
  return (
    <div class="trouble">
      <p>
        Fault of the {fault.by}: {fault.type}: {fault.message}
      </p>
      {fault.traceback !== undefined && <WholeText text={fault.traceback} />}
    </div>
  );
}

/** Any other rollout of the run, to lay beside this one. */
function Against({
  id,
  name,
  keys,
}: {
  readonly id: string;
  readonly name: string;
  readonly keys: readonly number[];
}): JSX.Element {
  const at = keys.indexOf(Number(name));
  const [wanted, setWanted] = useState(String(keys[at + 1] ?? keys[0] ?? ""));
  return (
    <li>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          go(href(id, name, "~diff", id, wanted));
        }}
      >
        <label>
          Compare with seed{" "}
          <input
            size={8}
            inputMode="numeric"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </label>{" "}
        <button type="submit">Compare</button>
      </form>
    </li>
  );
}
