import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import {
  type RowDocument,
  type RowsDocument,
  rowsPerChunk,
  type RunDocument,
} from "../../src/view/documents.ts";
import { load, pathOf, useDocument } from "./data.ts";
import { useKeys } from "./keys.ts";
import { Command, duration, numberText, Outcome, outcomeClass, Section } from "./parts.tsx";
import { go, href } from "./route.ts";
import { SeedGrid } from "./seed-grid.tsx";
import { type GridColumn, VirtualGrid } from "./virtual-grid.tsx";

type Order = "key" | "worst" | "best" | "longest" | "slowest" | "faults";
const orders: Readonly<Record<Order, string>> = {
  key: "in order",
  worst: "worst first (w)",
  best: "best first (b)",
  longest: "longest first (l)",
  slowest: "slowest first (s)",
  faults: "faults only (f)",
};

const columns: readonly GridColumn[] = [
  { title: "rollout", width: "minmax(6em, 1fr)" },
  { title: "outcome", width: "minmax(7em, 1.2fr)", narrow: "7.5em" },
  { title: "steps", width: "5em", narrow: "3.5em", align: "right" },
  { title: "return", width: "6em", narrow: "4em", align: "right" },
  { title: "took", width: "6em", align: "right", isWide: true },
  { title: "play digest, or what went wrong", width: "minmax(10em, 3fr)", isWide: true },
];

/** Every rollout of a run: as cells, and as a table in any order. */
export function Rollouts({
  run,
  diverged,
}: {
  readonly run: RunDocument;
  readonly diverged: ReadonlySet<number>;
}): JSX.Element {
  const [order, setOrder] = useState<Order>("key");
  const [selected, setSelected] = useState(0);
  const slow = useDocument<RowsDocument>(order === "slowest" ? pathOf("slowest", run.id) : null);
  const places = useMemo(() => placesOf(run, order, slow.data), [run, order, slow.data]);
  const at = Math.max(0, Math.min(selected, places.length - 1));
  const choose = (next: Order): void => {
    setOrder(order === next ? "key" : next);
    setSelected(0);
  };
  const open = (row: number): void => {
    const key = run.keys[places[row] ?? -1];
    if (key !== undefined) go(href(run.id, key));
  };
  useKeys({
    j: () => setSelected(Math.min(places.length - 1, at + 1)),
    k: () => setSelected(Math.max(0, at - 1)),
    w: () => choose("worst"),
    b: () => choose("best"),
    l: () => choose("longest"),
    s: () => choose("slowest"),
    f: () => choose("faults"),
    d: () => {
      const next = places.findIndex((place, row) => row > at && diverged.has(place));
      const found = next >= 0 ? next : places.findIndex((place) => diverged.has(place));
      if (found >= 0) setSelected(found);
    },
    Enter: () => open(at),
  });
  return (
    <Section title="Rollouts">
      <div class="grid-box">
        <SeedGrid
          run={run}
          diverged={diverged}
          selected={places[at] ?? -1}
          onSelect={(place) => setSelected(Math.max(0, places.indexOf(place)))}
        />
      </div>
      <Legend />
      <OrderBar dir={run.dir} order={order} onOrder={setOrder} />
      {places.length === 0 ? (
        <p class="quiet">
          {order === "slowest" && slow.data === undefined ? "Reading how long each took…" : "None."}
        </p>
      ) : (
        <VirtualGrid
          label="rollouts"
          columns={columns}
          count={places.length}
          selected={at}
          onSelect={setSelected}
          onOpen={open}
          rowClass={(row) => (diverged.has(places[row] ?? -1) ? "is-diverged" : "")}
          cells={(row) => cellsOf(run, places[row] ?? 0, diverged)}
        />
      )}
    </Section>
  );
}

function Legend(): JSX.Element {
  return (
    <p class="legend quiet">
      return: low <span class="ramp" aria-hidden="true" /> high
      {(["policy", "environment", "limit", "host"] as const).map((kind) => (
        <span class="spaced">
          <span class={`swatch swatch-${kind}`} aria-hidden="true" />{" "}
          {kind === "limit" ? "a limit" : `${kind} fault`}
        </span>
      ))}
      <span class="spaced">
        <span class="swatch swatch-diverged" aria-hidden="true">
          ×
        </span>{" "}
        diverged
      </span>
    </p>
  );
}

function cellsOf(run: RunDocument, place: number, diverged: ReadonlySet<number>): (JSX.Element | string)[] {
  const key = run.keys[place] ?? 0;
  return [
    <>
      <a href={href(run.id, key)}>
        {run.branch === undefined ? "seed" : "branch"} {key}
      </a>
      {diverged.has(place) && <span class="trouble"> ≠</span>}
    </>,
    <Outcome name={run.outcomeNames[run.outcomes[place] ?? 0] ?? ""} />,
    String(run.steps[place] ?? ""),
    numberText(run.returns[place] ?? null),
    <RowPart id={run.id} place={place} part={({ timings }) => duration(timings.totalMs)} />,
    <RowPart
      id={run.id}
      place={place}
      part={({ playDigest, error }) =>
        error === undefined ? playDigest.slice(7, 23) : `${error.type}: ${error.message}`
      }
    />,
  ];
}

/** A part of a row, which is read when it is seen. */
function RowPart({
  id,
  place,
  part,
}: {
  readonly id: string;
  readonly place: number;
  readonly part: (row: RowDocument) => string;
}): JSX.Element {
  const [text, setText] = useState("");
  useEffect(() => {
    let isCurrent = true;
    load<RowsDocument>(pathOf("rows", id, Math.floor(place / rowsPerChunk))).then(
      ({ first, rows }) => {
        const row = rows[place - first];
        if (isCurrent && row !== undefined) setText(part(row));
      },
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [id, place]);
  return <>{text}</>;
}

function placesOf(run: RunDocument, order: Order, slow: RowsDocument | undefined): number[] {
  const { keys, returns, steps } = run;
  const places = keys.map((_, at) => at);
  const by = (value: (at: number) => number): number[] => places.sort((a, b) => value(a) - value(b) || a - b);
  const isComplete = (at: number): boolean =>
    outcomeClass(run.outcomeNames[run.outcomes[at] ?? 0] ?? "") === "complete";
  switch (order) {
    case "key":
      return places;
    case "worst":
      return by((at) => returns[at] ?? Number.POSITIVE_INFINITY);
    case "best":
      return by((at) => -(returns[at] ?? Number.NEGATIVE_INFINITY));
    case "longest":
      return by((at) => -(steps[at] ?? 0));
    case "faults":
      return places.filter((at) => !isComplete(at));
    case "slowest":
      break;
  }
  const place = new Map(keys.map((key, at) => [key, at]));
  return (slow?.rows ?? []).flatMap(({ key }) => place.get(key) ?? []);
}

interface OrderBarProps {
  readonly dir: string;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

function OrderBar({ dir, order, onOrder: setOrder }: OrderBarProps): JSX.Element {
  return (
    <div class="bar-row" role="group" aria-label="Order">
      {Object.entries(orders).map(([name, words]) => (
        <button type="button" aria-pressed={order === name} onClick={() => setOrder(name as Order)}>
          {words}
        </button>
      ))}
      <Command words={["show", dir]} what="lists these rollouts" />
    </div>
  );
}
