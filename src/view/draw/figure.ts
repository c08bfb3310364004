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
.bar { fill: #0072b2; } .bar2 { fill: #e69f00; } .band { fill: #0072b2; fill-opacity: 0.18; }
.line { stroke: #0072b2; fill: none; stroke-width: 1.5; } .mark { stroke: #111; fill: none; stroke-width: 1.5; }
.dot { fill: #0072b2; } .bound { stroke: #b34700; fill: none; stroke-dasharray: 5 4; }
.line1 { stroke: #b34700; } .line2 { stroke: #007a5a; } .line3 { stroke: #a0528a; } .line4 { stroke: #7a6a00; }
@media (prefers-color-scheme: dark) {
svg { background: #16181c; } .label { fill: #d6d6d6; } .quiet { fill: #a8a8a8; } .strong { fill: #fff; }
.axis { stroke: #777; } .grid { stroke: #2c3038; } .bar, .band, .dot { fill: #56b4e9; } .line { stroke: #56b4e9; }
.mark { stroke: #fff; } .bound, .line1 { stroke: #f0a35e; } .line2 { stroke: #3fc99b; } .line3 { stroke: #dd9bc6; } .line4 { stroke: #e0d060; }
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

/** Text for XML, which has no form for most control characters. */
function escaped(text: string): string {
  const printable = text.toWellFormed().replaceAll(/[\p{Cc}\ufffe\uffff]/gu, "\ufffd");
  return printable.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
