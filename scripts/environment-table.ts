// `node scripts/environment-table.ts [PACKAGE…] [--minutes N] [--again] [--keep] [--system FILE]`: builds an image of each package of
// environment-list.json, runs `sameseed check` on its environments, and writes docs/environments.json and docs/environments.md. What
// is in docs/environments.json already is not run again. No package is begun after N minutes.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeFileAtomic } from "../src/base/atomic-file.ts";
import { listEnvironments } from "../src/cli/image/try-packages.ts";
import { resolveImage } from "../src/image/image-store.ts";
import { tablePage, type PackageRow, type TableRow } from "./environment-page.ts";

/** A package of the list: what to ask pip for, and what to play. */
interface Listed {
  /** What pip is asked for. */
  readonly packages: readonly string[];
  /** The ids; a number takes so many of those that the package registers, spread evenly. */
  readonly environments: readonly string[] | number;
  /** More arguments of `image build`. */
  readonly build?: readonly string[];
  /** More arguments of `check`. */
  readonly check?: readonly string[];
  /** The image that it shares with other packages of the list; one of its own where it is not given. */
  readonly group?: string;
  /** Whether the lock of `--system` is needed. */
  readonly system?: true;
}

const root = join(import.meta.dirname, "..");
const resultsFile = join(root, "docs", "environments.json");
const steps = 50;
const buildLimitMs = 900_000;
const checkLimitMs = 240_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "600" },
    again: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    system: { type: "string" },
  },
});

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  readonly timedOut: boolean;
}

async function sameseed(args: readonly string[], limitMs: number): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const bin = join(root, "bin", "sameseed.js");
  const options = { timeout: limitMs, killSignal: "SIGINT", maxBuffer: 2 ** 28 } as const;
  execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
    const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
    resolve({ stdout, stderr, exitCode: code, timedOut: error?.killed === true });
  });
  return await promise;
}

/** The last line of what a command said: its sentence on what went wrong. */
function reason({ stderr, timedOut }: Ran, limitMs: number): string {
  if (timedOut) return `not finished after ${limitMs / 1000} s`;
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => line.startsWith("error")) ?? lines.at(-1) ?? "no reason").slice(0, 300);
}

function readResults(): Record<string, PackageRow> {
  try {
    return JSON.parse(readFileSync(resultsFile, "utf8")) as Record<string, PackageRow>;
  } catch {
    return {};
  }
}

function save(results: Record<string, PackageRow>): void {
  const sorted = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileAtomic(resultsFile, `${JSON.stringify(sorted, null, 1)}\n`);
  writeFileAtomic(join(root, "docs", "environments.md"), tablePage(sorted));
}

async function chooseIds(image: string, name: string, asked: Listed["environments"]): Promise<string[]> {
  if (typeof asked !== "number") return [...asked];
  const { names = [] } = (await listEnvironments(resolveImage(image), [name]))[name] ?? {};
  const ids = names.toSorted();
  const many = Math.min(asked, ids.length);
  return Array.from({ length: many }, (_, at) => ids[Math.floor((at * ids.length) / many)] ?? "");
}

interface Check {
  readonly error?: { readonly message: string };
  readonly tier: string;
  readonly checks: {
    readonly plays: { readonly verdict: string; readonly summary: string };
    readonly warm: Rerun;
    readonly cold: Rerun;
    readonly loaded: Rerun;
    readonly audit: {
      readonly audit: string | null;
      readonly summary: string;
      readonly causes: readonly {
        readonly factor: string;
        readonly location: { readonly file: string; readonly line: number; readonly source: string } | null;
      }[];
    };
    readonly plain: { readonly pinned: boolean | null; readonly native: boolean | null };
  };
}

interface Rerun {
  readonly rollouts: number;
  readonly equal: number;
}

async function checkOne(image: string, env: string, more: readonly string[]): Promise<TableRow> {
  const args = [
    "check",
    env,
    "--image",
    image,
    "--seeds",
    "0,1",
    "--max-steps",
    String(steps),
    "--json",
    ...more,
  ];
  const ran = await sameseed(args, checkLimitMs);
  let found: Check;
  try {
    found = JSON.parse(ran.stdout) as Check;
  } catch {
    return { env, runs: false, why: reason(ran, checkLimitMs) };
  }
  if (found.error !== undefined) return { env, runs: false, why: found.error.message.slice(0, 300) };
  const { plays, warm, cold, loaded, audit, plain } = found.checks;
  if (plays.verdict === "fail") return { env, runs: false, why: plays.summary };
  return {
    env,
    runs: true,
    warm: `${warm.equal}/${warm.rollouts}`,
    cold: `${cold.equal}/${cold.rollouts}`,
    loaded: `${loaded.equal}/${loaded.rollouts}`,
    pinned: plain.pinned,
    native: plain.native,
    tier: found.tier,
    audit: audit.audit,
    ledger: /asked of the world: (.*)$/.exec(audit.summary)?.[1] ?? "",
    causes: audit.causes.map(({ factor, location }) =>
      location === null
        ? factor
        : `${factor}: ${location.file}:${location.line} \`${location.source.trim()}\``,
    ),
  };
}

interface Manifest {
  readonly digest: string;
  readonly python: string;
  readonly packages: Readonly<Record<string, string>>;
}

/** Builds an image of a package and those it shares it with, or takes the one that is there; a text says why there is none. */
async function imageOf(image: string, listed: Listed): Promise<Manifest | string> {
  const shown = await sameseed(["image", "show", image, "--json"], buildLimitMs);
  if (shown.exitCode === 0) return JSON.parse(shown.stdout) as Manifest;
  const members = Object.values(list).filter(({ group }) => group !== undefined && group === listed.group);
  const packages = members.length === 0 ? listed.packages : members.flatMap((member) => member.packages);
  const system = listed.system ? ["--system", values.system ?? ""] : [];
  const args = ["image", "build", image, "--packages", ...packages, ...system, ...(listed.build ?? [])];
  const built = await sameseed([...args, "--json"], buildLimitMs);
  try {
    const found = JSON.parse(built.stdout) as Manifest & { readonly error?: { readonly message: string } };
    return found.error === undefined ? found : found.error.message.slice(0, 300);
  } catch {
    return reason(built, buildLimitMs);
  }
}

async function runPackage(name: string, listed: Listed): Promise<PackageRow> {
  const image = `table-${(listed.group ?? name).toLowerCase()}`;
  const facts = {
    asked: listed.packages.join(" "),
    ...(listed.build === undefined ? {} : { build: listed.build }),
    date: new Date().toISOString().slice(0, 10),
    host: `Linux ${release()}, ${arch()}`,
    steps,
  };
  const manifest = await imageOf(image, listed);
  if (typeof manifest === "string") return { ...facts, version: null, python: null, why: manifest, rows: [] };
  const rows: TableRow[] = [];
  try {
    for (const env of await chooseIds(image, name, listed.environments)) {
      rows.push(await checkOne(image, env, listed.check ?? []));
      process.stderr.write(`  ${JSON.stringify(rows.at(-1))}\n`);
    }
  } finally {
    if (!values.keep && listed.group === undefined) await sameseed(["image", "rm", image], buildLimitMs);
  }
  const version =
    manifest.packages[listed.packages[0]?.replace(/[^A-Za-z0-9._-].*$/, "").toLowerCase() ?? name] ?? null;
  return { ...facts, version, python: manifest.python, digest: manifest.digest, rows };
}

const list = JSON.parse(readFileSync(join(import.meta.dirname, "environment-list.json"), "utf8")) as Record<
  string,
  Listed
>;
const results = readResults();
const until = performance.now() + Number(values.minutes) * 60_000;
for (const [name, listed] of Object.entries(list)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (results[name] !== undefined && !values.again) continue;
  if (listed.system && values.system === undefined) continue;
  if (performance.now() > until) break;
  process.stderr.write(`${name}\n`);
  const row = await runPackage(name, listed);
  // Read again: another run of this script may have finished another package.
  save({ ...readResults(), [name]: row });
}
save(readResults());
