import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startOfText } from "../base/cut-text.ts";
import { SameseedError } from "../base/error.ts";
import type { HostPython } from "./find-python.ts";
import { lastLines, runTool, type ToolResult } from "./run-tool.ts";

/** How to run pip for one image. */
export interface Pip {
  /** The interpreter that has pip. */
  readonly executable: string;
  readonly python: HostPython;
  /** A folder that is deleted with the build. */
  readonly workFolder: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Finds pip: the interpreter's own, else one in a virtual environment below the work folder.
 *
 * @throws {SameseedError} `tool_missing`, `aborted`.
 */
export async function findPip(
  python: HostPython,
  workFolder: string,
  signal: AbortSignal | undefined,
): Promise<Pip> {
  if (python.pip) return { executable: python.executable, python, workFolder, signal };
  const venv = join(workFolder, "venv");
  const run = await runTool(python.executable, ["-m", "venv", venv], { signal });
  if (run.exitCode === 0) return { executable: join(venv, "bin", "python3"), python, workFolder, signal };
  throw new SameseedError(
    "tool_missing",
    `${python.executable} cannot create a virtual environment with pip`,
    {
      hint: "install its venv module (on Debian and Ubuntu: apt-get install python3-venv)",
      context: { output: lastLines(`${run.stdout}\n${run.stderr}`) },
    },
  );
}

/** Runs one of pip's commands, quietly, in the work folder. */
export async function runPip(
  pip: Pip,
  command: string,
  args: readonly string[],
  extraEnv: Readonly<Record<string, string>> = {},
): Promise<ToolResult> {
  const quiet = ["-m", "pip", command, "--quiet", "--disable-pip-version-check", "--no-input"];
  const { signal, workFolder: cwd } = pip;
  return await runTool(pip.executable, [...quiet, ...args], { signal, cwd, extraEnv });
}

/** How source archives fail that were written for a setuptools of years ago. */
const needsOldTools =
  /error in \S+ setup command|use_2to3 is invalid|No module named 'pkg_resources'|Invalid dash-separated key|cannot import name '\w+' from 'setuptools/;

/** The last setuptools that takes what such archives say, and a wheel that goes with it. */
const oldTools = "setuptools<58\nwheel<0.38\n";

/**
 * {@link runPip} for what may build source archives: where one fails at the setuptools of today, all is tried again with
 * that of 2021, since an archive from then seldom says which it needs. Where that fails as well, the first failure counts.
 */
export async function runPipBuilding(
  pip: Pip,
  command: string,
  args: readonly string[],
): Promise<ToolResult> {
  const run = await runPip(pip, command, args);
  if (run.exitCode === 0 || !needsOldTools.test(run.stderr)) return run;
  const path = join(pip.workFolder, "old-tools.txt");
  writeFileSync(path, oldTools);
  const own = process.env["PIP_CONSTRAINT"];
  // From 25.3 on pip has a setting of its own for what builds are made with.
  const extraEnv = {
    PIP_CONSTRAINT: own === undefined ? path : `${own} ${path}`,
    PIP_BUILD_CONSTRAINT: path,
  };
  const again = await runPip(pip, command, args, extraEnv);
  return again.exitCode === 0 ? again : run;
}

/** Why pip failed, and what to do. @param what how the message begins, such as `the packages of a.lock could not be installed` */
export function pipFailed(
  what: string,
  { stderr, stdout }: ToolResult,
  python: HostPython,
  sourcesAllowed: boolean,
): SameseedError {
  const { why, hint } = explain(stderr, python, sourcesAllowed);
  return new SameseedError("image_build_failed", `${what}: ${why}`, {
    hint,
    context: { output: lastLines(stderr.trim() === "" ? stdout : stderr) },
  });
}

/** Where pip names the package whose build failed. */
const brokenSource: readonly RegExp[] = [
  /Failed to build ([A-Za-z0-9][\w.-]*)/,
  /Failed building wheel for ([A-Za-z0-9][\w.-]*)/,
  /error in ([A-Za-z0-9][\w.-]*) setup command/,
  /generating package metadata[\s\S]*?╰─> (?!from |See )([A-Za-z0-9][\w.-]*)/,
  // The folder that it was unpacked in, where nothing else names it.
  /[/]pip-(?:install|req-build|wheel)-\w+[/]([A-Za-z0-9][\w.-]*?)_[0-9a-f]{32}[/]/,
];

/** The last words of a build before pip's own: the reason, as its tools tell it. */
function lastWords(stderr: string): string {
  const words = lastLines(stderr.slice(0, Math.max(0, stderr.lastIndexOf("[end of output]"))), 1).trim();
  return words === "" ? "" : ` (${startOfText(words, 200)})`;
}

function explain(
  stderr: string,
  python: HostPython,
  sourcesAllowed: boolean,
): { readonly why: string; readonly hint: string } {
  const reasons = stderr.split("\n").filter((line) => /^\s*ERROR:/.test(line));
  const why =
    reasons
      .at(-1)
      ?.replace(/^\s*ERROR: /, "")
      .replace(/\.$/, "") ?? "pip failed";
  if (/connection broken|Failed to establish|ConnectTimeout|ProxyError|SSLError/.test(stderr)) {
    return {
      why: "pip cannot reach its package index",
      hint: "check the network connection and pip's index and proxy settings",
    };
  }
  if (/DO NOT MATCH THE HASHES/.test(stderr)) {
    return {
      why: "a downloaded file does not have the hash that the lock names",
      hint: "a downloaded file is not the one the lock names: check where pip downloads from, or write the lock anew",
    };
  }
  if (/ResolutionImpossible|conflicting dependencies/.test(stderr)) {
    const conflict = /The conflict is caused by:\n([\s\S]*?)\n\n/.exec(stderr)?.[1];
    return {
      why: `the packages do not go together${conflict === undefined ? "" : ` (${conflict.trim().replaceAll(/\s*\n\s*/g, "; ")})`}`,
      hint: "ask for fewer packages in one image, or for other versions of them",
    };
  }
  if (/No matching distribution|Could not find a version/.test(stderr)) {
    const missing = /No matching distribution found for ([^\s;(]+)/.exec(stderr)?.[1] ?? "it";
    const found = `pip finds no ${sourcesAllowed ? "file" : "wheel"} of ${missing} for Python ${python.series} on ${python.machine}`;
    return {
      why: found,
      hint: sourcesAllowed
        ? "check the name and the version, and choose a Python it supports with --python"
        : "where there is only a source archive, `--build-source` builds a wheel of it; else check the name and the version, and choose a Python it supports with --python",
    };
  }
  if (
    /subprocess-exited-with-error|Failed building wheel|Failed to build|metadata-generation-failed/.test(
      stderr,
    )
  ) {
    if (/error in gym setup command/.test(stderr)) {
      return {
        why: "gym before 0.22 cannot be built with the setuptools of today",
        hint: "ask for 'gym>=0.22,<0.26', whose environments have the same interface, or for gym==0.26.2: both run",
      };
    }
    const broken = brokenSource
      .map((pattern) => pattern.exec(stderr)?.[1])
      .find((found) => found !== undefined);
    return {
      why: `the source archive ${broken === undefined ? "of a package" : `of ${broken}`} could not be built${lastWords(stderr)}`,
      hint: "it may need a compiler or headers on this host (--json gives the end of pip's output); an older or newer version may have a wheel, and where another package pins this one, a lock of uv's with `--override` has the other version (docs/guide/images.md)",
    };
  }
  return { why, hint: "--json gives the end of pip's output" };
}
