import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { SameseedError } from "../base/error.ts";
import type { HostPython } from "./find-python.ts";
import { pipSources } from "./install-wheels.ts";
import { lockHead } from "./lock-head.ts";
import { newestRelease, type OlderChoice } from "./newest-release.ts";
import { findPip, type Pip, pipFailed, runPipBuilding } from "./pip.ts";
import { parseLock, type RequirementsLock } from "./requirements-lock.ts";
import type { ToolResult } from "./run-tool.ts";

/** What to resolve, and from where. */
export interface ResolveRequest {
  /** Packages as pip takes them by name: `crafter`, `gymnasium[box2d]>=1.0`. */
  readonly packages: readonly string[];
  /** Take source archives too where there is no wheel. */
  readonly buildSource: boolean;
  readonly findLinks?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** From pip 23.1 on by algorithm; before, as one text, which Debian 12's pip still writes. */
const hashesSchema: z.ZodType<ArchiveInfo> = z.union([
  z.object({ hashes: z.object({ sha256: sha256Schema }) }),
  z
    .object({ hash: z.string().startsWith("sha256=") })
    .transform(({ hash }) => ({ hashes: { sha256: hash.slice("sha256=".length) } }))
    .pipe(z.object({ hashes: z.object({ sha256: sha256Schema }) })),
]);

const reportSchema: z.ZodType<PipReport> = z.object({
  pip_version: z.string(),
  install: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        version: z.string(),
        requires_dist: z.array(z.string()).optional(),
      }),
      download_info: z.object({ archive_info: hashesSchema }),
    }),
  ),
});

interface ArchiveInfo {
  readonly hashes: { readonly sha256: string };
}

interface PipReport {
  readonly pip_version: string;
  readonly install: readonly {
    readonly metadata: {
      readonly name: string;
      readonly version: string;
      readonly requires_dist?: readonly string[] | undefined;
    };
    readonly download_info: { readonly archive_info: ArchiveInfo };
  }[];
}

const requirementPattern =
  /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[A-Za-z0-9,._ -]+\])?\s*((?:===|[<>=!~]=|<|>)[A-Za-z0-9.*+!,<>=~ -]+)?$/;

/** Packages that bring the interface of environments: an image that names none of them gets the first. */
const interfaces: readonly string[] = ["gymnasium", "gym", "pettingzoo"];

/**
 * Refuses what is not a package's name with an optional version, and adds Gymnasium where no interface is named.
 *
 * @throws {SameseedError} `bad_argument`.
 */
export function checkPackages(packages: readonly string[]): string[] {
  const asked = packages.map((text) => text.trim());
  const names = asked.map((text) => {
    const name = requirementPattern.exec(text)?.[1];
    if (name !== undefined) return normalName(name);
    throw new SameseedError("bad_argument", `${JSON.stringify(text)} is not a package's name`, {
      hint: "write NAME, NAME==VERSION or NAME[EXTRA], as pip takes them; files and addresses belong in a folder for --find-links",
      context: { package: text },
    });
  });
  if (names.length === 0) {
    throw new SameseedError("bad_argument", "no package is named", { hint: "name one: --packages NAME" });
  }
  return names.some((name) => interfaces.includes(name)) ? asked : [...asked, "gymnasium"];
}

/** A distribution's name as package indexes compare names. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/** The name, as package indexes compare names, of the package that a requirement such as `numpy<2` is of. */
export function packageName(requirement: string): string {
  return normalName(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? requirement);
}

/** What pip's resolver chose. */
export interface ResolvedPackages {
  readonly lock: RequirementsLock;
  /** Packages that were asked for without a version, and of which pip itself chose another than the newest. */
  readonly older: readonly OlderChoice[];
  /** With the newest of all of these, or why it cannot be had; null where it was not tried. */
  readonly newest: RequirementsLock | SameseedError | null;
}

/**
 * Asks pip's resolver which versions of some packages and of what they need go together, and writes that down as a lock
 * for this Python: one file of each package, with its hash. Where source archives may be built, the newest of what is asked for by
 * name alone is tried as well: pip itself would rather have a wheel of years ago.
 *
 * @param workFolder - Where pip works; deleted with the build.
 * @throws {SameseedError} `bad_argument`, `image_build_failed` with pip's own words, `tool_missing`, `aborted`.
 */
export async function resolvePackages(
  python: HostPython,
  request: ResolveRequest,
  workFolder: string,
): Promise<ResolvedPackages> {
  const packages = checkPackages(request.packages);
  const pip = await findPip(python, workFolder, request.signal);
  const first = await runResolver(pip, request, packages);
  if (first.run.exitCode !== 0) {
    if (/no such option: --(report|dry-run)/.test(first.run.stderr)) throw pipTooOld(python);
    throw pipFailed(`${packages.join(" ")} cannot be resolved`, first.run, python, request.buildSource);
  }
  const report = readReport(first.path);
  const older = await olderChoices(pip, request, packages, report);
  let newestFound: PipReport | SameseedError | null = null;
  if (older.length > 0 && request.buildSource) {
    const versions = new Map(older.map((choice) => [choice.name, choice.newest]));
    const pinned = packages.map((text) => {
      const version = versions.get(packageName(text));
      return version === undefined ? text : `${text}==${version}`;
    });
    const again = await runResolver(pip, request, pinned);
    newestFound =
      again.run.exitCode === 0
        ? readReport(again.path)
        : pipFailed("it cannot be resolved", again.run, python, true);
  }
  const by = `pip ${report.pip_version} for CPython ${python.version} on ${python.machine}`;
  const lockOf = (found: PipReport): RequirementsLock =>
    parseLock("the resolved lock", lockHead(by, packages) + lockLines(found));
  const newest =
    newestFound === null || newestFound instanceof SameseedError ? newestFound : lockOf(newestFound);
  return { lock: lockOf(report), older, newest };
}

async function runResolver(
  pip: Pip,
  { buildSource, findLinks }: ResolveRequest,
  packages: readonly string[],
): Promise<{ readonly run: ToolResult; readonly path: string }> {
  const path = join(pip.workFolder, "report.json");
  const run = await runPipBuilding(pip, "install", [
    "--dry-run",
    "--ignore-installed",
    "--report",
    path,
    ...(buildSource ? ["--prefer-binary"] : ["--only-binary", ":all:"]),
    ...pipSources({ sources: [] }, findLinks),
    "--",
    ...packages,
  ]);
  return { run, path };
}

/** Of the packages that were asked for without a version those of which there is a newer one. */
async function olderChoices(
  pip: Pip,
  { findLinks }: ResolveRequest,
  packages: readonly string[],
  { install }: PipReport,
): Promise<OlderChoice[]> {
  const free = new Set(packages.filter((text) => !/[<>=~!]/.test(text)).map(packageName));
  const sources = pipSources({ sources: [] }, findLinks);
  const found = await Promise.all(
    install
      .map(({ metadata }) => ({ name: normalName(metadata.name), chosen: metadata.version }))
      .filter(({ name }) => free.has(name))
      .map(async (choice) => ({ ...choice, newest: await newestRelease(pip, choice.name, sources) })),
  );
  return found.flatMap(({ name, chosen, newest }) =>
    newest === undefined || newest === chosen ? [] : [{ name, chosen, newest }],
  );
}

function lockLines({ install }: PipReport): string {
  const found = install
    .map(({ metadata, download_info: info }) => ({
      name: normalName(metadata.name),
      version: metadata.version,
      hash: info.archive_info.hashes.sha256,
      needs: (metadata.requires_dist ?? []).filter((line) => !/;.*\bextra\s*==/.test(line)).map(packageName),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return found
    .map(({ name, version, hash }) => {
      const via = found.filter(({ needs }) => needs.includes(name)).map((other) => other.name);
      const note = via.length === 0 ? "" : `    # via ${via.join(", ")}\n`;
      return `${name}==${version} \\\n    --hash=sha256:${hash}\n${note}`;
    })
    .join("");
}

function readReport(path: string): PipReport {
  const parsed = reportSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new SameseedError("image_build_failed", "pip's report on what it resolved is of an unknown form", {
    hint: "write a lock with pip-compile or uv (--generate-hashes) and give it with --requirements",
    cause: parsed.error,
  });
}

function pipTooOld(python: HostPython): SameseedError {
  return new SameseedError("tool_missing", `the pip of ${python.executable} is too old to resolve packages`, {
    hint: `install pip 22.2 or newer (${python.executable} -m pip install --upgrade pip), or write a lock with pip-compile or uv and give it with --requirements`,
    context: { tool: "pip" },
  });
}
