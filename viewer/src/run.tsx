import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { ecdf, histogram } from "../../src/view/draw/plots.ts";
import { shortNumber } from "../../src/view/draw/scale.ts";
import type { RunDocument } from "../../src/view/documents.ts";
import { pathOf, useDocument, useLive } from "./data.ts";
import { FigureView } from "./figure.tsx";
import { JsonLink, Outcome, outcomeClass, Ready, Section, when } from "./parts.tsx";
import { Rollouts } from "./rollout-list.tsx";
import { href } from "./route.ts";
import { VerdictPanel } from "./verdict.tsx";

/** `#RUN` */
export function RunView({ id }: { readonly id: string }): JSX.Element {
  const loaded = useDocument<RunDocument>(pathOf("run", id));
  return <Ready of={loaded}>{(run) => <Run run={run} />}</Ready>;
}

function Run({ run }: { readonly run: RunDocument }): JSX.Element {
  useLive(run.live ? run.id : null);
  const returns = useMemo(() => run.returns.filter((value) => value !== null), [run]);
  const size = { width: 460, height: 220 };
  const { verdict } = run;
  const diverged = useMemo(() => {
    const keys = new Set("diverged" in verdict ? verdict.diverged.map(({ key }) => key) : []);
    return new Set(run.keys.flatMap((key, at) => (keys.has(key) ? [at] : [])));
  }, [run]);
  return (
    <>
      <h1>
        {run.id} {run.live && <span class="badge live">recording</span>}
      </h1>
      <p class="quiet">
        {run.environment} · {run.policy} · image {run.image.name} {run.image.digest.slice(0, 12)} ·{" "}
        {run.world} world · {when(run.createdAt)} · sameseed {run.sameseedVersion}{" "}
        <JsonLink path={pathOf("run", run.id)} />
      </p>
      <VerdictPanel run={run} />
      <Links run={run} />
      <Section title="Returns">
        <MeanLine run={run} />
        <div class="figures">
          <FigureView
            figure={histogram(returns, { ...size, title: "Returns", unit: "return", mean: run.mean })}
          />
          <FigureView
            figure={ecdf(returns, { ...size, title: "Share of rollouts at or below", unit: "return" })}
          />
          <FigureView figure={histogram(run.steps, { ...size, title: "Lengths", unit: "steps" })} />
        </div>
      </Section>
      <Rollouts run={run} diverged={diverged} />
    </>
  );
}

function Links({ run }: { readonly run: RunDocument }): JSX.Element {
  const { branch, audit, identical } = run;
  return (
    <ul class="plain">
      {branch !== undefined && (
        <li>
          Branches of{" "}
          {branch.parentId === undefined ? (
            `run ${branch.parent.runId}`
          ) : (
            <a href={href(branch.parentId, branch.parent.branch ?? branch.parent.seed)}>{branch.parentId}</a>
          )}
          , seed {branch.parent.seed}, from step {branch.step}
        </li>
      )}
      <li>
        <a href={href(run.id, "~tree")}>Branch tree</a>
      </li>
      {audit !== null && (
        <li>
          <a href={href(run.id, "~audit")}>Audit</a>: {audit.verdict}
          {audit.causes[0]?.file !== undefined && (
            <>
              , <code>{`${audit.causes[0].file}:${audit.causes[0].line}`}</code>
            </>
          )}
        </li>
      )}
      {identical.length > 0 && (
        <li class="trouble">
          Seeds with the same play, as if the seed were ignored:{" "}
          {identical.map((seeds) => seeds.slice(0, 12).join(", ")).join("; ")}
        </li>
      )}
    </ul>
  );
}

/** The mean, and beside it what is not in it. */
function MeanLine({ run }: { readonly run: RunDocument }): JSX.Element {
  const counts = new Map<string, number>();
  for (const outcome of run.outcomes) {
    const name = run.outcomeNames[outcome] ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const left = [...counts].filter(([name]) => outcomeClass(name) !== "complete");
  return (
    <p>
      {run.mean === null ? "No mean return" : <strong>mean return {shortNumber(run.mean.value)}</strong>}
      {run.mean !== null &&
        Math.abs(run.mean.low) < 1e300 &&
        ` [${shortNumber(run.mean.low)}, ${shortNumber(run.mean.high)}] 95 %`}
      {run.mean !== null && `, of ${run.mean.n} complete rollouts`} · outcomes:{" "}
      {[...counts].map(([name, count]) => (
        <span class="spaced">
          {count} <Outcome name={name} />
        </span>
      ))}
      {left.length > 0 && (
        <span class="quiet">
          · not in the mean: {left.map(([name, count]) => `${count} ${name}`).join(", ")}
        </span>
      )}
      {run.missing > 0 && <span class="trouble"> · {run.missing} not recorded</span>}
    </p>
  );
}
