import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { type DiffDocument, otherSuffix, type ValueDocument } from "../../src/view/documents.ts";
import { pathOf, useDocument } from "./data.ts";
import { First } from "./first-difference.tsx";
import { useKeys } from "./keys.ts";
import { Command, JsonLink, Outcome, Ready, Section } from "./parts.tsx";
import { go, href } from "./route.ts";
import { cellMost, Marked } from "./step-cells.tsx";
import { useStep } from "./use-step.ts";
import { ValueView } from "./value-view.tsx";
import { type GridColumn, VirtualGrid } from "./virtual-grid.tsx";

interface DiffViewProps {
  readonly a: readonly [id: string, name: string];
  readonly b: readonly [id: string, name: string];
  readonly step: string | undefined;
  readonly field: string | undefined;
}

/** `#RUN/SEED/~diff/RUN/SEED/STEP/FIELD` */
export function DiffView({ a, b, step, field }: DiffViewProps): JSX.Element {
  const path = pathOf("diff", ...a, ...b);
  const loaded = useDocument<DiffDocument>(path);
  return (
    <>
      <h1>Two rollouts</h1>
      <Ready of={loaded}>
        {(diff) => (
          <Diff diff={diff} path={path} at={step === undefined ? undefined : Number(step)} field={field} />
        )}
      </Ready>
    </>
  );
}

function Diff({
  diff,
  path,
  at,
  field,
}: {
  readonly diff: DiffDocument;
  readonly path: string;
  readonly at: number | undefined;
  readonly field: string | undefined;
}): JSX.Element {
  const { sides, divergence } = diff;
  const [a, b] = sides;
  const step = at ?? divergence?.step ?? diff.first;
  const link = (to: number, ...rest: readonly string[]): string =>
    href(a.id, a.key, "~diff", b.id, b.key, to, ...rest);
  return (
    <>
      <div class={`verdict ${diff.equal ? "verdict-verified" : "verdict-diverged"}`}>
        <p class="verdict-line">
          {diff.equal ? (
            <strong>✓ equal: every record of both has the same bytes</strong>
          ) : (
            <strong>
              ≠{" "}
              {divergence?.step === diff.first
                ? diff.first === 0
                  ? "the reset differs"
                  : "the first record differs"
                : `identical up to step ${(divergence?.step ?? 1) - 1}, first differing at step ${divergence?.step}`}
              , in <code>{divergence?.path}</code>
            </strong>
          )}
        </p>
        <ul class="plain">
          {sides.map((side, place) => (
            <li>
              <span class="side">{place === 0 ? "A" : "B"}</span>{" "}
              <a href={href(side.id, side.key)}>{side.label}</a> · <Outcome name={side.outcome} /> ·{" "}
              {side.steps} steps · <code>{side.contentDigest.slice(7, 23)}</code>
            </li>
          ))}
        </ul>
        <Reproduce diff={diff} /> <JsonLink path={path} />
      </div>
      {divergence !== null && <First diff={diff} />}
      <Alignment
        diff={diff}
        step={step}
        onStep={(to) => go(link(to, ...(field === undefined ? [] : [field])), true)}
      />
      <Beside
        diff={diff}
        step={step}
        field={field ?? (divergence?.step === step ? divergence.field : "observation")}
        link={link}
      />
    </>
  );
}

function Reproduce({ diff }: { readonly diff: DiffDocument }): JSX.Element {
  const [a, b] = diff.sides;
  const dir = useDocument<{ readonly dir: string; readonly branch?: unknown }>(pathOf("run", a.id));
  const other = useDocument<{ readonly dir: string }>(pathOf("run", b.id));
  if (dir.data === undefined || other.data === undefined) return <></>;
  const choice = dir.data.branch === undefined ? "--seed" : "--branch";
  if (b.key.endsWith(otherSuffix))
    return <Command words={["replay", dir.data.dir, choice, a.key]} what="replays this rollout" />;
  if (a.id !== b.id)
    return <Command words={["diff", dir.data.dir, other.data.dir]} what="compares both runs" />;
  return <Command words={["show", dir.data.dir, choice, a.key, "--json"]} what="prints the first of them" />;
}

/** A line of the alignment: a record, or a fold of equal ones. */
type Line = {
  readonly step: number;
  readonly folded: number;
  readonly equal: boolean;
  readonly fields: readonly string[];
};

const columns: readonly GridColumn[] = [
  { title: "step", width: "4.5em", narrow: "2.5em", align: "right" },
  { title: "A", width: "minmax(8em, 3fr)" },
  { title: "B", width: "minmax(8em, 3fr)" },
  { title: "differs in", width: "minmax(7em, 2fr)" },
];

function Alignment({
  diff,
  step,
  onStep,
}: {
  readonly diff: DiffDocument;
  readonly step: number;
  readonly onStep: (step: number) => void;
}): JSX.Element {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const lines = useMemo(() => linesOf(diff, open), [diff, open]);
  const selected = Math.max(
    0,
    lines.findIndex((line) => step >= line.step && step < line.step + line.folded),
  );
  const select = (row: number): void => {
    const line = lines[row];
    if (line !== undefined) onStep(line.step);
  };
  const unfold = (row: number): void => {
    const line = lines[row];
    if (line !== undefined && line.folded > 1) setOpen(new Set([...open, line.step]));
  };
  useKeys({
    j: () => select(Math.min(lines.length - 1, selected + 1)),
    k: () => select(Math.max(0, selected - 1)),
    ArrowRight: () => select(Math.min(lines.length - 1, selected + 1)),
    ArrowLeft: () => select(Math.max(0, selected - 1)),
    Enter: () => unfold(selected),
    d: () => {
      const next = lines.findIndex((line, row) => row > selected && !line.equal);
      if (next >= 0) select(next);
      else if (diff.divergence !== null) onStep(diff.divergence.step);
    },
  });
  return (
    <Section title="Side by side">
      <VirtualGrid
        label="both, aligned"
        columns={columns}
        count={lines.length}
        selected={selected}
        onSelect={select}
        onOpen={unfold}
        rowClass={(row) => classOf(lines[row], diff)}
        cells={(row) => {
          const line = lines[row]!;
          if (line.folded > 1)
            return [
              String(line.step),
              <button type="button" onClick={() => unfold(row)}>
                {line.folded} identical
                <span class="wide"> records, to step {line.step + line.folded - 1}</span>
              </button>,
              "",
              "",
            ];
          return [
            String(line.step),
            <Cell diff={diff} side={0} line={line} />,
            <Cell diff={diff} side={1} line={line} />,
            line.equal ? "identical" : line.fields.join(", "),
          ];
        }}
      />
    </Section>
  );
}

function classOf(line: Line | undefined, { divergence }: DiffDocument): string {
  if (line === undefined || line.equal) return "is-equal";
  return line.step === divergence?.step ? "is-first" : "is-downstream";
}

function Cell({
  diff,
  side,
  line,
}: {
  readonly diff: DiffDocument;
  readonly side: 0 | 1;
  readonly line: Line;
}): JSX.Element {
  const { sides, first } = diff;
  const [here, there] = side === 0 ? sides : [sides[1], sides[0]];
  const [step] = useStep(here.id, here.key, line.step - first);
  const [other] = useStep(there.id, there.key, line.step - first);
  const shown = (of: typeof step): ReturnType<typeof pick> => pick(of, line.fields);
  return <Marked now={shown(step)} before={shown(other)} most={cellMost} />;
}

/** The field that a line shows: the observation, or where that is the same the first that differs. */
function pick(
  step: ReturnType<typeof useStep>[0],
  fields: readonly string[],
): NonNullable<typeof step>["fields"][string] | undefined {
  if (step === undefined) return undefined;
  const telling = fields.includes("observation") ? "observation" : fields.find((name) => name in step.fields);
  return step.fields[telling ?? "observation"] ?? step.fields["end"];
}

function linesOf(diff: DiffDocument, open: ReadonlySet<number>): Line[] {
  const fields = new Map(diff.fields);
  const lines: Line[] = [];
  let step = diff.first;
  for (const { equal, count } of diff.runs) {
    if (equal && count > 1 && !open.has(step)) lines.push({ step, folded: count, equal, fields: [] });
    else
      for (let at = step; at < step + count; at++)
        lines.push({ step: at, folded: 1, equal, fields: fields.get(at) ?? [] });
    step += count;
  }
  return lines;
}

/** One field of both, whole, one cursor for both. */
function Beside({
  diff,
  step,
  field,
  link,
}: {
  readonly diff: DiffDocument;
  readonly step: number;
  readonly field: string;
  readonly link: (step: number, ...rest: readonly string[]) => string;
}): JSX.Element {
  const [a, b] = diff.sides;
  const [record, before] = useStep(a.id, a.key, step - diff.first);
  const names = [...Object.keys((record ?? before)?.fields ?? {}), "hidden"];
  const shown = names.includes(field) ? field : (names[0] ?? "observation");
  const one = useDocument<ValueDocument>(pathOf("value", a.id, a.key, step, shown));
  const other = useDocument<ValueDocument>(pathOf("value", b.id, b.key, step, shown));
  return (
    <Section title={`Step ${step}, whole`}>
      <nav class="bar-row" aria-label="Fields">
        {names.map((name) => (
          <a href={link(step, name)} aria-current={name === shown ? "true" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div class="sides-wide">
        {([a, b] as const).map((side, place) => (
          <div>
            <h3>
              <span class="side">{place === 0 ? "A" : "B"}</span> {side.label}
            </h3>
            <ValueView
              id={side.id}
              rollout={side.key}
              step={step}
              field={shown}
              other={(place === 0 ? other : one).data?.bytes}
            />
          </div>
        ))}
      </div>
    </Section>
  );
}
