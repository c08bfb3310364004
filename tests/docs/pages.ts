import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Where the repository lies. */
export const repository: string = resolve(import.meta.dirname, "../..");

/** A file's text, by its path in the repository. */
export const read = (path: string): string => readFileSync(join(repository, path), "utf8");

/** Every page: those at the top, all of `docs`, and those beside tests. */
export function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" }).map((path) =>
      join(folder, path),
    );
  return [...readdirSync(repository), ...below("docs"), ...below("tests")].filter((path) =>
    path.endsWith(".md"),
  );
}

/** A fenced block of a page. */
export interface Block {
  /** What follows the fence, such as `ts`; empty where nothing does. */
  readonly language: string;
  readonly text: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a page. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(\w*)\s*$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1]!, line: index + 1, lines: [] };
    else {
      found.push({ language: open.language, text: `${open.lines.join("\n")}\n`, line: open.line });
      open = undefined;
    }
  }
  return found;
}

/** A page without its fenced blocks. */
export function prose(text: string): string {
  return text.replaceAll(/^```\w*\s*$[^]*?^```\s*$/gm, "");
}

/**
 * The links of a page that lead nowhere in the repository. Those to other hosts are not looked at.
 * @param page the page's path: links are relative to it
 */
export function brokenLinks(page: string, text: string): string[] {
  const targets = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(page, text, target));
}

/** The first rows of tables that have no head: what a blank line cuts off from its table. */
export function cutTables(text: string): string[] {
  const lines = prose(text).split("\n");
  return lines.filter(
    (line, at) =>
      line.startsWith("|") &&
      lines[at - 1]?.startsWith("|") !== true &&
      !/^\|[ :|-]+\|$/.test(lines[at + 1] ?? ""),
  );
}

function leadsSomewhere(page: string, text: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : relative(repository, join(repository, dirname(page), path));
  if (file.startsWith("..") || !existsSync(join(repository, file))) return false;
  return anchor === undefined || anchors(path === "" ? text : read(file)).has(anchor);
}

/** The anchors of a page's headings, as GitHub makes them: the second of a name ends in `-1`. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading = ""] of prose(text).matchAll(/^#+ (.+)$/gm)) {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\s-]/gu, "")
      .trim()
      .replaceAll(/\s/g, "-");
    let free = name;
    for (let count = 1; found.has(free); count++) free = `${name}-${count}`;
    found.add(free);
  }
  return found;
}
