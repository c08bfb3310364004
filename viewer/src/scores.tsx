import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { ScoreDocument, ScoreGroup, ScoresViewDocument } from "../../src/view/contest-documents.ts";
import { barPlot } from "../../src/view/draw/plots.ts";
import type { ScoreResult } from "../../src/model/score.ts";
import { pathOf, useDocument, useLive } from "./data.ts";
import { FigureView } from "./figure.tsx";
import { useKeys } from "./keys.ts";
import { Command, JsonLink, numberText, Ready, Section, WideTable } from "./parts.tsx";
import { go, href } from "./route.ts";
import { WholeText } from "./value-view.tsx";
import { type GridColumn, VirtualGrid } from "./virtual-grid.tsx";

/** `#SCORES` */
export function ScoresView({ id }: { readonly id: string }): JSX.Element {
  const loaded = useDocument<ScoresViewDocument>(pathOf("scores", id));
  return <Ready of={loaded}>{(scores) => <Scores scores={scores} />}</Ready>;
}

const columns: readonly GridColumn[] = [
  { title: "completion", width: "minmax(6em, 1fr)" },
  { title: "task", width: "minmax(6em, 1fr)" },
  { title: "score", width: "5em", narrow: "3em", align: "right" },
  { title: "verdict", width: "minmax(7em, 1fr)", narrow: "7em" },
  { title: "tests", width: "5em", align: "right", isWide: true },
  { title: "looks like", width: "minmax(8em, 2fr)", isWide: true },
];

const groupColumns: readonly GridColumn[] = [
  { title: "task", width: "minmax(6em, 1fr)" },
  { title: "scores", width: "minmax(10em, 3fr)" },
  { title: "mean", width: "5em", narrow: "3em", align: "right" },
  { title: "signal", width: "7em", isWide: true },
];

function Scores({ scores }: { readonly scores: ScoresViewDocument }): JSX.Element {
  const { id, dir, verdicts, mean, items, groups, live } = scores;
  useLive(live ? id : null);
  const [selected, setSelected] = useState(0);
  const [group, setGroup] = useState(0);
  const at = Math.max(0, Math.min(selected, items.length - 1));
  const flat = groups.filter(({ flat: isFlat }) => isFlat).length;
  const left = items.filter(({ score }) => score === null).length;
  const open = (row: number): void => {
    const item = items[row];
    if (item !== undefined) go(href(id, item.id));
  };
  const goTo = (wanted: number): void => setSelected(Math.max(0, Math.min(items.length - 1, wanted)));
  const ofGroup = (best: boolean): void => goTo(extremeOf(items, items[at]?.task, best));
  useKeys({
    j: () => goTo(at + 1),
    k: () => goTo(at - 1),
    b: () => ofGroup(true),
    w: () => ofGroup(false),
    Enter: () => open(at),
  });
  return (
    <>
      <h1>{id}</h1>
      <p>
        <strong>mean score {numberText(mean)}</strong> of {items.length - left} completions{" "}
        {left > 0 && <span class="trouble">· {left} without a score: left out, not counted as 0</span>}{" "}
        <JsonLink path={pathOf("scores", id)} />
      </p>
      <Command words={["verify", dir]} what="scores every completion again and compares" />
      <div class="figures">
        <FigureView
          figure={barPlot(
            Object.entries(verdicts).map(([name, value]) => ({ name, value })),
            { title: "Verdicts", unit: "completions", width: 460 },
          )}
        />
      </div>
      <Section title={`Groups: ${groups.length}, of which ${flat} teach nothing`}>
        <VirtualGrid
          label="groups"
          columns={groupColumns}
          count={groups.length}
          selected={group}
          onSelect={setGroup}
          onOpen={(row) => goTo(items.findIndex(({ task }) => task === groups[row]?.task))}
          rowClass={(row) => (groups[row]?.flat === true ? "is-downstream" : "")}
          cells={(row) => {
            const own = groups[row]!;
            return [
              own.task,
              <Dots id={id} group={own} />,
              numberText(own.mean),
              own.flat ? "zero variance" : "",
            ];
          }}
        />
      </Section>
      <Completions scores={scores} at={at} onSelect={setSelected} onOpen={open} />
    </>
  );
}

/** Where a task's best or worst scored completion stands, the first of equal ones; the first line where it has none. */
function extremeOf(items: ScoresViewDocument["items"], task: string | undefined, best: boolean): number {
  let found = 0;
  let most: number | undefined;
  items.forEach((item, at) => {
    if (item.task !== task || item.score === null) return;
    const value = best ? item.score : -item.score;
    if (most !== undefined && value <= most) return;
    most = value;
    found = at;
  });
  return found;
}

/** Dots of equal scores do not hide one another. */
const apart: readonly number[] = [0, 1.6, -1.6, 3.2, -3.2];

/** The rewards of a group, a dot each, from 0 at the left to 1 at the right. */
function Dots({ group }: { readonly id: string; readonly group: ScoreGroup }): JSX.Element {
  const { scores } = group;
  return (
    <svg
      class="dots"
      viewBox="0 0 220 20"
      role="img"
      aria-label={`scores ${scores.map((score) => score ?? "none").join(", ")}`}
    >
      <path class="axis" d="M10 10H210" />
      {scores.map((score, at) =>
        score === null ? (
          <path class="bound" d={`M${10 + at * 6} 2v4`} />
        ) : (
          <circle class="dot soft" cx={10 + score * 200} cy={10 + (apart[at % apart.length] ?? 0)} r={4} />
        ),
      )}
    </svg>
  );
}

/** `#SCORES/COMPLETION` */
export function ScoreView({ id, item }: { readonly id: string; readonly item: string }): JSX.Element {
  const loaded = useDocument<ScoreDocument>(pathOf("score", id, item));
  return (
    <>
      <h1>
        <a href={href(id)}>{id}</a> · completion {item}
      </h1>
      <JsonLink path={pathOf("score", id, item)} />
      <Ready of={loaded}>{(score) => <Score score={score} />}</Ready>
    </>
  );
}

function Score({ score }: { readonly score: ScoreDocument }): JSX.Element {
  const result = score.result as unknown as ScoreResult | null;
  const { completion, files } = score.item as {
    readonly completion?: string;
    readonly files?: Readonly<Record<string, string>>;
  };
  return (
    <>
      {result === null ? (
        <p class="quiet">Not scored yet.</p>
      ) : (
        <>
          <p>
            <strong>{result.score === null ? "no score" : `score ${numberText(result.score)}`}</strong> ·{" "}
            {result.verdict} · {result.passed} of {result.total} tests · assurance {result.assurance}
            {result.flags.length > 0 && <span class="trouble"> · looks like: {result.flags.join(", ")}</span>}
          </p>
          {result.message !== undefined && <p class="trouble">{result.message}</p>}
          <Section title="Tests">
            <WideTable label="tests" columns={["test", "verdict", "expected", "actual", "what happened"]}>
              {result.tests.map((test) => (
                <tr>
                  <td>{test.name}</td>
                  <td class={test.verdict === "accepted" ? "" : "trouble"}>{test.verdict}</td>
                  <td>{test.expected}</td>
                  <td>{test.actual}</td>
                  <td>
                    {test.message} {test.stdoutTail !== "" && <pre tabIndex={0}>{test.stdoutTail}</pre>}
                  </td>
                </tr>
              ))}
            </WideTable>
          </Section>
        </>
      )}
      <Section title="Completion">{completion !== undefined && <WholeText text={completion} />}</Section>
      {Object.entries(files ?? {}).map(([name, text]) => (
        <Section title={name}>
          <WholeText text={text} />
        </Section>
      ))}
      <Section title="Task">
        <WholeText text={JSON.stringify(score.task, undefined, 1)} />
      </Section>
    </>
  );
}

interface CompletionsProps {
  readonly scores: ScoresViewDocument;
  readonly at: number;
  readonly onSelect: (row: number) => void;
  readonly onOpen: (row: number) => void;
}

function Completions({ scores, at, onSelect, onOpen }: CompletionsProps): JSX.Element {
  const { id, items } = scores;
  return (
    <Section title="Completions">
      <VirtualGrid
        label="completions"
        columns={columns}
        count={items.length}
        selected={at}
        onSelect={onSelect}
        onOpen={onOpen}
        cells={(row) => {
          const { id: item, task, score, verdict, passed, total, flags } = items[row]!;
          return [
            <a href={href(id, item)}>{item}</a>,
            task,
            score === null ? <span class="trouble">none</span> : numberText(score),
            verdict,
            `${passed}/${total}`,
            flags.join(", "),
          ];
        }}
      />
    </Section>
  );
}
