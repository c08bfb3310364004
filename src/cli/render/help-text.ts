/** The most characters of a line where nothing says how wide the terminal is. */
const standardWidth = 80;

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
    return wrapped(lines.join(" ").split(" "), width).join("\n") + end;
  });
}

function wrapped(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
