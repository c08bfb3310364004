import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { RunDocument } from "../../src/view/documents.ts";
import { extentOf } from "../../src/view/draw/scale.ts";
import { outcomeClass } from "./parts.tsx";

interface SeedGridProps {
  readonly run: RunDocument;
  /** Places of rollouts that diverged. */
  readonly diverged: ReadonlySet<number>;
  readonly selected: number;
  readonly onSelect: (place: number) => void;
}

/** From low to high: dark to light, told apart without colours (cividis, sampled). */
const ramp = ["#00204d", "#213d6b", "#4c556c", "#6c6e72", "#8f8a77", "#b5a569", "#dec24f", "#ffea46"];

/** Every rollout as a cell: its return by colour, faults by their class, divergence crossed out. */
export function SeedGrid({ run, diverged, selected, onSelect }: SeedGridProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(600);
  const count = run.keys.length;
  const size = count <= 400 ? 18 : count <= 2000 ? 12 : count <= 20_000 ? 6 : 3;
  const across = Math.max(1, Math.floor(width / size));
  const down = Math.ceil(count / across);

  useEffect(() => {
    const parent = canvas.current?.parentElement;
    if (parent === undefined || parent === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(parent.clientWidth));
    observer.observe(parent);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === undefined || context === null) return;
    const root = getComputedStyle(document.documentElement);
    const paper = root.getPropertyValue("--paper");
    context.clearRect(0, 0, across * size, down * size);
    const [low, high] = extentOf(run.returns.filter((value) => value !== null));
    const gap = size > 4 ? 1 : 0;
    for (let at = 0; at < count; at++) {
      const [x, y] = [(at % across) * size, Math.floor(at / across) * size];
      const outcome = run.outcomeNames[run.outcomes[at] ?? 0] ?? "killed";
      context.fillStyle = colourOf(outcome, run.returns[at] ?? null, [low, high], root);
      context.fillRect(x, y, size - gap, size - gap);
      if (size > 4) stripe(context, outcomeClass(outcome), [x, y, size - gap], paper);
      if (diverged.has(at)) cross(context, x, y, size - gap);
    }
    if (selected >= 0) {
      context.strokeStyle = root.getPropertyValue("--text");
      context.lineWidth = 2;
      context.strokeRect(
        (selected % across) * size + 0.5,
        Math.floor(selected / across) * size + 0.5,
        size - 1,
        size - 1,
      );
    }
  }, [run, width, diverged, selected]);

  return (
    <canvas
      ref={canvas}
      class="seed-grid"
      width={across * size}
      height={down * size}
      role="img"
      aria-label={`${count} rollouts by return, ${diverged.size} of them diverged; the table below has the same`}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const x = Math.floor(((event.clientX - box.left) / box.width) * across);
        const y = Math.floor(((event.clientY - box.top) / box.height) * down);
        if (y * across + x < count) onSelect(y * across + x);
      }}
    />
  );
}

function colourOf(
  outcome: string,
  value: number | null,
  [low, high]: readonly [number, number],
  root: CSSStyleDeclaration,
): string {
  const kind = outcomeClass(outcome);
  if (kind !== "complete") return root.getPropertyValue(`--${kind}`);
  if (value === null) return root.getPropertyValue("--line");
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return ramp[Math.min(ramp.length - 1, Math.floor(share * ramp.length))] ?? "#888";
}

/** From where to where the stripe of a kind goes, in parts of a cell. */
const stripes: Readonly<Record<string, readonly [number, number, number, number]>> = {
  policy: [0, 1, 1, 0],
  environment: [0, 0, 1, 1],
  limit: [0, 0.5, 1, 0.5],
  host: [0.5, 0, 0.5, 1],
};

/** A kind of fault by its direction, for who does not tell the colours apart. */
function stripe(
  context: CanvasRenderingContext2D,
  kind: string,
  [x, y, size]: readonly [number, number, number],
  colour: string,
): void {
  const line = stripes[kind];
  if (line === undefined) return;
  const [fromX, fromY, toX, toY] = line;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1, size / 6);
  context.beginPath();
  context.moveTo(x + fromX * size, y + fromY * size);
  context.lineTo(x + toX * size, y + toY * size);
  context.stroke();
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.strokeStyle = "#d3241c";
  context.lineWidth = Math.max(1, size / 6);
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y);
  context.lineTo(x, y + size);
  context.stroke();
  context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
}
