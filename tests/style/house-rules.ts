import { readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { backends, layers, maxFileLines, maxFunctionLines, mayAskTheHost } from "./layers.ts";
import { measureC, measureScript, type Measured } from "./measure-functions.ts";
import { repository, type TrackedFile } from "./tracked-files.ts";

/*
 * Each rule takes files and returns one sentence per breach, so that the same rule is run over the
 * repository, where it must return nothing, and over bad examples, where it must not.
 */

const isScript = (path: string): boolean => /\.(tsx?|mjs|js)$/.test(path);
const isCode = (path: string): boolean => isScript(path) || /\.(py|c|h)$/.test(path);
const isSource = (path: string): boolean => path.startsWith("src/") && path.endsWith(".ts");

/** A folder of `src/` imports only from those before it, `model` no Node module, and all have a place. */
export function checkLayers(file: TrackedFile): string[] {
  if (!isSource(file.path)) return [];
  const own = layerOf(file.path);
  if (own === undefined) return file.path === "src/index.ts" ? [] : [`${file.path} is in no known layer`];
  const breaches: string[] = [];
  for (const target of importsOf(file)) {
    if (own === "model" && target.startsWith("node:"))
      breaches.push(`${file.path} (model) imports ${target}`);
    if (!target.startsWith(".")) continue;
    const imported = posix.join(posix.dirname(file.path), target);
    const layer = layerOf(imported);
    if (layer === undefined) breaches.push(`${file.path} imports ${imported}, which is in no layer`);
    else if (layers.indexOf(layer) > layers.indexOf(own))
      breaches.push(`${file.path} (${own}) imports ${imported}`);
  }
  return breaches;
}

/** Within `src/sandbox/` only backends, and who chooses among them, import a backend. */
export function checkBackends(file: TrackedFile): string[] {
  const isOf = (path: string): boolean => backends.folders.some((folder) => path.startsWith(folder));
  if (!isSource(file.path) || layerOf(file.path) !== "sandbox" || isOf(file.path)) return [];
  if (backends.known.some((known) => file.path.startsWith(known))) return [];
  return importsOf(file)
    .filter((target) => target.startsWith("."))
    .map((target) => posix.join(posix.dirname(file.path), target))
    .filter(isOf)
    .map((imported) => `${file.path} imports the backend's ${imported}`);
}

/** Files fit on some pages. */
export function checkFileLength(file: TrackedFile): string[] {
  if (!isCode(file.path)) return [];
  const lines = file.text.split("\n").length - (file.text.endsWith("\n") ? 1 : 0);
  return lines > maxFileLines ? [`${file.path} has ${lines} lines`] : [];
}

/** What Node 22, the oldest that users may have, does not know, while the types do. */
const newerThanOldestNode =
  /\b(?:Async)?DisposableStack\b|\bFloat16Array\b|\b(?:Promise\.try|RegExp\.escape|Error\.isError|Iterator\.concat|Math\.sumPrecise)\(|\.(?:toBase64|fromBase64|toHex|fromHex|getOrInsert)\(/;

/** What users run keeps to the oldest Node that `package.json` allows; the tests run on a newer one. */
export function checkOldestNode(file: TrackedFile): string[] {
  if (!isSource(file.path)) return [];
  const found = newerThanOldestNode.exec(file.text)?.[0];
  return found === undefined ? [] : [`${file.path} uses ${found}, which Node 22 does not have`];
}

/** Functions fit on a screen. Python is measured for all files together, by {@link tooLong}. */
export function checkFunctionLength(file: TrackedFile): string[] {
  if (isScript(file.path)) return tooLong(measureScript(file));
  return /\.[ch]$/.test(file.path) ? tooLong(measureC(file)) : [];
}

/** A sentence for every function that is too long. */
export function tooLong(functions: readonly Measured[]): string[] {
  return functions
    .filter((measured) => measured.lines > maxFunctionLines)
    .map(({ path, line, name, lines }) => `${path}:${line} ${name} has ${lines} lines`);
}

/** Nothing is called after being useful: a name says what is inside. */
export function checkName(file: TrackedFile): string[] {
  return /(^|[/_-])utils?([/._-]|$)/i.test(file.path) ? [`${file.path} is called utils`] : [];
}

/** One way to export, by name. */
export function checkExports(file: TrackedFile): string[] {
  if (!isSource(file.path)) return [];
  const names = parseSync(file.path, file.text).module.staticExports.flatMap((statement) =>
    statement.entries.map((entry) =>
      (entry.exportName.kind as string) === "Default" ? "default" : entry.exportName.name,
    ),
  );
  return names.includes("default") ? [`${file.path} has a default export`] : [];
}

const gameFiles = readdirSync(join(repository, "python", "envs")).filter((name) => name.endsWith(".py"));
const gameNames = new RegExp(gameFiles.map((name) => name.slice(0, -".py".length)).join("|"), "i");

/** A built-in game is known by name to its own file, and from `src/games` on. */
export function checkGames(file: TrackedFile): string[] {
  const [, layer = ""] = /^src\/(\w+)\//.exec(file.path) ?? [];
  const below = layers.indexOf(layer) >= 0 && layers.indexOf(layer) < layers.indexOf("games");
  const inside = /^(native|python\/sameseed\/(?!learning\/))/.test(file.path);
  return (below || inside) && gameNames.test(file.text) ? [`${file.path} knows a game by name`] : [];
}

/** Time of day and chance come from one place. */
export function checkHostQuestions(file: TrackedFile): string[] {
  if (!isSource(file.path) || mayAskTheHost.includes(file.path)) return [];
  const breaches: string[] = [];
  new Visitor({
    MemberExpression(node) {
      const text = file.text.slice(node.start, node.end);
      if (text === "Date.now" || text === "Math.random") breaches.push(`${file.path} asks ${text}`);
    },
    NewExpression(node) {
      const text = file.text.slice(node.start, node.end);
      if (/^new Date(\(\s*\))?$/.test(text)) breaches.push(`${file.path} asks new Date()`);
    },
  }).visit(parseSync(file.path, file.text).program);
  return breaches;
}

/** Tracked text says nothing of the machine it was written on, and leaves nothing for later. */
export function checkText(file: TrackedFile): string[] {
  return forbidden
    .map((pattern) => pattern.exec(file.text))
    .filter((match) => match !== null)
    .map((match) => `${file.path} says ${match[0]}`);
}

// Written so that this file does not break its own rule.
const forbidden: readonly RegExp[] = [
  /\/root\/[.\w]/,
  /\/home\/[a-z]\w*\//,
  /\/work\/\w/,
  /\.py[e]nv\b/,
  /registry\.npmj[s]\./,
  /pypi\.or[g]\/simple/,
  /files\.pythonhoste[d]\./,
  /\bTOD[O]\b/,
  /\bFIXM[E]\b/,
];

function layerOf(path: string): string | undefined {
  const [, folder, file] = path.split("/");
  return file !== undefined && folder !== undefined && layers.includes(folder) ? folder : undefined;
}

/** Every module that a file names: imports, re-exports, dynamic imports and types. */
function importsOf(file: TrackedFile): string[] {
  const { program, module } = parseSync(file.path, file.text);
  const named = module.staticImports.map((statement) => statement.moduleRequest.value);
  for (const statement of module.staticExports) {
    for (const entry of statement.entries) if (entry.moduleRequest) named.push(entry.moduleRequest.value);
  }
  new Visitor({
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string")
        named.push(node.source.value);
    },
    TSImportType(node) {
      named.push(node.source.value);
    },
  }).visit(program);
  return named;
}
