import { readFileSync } from "node:fs";
import * as z from "zod";

import { isSameseedError } from "../../base/error.ts";
import { absentLibraries } from "../../image/absent-libraries.ts";
import { buildAgainWith, neededPackage } from "../../image/build-again.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import { packageName } from "../../image/resolve-packages.ts";
import { builderProgram } from "../../image/runtime-files.ts";
import { defaultLimits } from "../../model/limits.ts";
import type { RolloutFault } from "../../model/outcome.ts";
import { runRollout } from "../../rollout/collect-rollouts.ts";
import { whereRaised } from "../../rollout/where-raised.ts";
import { askImage } from "../../sandbox/ask-image.ts";

/** What came of trying a package that was asked for by name. */
export interface TriedPackage {
  readonly package: string;
  /** The environment that was played; null where the package registers none. */
  readonly environment: string | null;
  /** How many it registers. */
  readonly environments: number;
  /** What has to be called before it registers any, such as `flights.register_envs()`; null where nothing is known. */
  readonly call: string | null;
  /** How the episode ended, such as `terminated`; null where none was played. */
  readonly outcome: string | null;
  readonly steps: number | null;
  readonly totalReward: unknown;
  /** The memory the episode was given; more than a rollout gets by itself where that was not enough. */
  readonly memoryMb: number;
  /** Why there was no episode, or what ended it. */
  readonly problem: string | null;
  /** What is missing, as pip takes it; null where a problem does not name a package. */
  readonly needed: string | null;
  /** The command that builds the image with what is missing; null where a problem does not name a package. */
  readonly fix: string | null;
}

/** What a package registers. */
export interface ListedPackage {
  readonly names: readonly string[];
  /** Why a module of it could not be imported; null where none failed. */
  readonly error: string | null;
  /** What has to be called before it registers anything, such as `flights.register_envs()`; null where nothing is known. */
  readonly call: string | null;
}

const listingSchema: z.ZodType<Record<string, ListedPackage>> = z.record(
  z.string(),
  z.object({ names: z.array(z.string()), error: z.string().nullable(), call: z.string().nullable() }),
);

/** An episode that is to show whether an environment works need not be long. */
const maxSteps = 200;

/** What packages are given to be imported, and an environment that needs more than a rollout gets by itself. */
const muchMemoryMb = 4096;

/** How many of a package's environments are tried until one plays: many have some that need more packages. */
const mostTried = 5;

/**
 * Plays one episode of an environment of each package, so that what is missing is found while the image is built.
 * @throws `wall_unavailable`, `image_damaged`, `aborted`; what is wrong with a package is in its row
 */
export async function tryPackages(
  image: ResolvedImage,
  packages: readonly string[],
  signal: AbortSignal,
): Promise<TriedPackage[]> {
  const names = packages.map(packageName);
  const listed = await listEnvironments(image, names);
  const tried: TriedPackage[] = [];
  for (const name of names) {
    const found = listed[name] ?? { names: [], error: null, call: null };
    const row = await tryEnvironments(image, name, found, signal);
    const needed = neededPackage(row.problem ?? "");
    const { name: imageName, manifest } = image;
    const built = { name: imageName, digest: manifest.digest };
    tried.push({
      ...row,
      needed: needed ?? null,
      fix: needed === undefined ? null : buildAgainWith(built, needed),
    });
  }
  return tried;
}

async function tryEnvironments(
  image: ResolvedImage,
  name: string,
  { names: environments, error, call }: ListedPackage,
  signal: AbortSignal,
): Promise<Omit<TriedPackage, "fix" | "needed">> {
  const none = { outcome: null, steps: null, totalReward: null, memoryMb: defaultLimits.memoryMb };
  const row = { package: name, environments: environments.length, call };
  if (environments.length === 0) return { ...row, ...none, environment: null, problem: error };
  let first: Omit<TriedPackage, "fix" | "needed"> | undefined;
  for (const environment of idsToTry(environments, mostTried)) {
    const little = await playOnce(image, environment, defaultLimits.memoryMb, signal);
    const result = lacksMemory(little) ? await playOnce(image, environment, muchMemoryMb, signal) : little;
    const found = { ...row, environment, ...result };
    if (found.problem === null) return found;
    first ??= found;
  }
  return withAbsentLibraries(first!, image);
}

/**
 * At most `most` of a package's ids. The newest version of each environment comes before all older ones, which packages keep
 * registered for results of years ago and which often need packages of that time. Where there are more, they are the first and
 * others at equal distances: environments that lie side by side often lack the same package, as all those that only wrap another
 * package's do.
 */
export function idsToTry(ids: readonly string[], most: number): string[] {
  const newest = new Map<string, { readonly id: string; readonly version: number }>();
  for (const id of ids) {
    const [, name = id, digits = "0"] = /^(.*)-v(\d+)$/.exec(id) ?? [];
    const version = Number(digits);
    const known = newest.get(name);
    if (known === undefined || version > known.version) newest.set(name, { id, version });
  }
  const first = new Set([...newest.values()].map(({ id }) => id));
  const [news, olds] = [ids.filter((id) => first.has(id)), ids.filter((id) => !first.has(id))];
  const many = Math.min(news.length, most);
  const spread = Array.from({ length: many }, (_, at) => news[Math.floor((at * news.length) / many)]!);
  return [...spread, ...olds].slice(0, most);
}

/** An engine that does not find a library which it opens by name often ends by a signal, and says nothing. */
function withAbsentLibraries<Tried extends Pick<TriedPackage, "problem">>(
  tried: Tried,
  { rootfs }: ResolvedImage,
): Tried {
  const { problem } = tried;
  if (problem === null || !/ended by SIG(SEGV|ABRT|BUS)/.test(problem)) return tried;
  const absent = absentLibraries(rootfs);
  if (absent.length === 0) return tried;
  return {
    ...tried,
    problem: `${problem} (its packages look for ${absent.join(", ")}, which this image does not have: \`sameseed image lock --system PACKAGE …\`, then --system)`,
  };
}

type Played = Pick<TriedPackage, "outcome" | "steps" | "totalReward" | "memoryMb" | "problem">;

function lacksMemory({ outcome, problem }: Played): boolean {
  return (
    outcome === "memory_limit" || (problem !== null && /bad_alloc|out of memory|MemoryError/i.test(problem))
  );
}

async function playOnce(
  image: ResolvedImage,
  envName: string,
  memoryMb: number,
  signal: AbortSignal,
): Promise<Played> {
  try {
    const { outcome, steps, totalReward, error } = await runRollout({
      envName,
      seed: 0,
      image: image.manifest.digest,
      maxSteps,
      limits: { wallMs: 120_000, cpuMs: 120_000, memoryMb },
      signal,
    });
    const problem = error === undefined ? null : faultLine(error);
    return { outcome, steps, totalReward, memoryMb, problem };
  } catch (error) {
    if (!isSameseedError(error) || error.code === "aborted" || error.code === "wall_unavailable") throw error;
    return { outcome: null, steps: null, totalReward: null, memoryMb, problem: firstLine(error.message) };
  }
}

function faultLine({ type, message, traceback }: RolloutFault): string {
  return firstLine(message) || `${type} ${whereRaised(traceback)}`.trim();
}

/** Which environments some packages of an image register. */
export async function listEnvironments(
  { manifest }: ResolvedImage,
  packages: readonly string[],
): Promise<Record<string, ListedPackage>> {
  const { value, stderr } = await askImage(manifest.digest, {
    source: readFileSync(builderProgram("list_environments.py"), "utf8"),
    env: { PACKAGES: JSON.stringify(packages) },
    limits: { wallMs: 120_000, cpuMs: 120_000, memoryMb: muchMemoryMb },
  });
  const parsed = listingSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const error = firstLine(stderr.trim().split("\n").at(-1) ?? "") || "its modules cannot be imported";
  return Object.fromEntries(packages.map((name) => [name, { names: [], error, call: null }]));
}

function firstLine(text: string): string {
  return (
    text
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? ""
  );
}
