/*
 * The reference pages that are made from the code: the API from its declarations and their comments, the command line from
 * the program. `npm run reference` writes them; a test compares what is written with what the code says.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";

import { makeProgram } from "../src/cli/program.ts";
import { helpText } from "../src/cli/render/help-text.ts";
import { Declarations, type PublicName } from "./public-api.ts";

const root = resolve(import.meta.dirname, "..");

/** The doors of the package: the path of each, its declarations, and the file that lists what it exports. */
export const doors: readonly { readonly path: string; readonly declared: string; readonly source: string }[] =
  [
    { path: "sameseed", declared: "index.d.ts", source: "src/index.ts" },
    { path: "sameseed/stats", declared: "stats/index.d.ts", source: "src/stats/index.ts" },
    { path: "sameseed/testing", declared: "testing/index.d.ts", source: "src/testing/index.ts" },
  ];

/** Commands that may change in any version; every other one is stable. */
export const experimentalCommands: readonly string[] = [
  "audit",
  "check",
  "play",
  "policy check",
  "train",
  "league",
  "attack",
  "bench",
  "worker",
  "fleet status",
  "fleet cancel",
  "fleet release",
];

const stability = `What is stable keeps its name and its meaning: before it changes, a version says so in
[CHANGELOG.md](../../CHANGELOG.md) and offers both the old and the new. What is marked *experimental* may change in any
version; the changelog says how.`;

/** A part of a door, as the comments of its source divide it. */
export interface Section {
  readonly title: string;
  readonly isExperimental: boolean;
  /** Names in it, in order. */
  readonly names: readonly string[];
}

/** How a door's source divides its exports. */
export function sectionsOf(source: string): Section[] {
  const sections: { title: string; isExperimental: boolean; names: string[] }[] = [];
  const parts = readFileSync(join(root, source), "utf8").matchAll(
    /^\/\/ (.+)$|^export (?:type )?\{([^}]*)\}/gm,
  );
  for (const [, heading, list] of parts) {
    if (heading !== undefined) {
      const isExperimental = heading.endsWith(" (experimental)");
      sections.push({ title: heading.replace(/ \(experimental\)$/, ""), isExperimental, names: [] });
    } else {
      const names = list!.split(",").map((each) =>
        each
          .trim()
          .replace(/^type /, "")
          .split(" as ")
          .at(-1)!,
      );
      sections.at(-1)?.names.push(...names.filter(Boolean));
    }
  }
  return sections;
}

/** The API's page. @param folder declarations as `tsc` writes them */
export function apiReference(folder: string): string {
  const declarations = new Declarations(folder);
  const parts = doors.flatMap(({ path, declared, source }) => {
    const names = new Map(declarations.namesOf(declared).map((each) => [each.exportedAs, each]));
    return [`## \`${path}\``, ...sectionsOf(source).flatMap((section) => sectionText(section, names))];
  });
  return [
    "# The API",
    "Made from the code by `npm run reference`; change the comments there.",
    stability,
    ...parts,
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

function sectionText(
  { title, isExperimental, names }: Section,
  known: ReadonlyMap<string, PublicName>,
): string[] {
  const mark = isExperimental ? " *(experimental)*" : "";
  return [`### ${title}${mark}`, ...names.flatMap((name) => nameText(known.get(name)!))];
}

function nameText({ exportedAs, name, comment, text }: PublicName): string[] {
  const alias = exportedAs === name ? [] : [`Declared as \`${name}\`.`];
  return [
    `#### \`${exportedAs}\``,
    ...alias,
    ...commentText(comment),
    `\`\`\`ts\n${declarationText(text)}\n\`\`\``,
  ];
}

/** A declaration without what nobody outside can use. */
function declarationText(text: string): string {
  return text
    .replace(/^export (declare )?/, "")
    .replaceAll(/^\s*(#private|private constructor\(.*\));\n/gm, "")
    .trim();
}

function commentText(comment: string): string[] {
  const [description = "", ...tags] = comment.split(/^(?=@\w)/m);
  return [plain(description), ...tags.map(tagText)].filter((text) => text !== "");
}

function tagText(tag: string): string {
  const [, name = "", rest = ""] = /^@(\w+)\s*([^]*)$/.exec(tag) ?? [];
  const text = rest.trim();
  if (name === "example") return `\`\`\`ts\n${text}\n\`\`\``;
  if (name === "experimental") return "";
  if (name === "throws") return `Throws ${plain(text)}`;
  if (name === "returns") return `Returns ${plain(text)}`;
  if (name === "param") return plain(text.replace(/^([\w.]+)\s+/, "`$1`: "));
  return `${name}: ${plain(text)}`;
}

/** TSDoc's links as code; the page is searched by name. */
function plain(text: string): string {
  return text
    .trim()
    .replaceAll(/\{@link ([^}]+)\}/g, "`$1`")
    .replaceAll(/\n(?!\n)/g, "\n");
}

/** The command line's page. */
export async function cliReference(): Promise<string> {
  const program = await makeProgram(() => {});
  const commands = leaves(program);
  return [
    "# The command line",
    "Made from the program by `npm run reference`; change the descriptions there.",
    stability,
    `\`\`\`\n${helpOf(program)}\n\`\`\``,
    ...commands.flatMap(([name, command]) => {
      const mark = experimentalCommands.includes(name) ? " *(experimental)*" : "";
      return [`## \`sameseed ${name}\`${mark}`, `\`\`\`\n${helpOf(command)}\n\`\`\``];
    }),
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

/** Every command that does something, by its whole name. */
export function leaves(command: Command, name = ""): [string, Command][] {
  if (command.commands.length === 0) return [[name.trim(), command]];
  return command.commands.flatMap((each) => leaves(each, `${name} ${each.name()}`));
}

/** A command's help as on a terminal of a fixed width, without colours. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => (text += helpText(part, 110)),
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}
