/*
 * Pictures as trees of SVG elements. The viewer makes elements of its own of them, and `--plot` writes them as a file: one
 * drawing code for both. Text is only ever text: it is escaped here once, and set as text there.
 */

/** An SVG element. */
export interface Shape {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Shape | string)[];
}

/** A picture, and the sentence that stands for it. */
export interface Figure {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly shapes: readonly Shape[];
}

/** One element. */
export function shape(
  tag: string,
  attributes: Shape["attributes"],
  children: readonly (Shape | string)[] = [],
): Shape {
  return { tag, attributes, children };
}

/** A text at a place. @param anchor where the place is in it */
export function label(
  text: string,
  {
    x,
    y,
    anchor = "start",
    className = "label",
  }: {
    readonly x: number;
    readonly y: number;
    readonly anchor?: "start" | "middle" | "end";
    readonly className?: string;
  },
): Shape {
  return shape("text", { x: place(x), y: place(y), "text-anchor": anchor, class: className }, [text]);
}

/** A coordinate with the digits that can be seen. */
export function place(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The colours and sizes of a figure in a file: those of the viewer, in light and in dark. */
const style = `
svg { font: 12px system-ui, sans-serif; background: #fff; }
.label { fill: #333; } .quiet { fill: #5a5a5a; } .strong { fill: #111; font-weight: 600; }
.axis { stroke: #999; fill: none; } .grid { stroke: #e4e4e4; fill: none; }
.bar { fill: #0c79bf; } .bar2 { fill: #b98300; } .band { fill: #0c79bf; fill-opacity: 0.18; }
.line { stroke: #0c79bf; fill: none; stroke-width: 1.5; } .mark { stroke: #111; fill: none; stroke-width: 1.5; }
.dot { fill: #0c79bf; } .bound { stroke: #c03f09; fill: none; stroke-dasharray: 5 4; }
.line1 { stroke: #c03f09; stroke-dasharray: 7 3; } .line2 { stroke: #024336; stroke-dasharray: 2 3; }
.line3 { stroke: #925188; stroke-dasharray: 9 3 2 3; } .line4 { stroke: #b98300; stroke-dasharray: 4 2; }
@media (prefers-color-scheme: dark) {
svg { background: #16181c; } .label { fill: #d6d6d6; } .quiet { fill: #a8a8a8; } .strong { fill: #fff; }
.axis { stroke: #777; } .grid { stroke: #2c3038; } .bar, .band, .dot { fill: #4576b3; } .bar2 { fill: #ad8b2e; }
.line { stroke: #4576b3; } .mark { stroke: #fff; } .bound, .line1 { stroke: #eb9f62; }
.line2 { stroke: #89ffa3; } .line3 { stroke: #c6a3b8; } .line4 { stroke: #ad8b2e; }
}`;

/** A figure as a file. */
export function svgText({ width, height, title, shapes }: Figure): string {
  const root = shape(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": title,
    },
    [shape("title", {}, [title]), shape("style", {}, [style.replaceAll(/\s+/g, " ")]), ...shapes],
  );
  return `${markup(root)}\n`;
}

function markup(node: Shape | string): string {
  if (typeof node === "string") return escaped(node);
  const attributes = Object.entries(node.attributes).map(
    ([name, value]) => ` ${name}="${escaped(String(value))}"`,
  );
  const open = `<${node.tag}${attributes.join("")}`;
  return node.children.length === 0
    ? `${open}/>`
    : `${open}>${node.children.map(markup).join("")}</${node.tag}>`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for XML, which has no form for most control characters; nor may one turn the order of the letters after it. */
function escaped(text: string): string {
  const printable = text.toWellFormed().replaceAll(/[\p{Cc}\p{Bidi_Control}\ufffe\uffff]/gu, "\ufffd");
  return printable.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
