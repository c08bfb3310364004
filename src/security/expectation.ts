import { startOfText } from "../base/cut-text.ts";

/*
 * What a program says is compared word by word with what its header expects. In an expectation `a|b` allows either word
 * and `3..7` any whole number between; a line of another name than the expected ones, one that is missing, and one that
 * does not fit are all mismatches. `any` allows any word, and `same` any that is the same each time the program is run. So a program that did not make an attempt fails like one whose attempt got through.
 */
const separator = ": ";

/** Compares what was seen with what was expected; an empty list where they agree. */
export function mismatches(expected: readonly string[], seen: readonly string[]): string[] {
  const byName = new Map(expected.map((line) => [nameOf(line), answerOf(line)]));
  const complaints = seen
    .filter((line) => !isAllowed(byName.get(nameOf(line)), answerOf(line)))
    .map((line) => `unexpected ${line}`);
  const names = new Set(seen.map(nameOf));
  const missing = expected.filter((line) => !names.has(nameOf(line))).map((line) => `missing ${line}`);
  return [...complaints, ...missing];
}

/** Says which answers that must be the same each time were not. @param runs what was seen each time */
export function differences(expected: readonly string[], runs: readonly (readonly string[])[]): string[] {
  const fixed = expected.filter((line) => answerOf(line).split(" ").includes("same")).map(nameOf);
  return fixed.flatMap((name) => {
    const answers = new Set(runs.map((seen) => seen.filter((line) => nameOf(line) === name).join("; ")));
    return answers.size <= 1 ? [] : [`not the same each time: ${[...answers].join(" | ")}`];
  });
}

/** The lines of a program's output that are answers to attempts; everything else it wrote is noise. */
export function answersIn(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => /^[A-Za-z][\w '/+=.-]{0,60}: \S/.test(line))
    .slice(0, linesMost)
    .map((line) => startOfText(line, lineMost));
}

const linesMost = 100;
const lineMost = 400;

function isAllowed(expected: string | undefined, seen: string): boolean {
  if (expected === undefined) return false;
  const words = expected.split(" ");
  const said = seen.split(" ");
  return words.length === said.length && words.every((word, at) => fits(word, said[at]!));
}

function fits(expected: string, seen: string): boolean {
  return expected.split("|").some((word) => {
    if (word === "any" || word === "same") return true;
    const range = /^(\d+)\.\.(\d+)$/.exec(word);
    if (range === null) return word === seen;
    return /^\d+$/.test(seen) && Number(seen) >= Number(range[1]) && Number(seen) <= Number(range[2]);
  });
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(separator));
}

function answerOf(line: string): string {
  return line.slice(line.indexOf(separator) + separator.length);
}
