/* Names in a figure: those of lines in their looks, and what room names have. */
import { label, place, shape, type Shape } from "./figure.ts";

/** Of a label, in pixels; a little more than most letters have. */
export const letterWidth = 7.6;

/** Up to so many lines look different: by their colours and by their dashes. */
const looks = 5;
/** The most letters of a line's name. */
const nameMost = 8;

/** The class of the line at a place. */
export function lineClass(at: number): string {
  return `line line${at % looks}`;
}

/** The names of lines beside strokes like theirs, above them at the right; none where lines would look the same. */
export function lineLegend(lines: readonly { readonly name: string }[], right: number): Shape[] {
  if (lines.length < 2 || lines.length > looks) return [];
  const parts: Shape[] = [];
  let end = right;
  for (const [at, { name }] of [...lines.entries()].toReversed()) {
    const text = shortened(name, nameMost);
    const start = end - text.length * letterWidth;
    parts.push(
      label(text, { x: end, y: 18, anchor: "end", className: "quiet" }),
      shape("path", { d: `M${place(start - 24)} 14h20`, class: lineClass(at) }),
    );
    end = start - 32;
  }
  return parts;
}

/** A text of at most so many characters. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : text;
}
