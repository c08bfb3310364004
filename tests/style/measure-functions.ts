import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseSync, Visitor, type ArrowFunctionExpression, type Function as FunctionNode } from "oxc-parser";
import type { TrackedFile } from "./tracked-files.ts";

/** A function and its length. */
export interface Measured {
  readonly path: string;
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** The functions of a TypeScript or JavaScript file. The body of a `describe` is a chapter, not a function. */
export function measureScript(file: TrackedFile): Measured[] {
  const parsed = parseSync(file.path, file.text);
  const found: Measured[] = [];
  const chapters = new Set<number>();
  const note = (node: FunctionNode | ArrowFunctionExpression): void => {
    if (chapters.has(node.start)) return;
    const line = lineAt(file.text, node.start);
    const name = ("id" in node ? node.id?.name : undefined) ?? "anonymous";
    found.push({ path: file.path, name, line, lines: lineAt(file.text, node.end) - line + 1 });
  };
  new Visitor({
    CallExpression(node) {
      if (!/^describe\b/.test(file.text.slice(node.callee.start, node.callee.end))) return;
      for (const argument of node.arguments) chapters.add(argument.start);
    },
    FunctionDeclaration: note,
    FunctionExpression: note,
    ArrowFunctionExpression: note,
  }).visit(parsed.program);
  return found;
}

/** The functions of a C file: at the outermost level, a block that follows a parameter list. */
export function measureC(file: TrackedFile): Measured[] {
  const text = blankOut(file.text);
  const found: Measured[] = [];
  let depth = 0;
  let start = -1;
  let head = "";
  let headStart = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" && depth++ === 0) {
      head = text.slice(headStart, at);
      start = /\)\s*$/.test(head) ? headStart + (/\S/.exec(head)?.index ?? 0) : -1;
    }
    if (character === "}" && --depth === 0 && start >= 0) {
      const line = lineAt(text, start);
      const name = /(\w+)\s*\([^]*$/.exec(head)?.[1] ?? "anonymous";
      found.push({ path: file.path, name, line, lines: lineAt(text, at) - line + 1 });
    }
    if (depth === 0 && (character === "}" || character === ";")) headStart = at + 1;
  }
  return found;
}

/** The functions of some Python files, as Python's own parser sees them. */
export function measurePython(paths: readonly string[], folder: string): Measured[] {
  const program = join(import.meta.dirname, "measure_functions.py");
  return JSON.parse(
    execFileSync("python3", [program, ...paths], { cwd: folder, encoding: "utf8" }),
  ) as Measured[];
}

/** C text with comments, literals and preprocessor lines turned into spaces, line for line. */
function blankOut(text: string): string {
  const pattern =
    /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*/gm;
  return text.replaceAll(pattern, (match) => match.replaceAll(/[^\n]/g, " "));
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
