import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommanderError, type Command } from "commander";

import { isSameseedError } from "../../src/base/error.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { blocks, prose, repository } from "./pages.ts";

/**
 * The words of each command of Sameseed that a page's blocks show, behind `sameseed`. A line may begin with a prompt, or with a
 * command whose output is piped in; two spaces, `|` and `#` end a command.
 */
export function commandLines(text: string): string[][] {
  const shown = blocks(text).filter(({ language }) => ["", "sh", "bash"].includes(language));
  return shown
    .flatMap((block) => block.text.split("\n"))
    .map(
      (line) => /^\s*(?:\$ )?(?:[^|]+ \| )?(?:npx )?sameseed (.+?)(?:\s{2,}.*|\s+[|#].*)?$/.exec(line)?.[1],
    )
    .filter((line) => line !== undefined)
    .map(words);
}

/** The words of each command that a page names in its prose, as `sameseed verify --deep`. */
export function namedCommands(text: string): string[][] {
  return [...prose(text).matchAll(/`(?:npx )?sameseed ([^`]+)`/g)].map(([, line = ""]) => words(line));
}

/** What is wrong with a command line as it stands, or undefined. Nothing is run. */
export async function misparsed(args: readonly string[]): Promise<string | undefined> {
  try {
    const program = await makeProgram(() => {}, args);
    quiet(program);
    program.parse(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    if (error instanceof CommanderError || isSameseedError(error)) return error.message;
    throw error;
  }
}

/** What is wrong with a command that is only named: it and its options must exist, its values may be left out. */
export async function unknownParts(args: readonly string[]): Promise<string[]> {
  let command: Command = await makeProgram(() => {}, args);
  let at = 0;
  while (command.commands.length > 0 && at < args.length && !args[at]!.startsWith("-")) {
    // `build\|list` names several; the first leads on, and the others are looked up beside it.
    const names = args[at]!.split(/\\?\|/);
    const found = names.map((name) => command.commands.find((each) => each.name() === name));
    const missing = names.filter((_, index) => found[index] === undefined);
    if (missing.length > 0) return missing.map((name) => `no command ${name}`);
    command = found[0]!;
    at++;
  }
  const own = args.slice(at, args.includes("--") ? args.indexOf("--") : undefined);
  const options = own.filter((word) => word.startsWith("-")).map((word) => word.replace(/=.*$/, ""));
  const known = ["-h", "--help", "-V", "--version"];
  return options
    .filter((name) => !known.includes(name))
    .filter((name) => !command.options.some(({ long, short }) => long === name || short === name))
    .map((name) => `no option ${name} of ${command.name()}`);
}

function quiet(command: Command): void {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const each of command.commands) quiet(each);
}

/** Splits a line as a POSIX shell does, as far as pages need it. */
function words(line: string): string[] {
  const found = line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g);
  return [...found].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

/**
 * What `tsc` says of snippets that import from `sameseed`, each a module of its own.
 * @param snippets texts by the name that is shown for each
 */
export function typeErrors(snippets: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-snippets-"));
  try {
    for (const [name, text] of Object.entries(snippets)) writeFileSync(join(folder, `${name}.ts`), text);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const compilerOptions = {
      paths: {
        sameseed: [join(repository, "src/index.ts")],
        "sameseed/stats": [join(repository, "src/stats/index.ts")],
        "sameseed/testing": [join(repository, "src/testing/index.ts")],
      },
      typeRoots: [join(repository, "node_modules/@types")],
      isolatedDeclarations: false,
      declaration: false,
    };
    const config = { extends: join(repository, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], {
      encoding: "utf8",
      cwd: folder,
    });
    return status === 0 ? "" : stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
