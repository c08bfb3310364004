import type { JSX } from "preact";
import { useState } from "preact/hooks";

import {
  otherSuffix,
  type RolloutDocument,
  type RunDocument,
  type ScriptDocument,
  type SeriesDocument,
} from "../../src/view/documents.ts";
import { linePlot } from "../../src/view/draw/plots.ts";
import { pathOf, useDocument } from "./data.ts";
import { FigureView } from "./figure.tsx";
import { Origins } from "./origins.tsx";
import { Pictures } from "./pictures.tsx";
import { usePlayback } from "./playback.ts";
import { Command, duration, JsonLink, numberText, Outcome, Ready, Section } from "./parts.tsx";
import { go, href } from "./route.ts";
import { cellMost, flagText, Marked, worldText } from "./step-cells.tsx";
import { RunHere } from "./run-here.tsx";
import { StepDetail } from "./step-detail.tsx";
import { Stdio } from "./stdio.tsx";
import { useStep } from "./use-step.ts";
import { WholeText } from "./value-view.tsx";
import { type GridColumn, VirtualGrid } from "./virtual-grid.tsx";

interface RolloutViewProps {
  readonly id: string;
  readonly name: string;
  readonly step: string | undefined;
  readonly field: string | undefined;
}

/** `#RUN/SEED/STEP/FIELD` */
export function RolloutView({ id, name, step, field }: RolloutViewProps): JSX.Element {
  const loaded = useDocument<RolloutDocument>(pathOf("rollout", id, name));
  const run = useDocument<RunDocument>(pathOf("run", id));
  return (
    <Ready of={loaded}>
      {(rollout) => {
        const at = Math.max(
          0,
          Math.min(rollout.records - 1, Number(step ?? rollout.first) - rollout.first || 0),
        );
        return <Rollout rollout={rollout} run={run.data} at={at} field={field} />;
      }}
    </Ready>
  );
}

interface RolloutProps {
  readonly rollout: RolloutDocument;
  readonly run: RunDocument | undefined;
  readonly at: number;
  readonly field: string | undefined;
}

function Rollout({ rollout, run, at, field }: RolloutProps): JSX.Element {
  const { id, key, first, records, dir, summary, lineage } = rollout;
  const isBranch = lineage !== undefined;
  const choice = [isBranch ? "--branch" : "--seed", key.replace(otherSuffix, "")];
  const move = (to: number): void =>
    go(
      href(id, key, first + Math.max(0, Math.min(records - 1, to)), ...(field === undefined ? [] : [field])),
      true,
    );
  const own = key.replace(otherSuffix, "");
  const isOther = own !== key;
  const other = href(id, own, "~diff", id, `${own}${otherSuffix}`);
  const [isPlaying, setPlaying] = usePlayback({ rollout, run, at, other, move });
  return (
    <>
      <h1>
        <a href={href(id)}>{id}</a> · {isBranch ? `branch ${key}` : `seed ${key}`}
      </h1>
      <Head rollout={rollout} />
      <Origins rollout={rollout} other={other} run={run} />
      <p>
        <Command words={["replay", dir, ...choice]} what="replays this rollout" />{" "}
        <Command
          words={["branch", dir, ...choice, "--step", first + at]}
          what="goes on from this step another way"
        />{" "}
        {rollout.pictures === undefined && !isOther && (
          <Command words={["replay", dir, ...choice, "--render"]} what="makes pictures of this rollout" />
        )}
      </p>
      <RunHere rollout={rollout} step={first + at} />
      <Pictures rollout={rollout} step={first + at} onPick={(step) => move(step - first)} />
      <Series id={id} name={key} step={first + at} onPick={(step) => move(step - first)} />
      <Section
        title="Steps"
        aside={
          <button type="button" onClick={() => setPlaying(!isPlaying)}>
            {isPlaying ? "Stop" : "Play"}
          </button>
        }
      >
        <div class="split">
          <StepTable
            rollout={rollout}
            at={at}
            onSelect={move}
            onOpen={(row) => go(href(id, key, first + row, "observation"))}
          />
          <StepDetail rollout={rollout} at={at} field={field} />
        </div>
      </Section>
      <Stdio rollout={rollout} />
      <Script id={id} name={key} />
      <Section title="The row, as recorded">
        <WholeText text={JSON.stringify({ ...summary, end: rollout.end }, undefined, 1)} />
      </Section>
    </>
  );
}

function Series({
  id,
  name,
  step,
  onPick,
}: {
  readonly id: string;
  readonly name: string;
  readonly step: number;
  readonly onPick: (step: number) => void;
}): JSX.Element {
  const loaded = useDocument<SeriesDocument>(pathOf("series", id, name));
  return (
    <Ready of={loaded}>
      {({ steps, rewards, total, observation }) => {
        const size = { width: 460, height: 180, unit: "step", x: steps, cursor: step };
        const [from = 0, to = 1] = [steps[0], steps.at(-1)];
        const pick = (x: number): void =>
          onPick(Math.round(from + ((x - 48) / (460 - 48 - 14)) * (to - from)));
        return (
          <div class="figures">
            <FigureView
              onPick={pick}
              figure={linePlot({ ...size, title: "Reward", lines: [{ name: "reward", values: rewards }] })}
            />
            <FigureView
              onPick={pick}
              figure={linePlot({
                ...size,
                title: "Return so far",
                lines: [{ name: "return", values: total }],
              })}
            />
            {observation.length > 0 && (
              <FigureView
                onPick={pick}
                figure={linePlot({
                  ...size,
                  title: "Observation",
                  lines: observation.map((values, at) => ({ name: `[${at}]`, values })),
                })}
              />
            )}
          </div>
        );
      }}
    </Ready>
  );
}

const columns: readonly GridColumn[] = [
  { title: "step", width: "4.5em", narrow: "3em", align: "right" },
  { title: "action", width: "minmax(4em, 1fr)", narrow: "3.5em" },
  { title: "reward", width: "5em", narrow: "3.5em", align: "right" },
  { title: "flags", width: "6.5em", isWide: true },
  { title: "observation", width: "minmax(8em, 4fr)" },
  { title: "changed", width: "5em", align: "right", isWide: true },
  { title: "info", width: "minmax(4em, 1fr)", isWide: true },
  { title: "asked, moved", width: "minmax(6em, 1.5fr)", isWide: true },
];

function StepTable({
  rollout,
  at,
  onSelect,
  onOpen,
}: {
  readonly rollout: RolloutDocument;
  readonly at: number;
  readonly onSelect: (at: number) => void;
  readonly onOpen: (at: number) => void;
}): JSX.Element {
  return (
    <VirtualGrid
      label="steps"
      columns={columns}
      count={rollout.records}
      selected={at}
      onSelect={onSelect}
      onOpen={onOpen}
      rowClass={(row) => (rollout.divergence?.step === rollout.first + row ? "is-diverged" : "")}
      cells={(row) =>
        columns.map((_, column) => <StepCell key={column} rollout={rollout} row={row} column={column} />)
      }
    />
  );
}

function StepCell({
  rollout,
  row,
  column,
}: {
  readonly rollout: RolloutDocument;
  readonly row: number;
  readonly column: number;
}): JSX.Element {
  const [step, before] = useStep(rollout.id, rollout.key, row);
  if (column === 0) return <>{rollout.first + row}</>;
  if (step === undefined) return <></>;
  const { fields } = step;
  switch (column) {
    case 1:
      return <Marked now={fields["action"]} most={cellMost} />;
    case 2:
      return <Marked now={fields["reward"]} most={cellMost} />;
    case 3:
      return <>{flagText(step)}</>;
    case 4:
      return (
        <Marked
          now={fields["observation"] ?? fields["error"]}
          before={before?.fields["observation"]}
          most={cellMost}
        />
      );
    case 5:
      return <>{step.changed === null ? "" : String(step.changed)}</>;
    case 6:
      return <Marked now={fields["info"]} most={cellMost} />;
    default:
      return <>{worldText(step)}</>;
  }
}

function Script({ id, name }: { readonly id: string; readonly name: string }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const loaded = useDocument<ScriptDocument>(isOpen ? pathOf("script", id, name) : null);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What ran: the harness with its seed literal, and the sources</summary>
      {isOpen && (
        <Ready of={loaded}>
          {({ parts }) =>
            parts.map(({ name: part, text, literal }) => {
              const at = literal === "" ? -1 : text.indexOf(literal);
              return (
                <>
                  <h3>{part}</h3>
                  <pre tabIndex={0}>
                    {at < 0
                      ? text
                      : [text.slice(0, at), <mark>{literal}</mark>, text.slice(at + literal.length)]}
                  </pre>
                </>
              );
            })
          }
        </Ready>
      )}
    </details>
  );
}

function Head({ rollout }: { readonly rollout: RolloutDocument }): JSX.Element {
  const { id, key, outcome, totalReward, summary } = rollout;
  const timings = summary["timings"] as {
    readonly startMs: number;
    readonly runMs: number;
    readonly totalMs: number;
  };
  return (
    <>
      <p>
        <Outcome name={outcome} /> · return <strong>{numberText(totalReward)}</strong> ·{" "}
        {summary["steps"] as number} steps · {rollout.bytes} bytes · took {duration(timings.totalMs)} of host
        time{" "}
        <span class="quiet">
          (start {duration(timings.startMs)}, run {duration(timings.runMs)})
        </span>{" "}
        <JsonLink path={pathOf("rollout", id, key)} />
      </p>
      <p class="quiet digest">
        play digest {summary["playDigest"] as string}
        <br />
        digest {summary["digest"] as string}
      </p>
    </>
  );
}
