import { h, type ComponentChild, type JSX } from "preact";

import type { Figure, Shape } from "../../src/view/draw/figure.ts";

/** A figure of the common drawing code. @param onPick called with where it was clicked, from 0 to 1 along its width */
export function FigureView({
  figure,
  onPick,
}: {
  readonly figure: Figure;
  readonly onPick?: (x: number) => void;
}): JSX.Element {
  const { width, height, title, shapes } = figure;
  return (
    <svg
      class={onPick === undefined ? "figure" : "figure pickable"}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={title}
      onClick={
        onPick &&
        ((event) => {
          const box = event.currentTarget.getBoundingClientRect();
          onPick(((event.clientX - box.left) / box.width) * width);
        })
      }
    >
      {shapes.map(toElement)}
    </svg>
  );
}

function toElement(node: Shape | string): ComponentChild {
  if (typeof node === "string") return node;
  return h(node.tag, { ...node.attributes }, node.children.map(toElement));
}
