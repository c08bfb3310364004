import { Help } from "commander";

/** The most characters of a line where nothing says how wide the terminal is. */
const standardWidth = 80;
/** Wraps for narrow terminals too. */
const wrapper = Object.assign(new Help(), { minWidthToWrap: 0 });

/**
 * Help as commander gives it, in parts, with its prose wrapped. Indented lines are examples, options and commands: they stay as
 * they are, so that an example can be copied.
 * @param width the most characters of a line
 */
export function helpText(part: string, width: number = standardWidth): string {
  return part.replaceAll(/(?:^\S.*(?:\n|$))+/gm, (paragraph) => {
    const lines = paragraph.trimEnd().split("\n");
    if (lines.every(({ length }) => length <= width)) return paragraph;
    const end = paragraph.endsWith("\n") ? "\n" : "";
    return wrapper.boxWrap(lines.join(" "), width) + end;
  });
}
