import { SameseedError } from "../base/error.ts";
import { rowKey } from "../model/branch.ts";
import { isDeepStrictEqual } from "node:util";

import { digestOf } from "../base/digest.ts";
import { compareImages } from "../image/compare-images.ts";
import type { EnvironmentRef, RolloutSummary, RunSpec, SeatPolicy } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import type { Divergence } from "../model/trajectory.ts";
import { checkFolder } from "../store/run-folder.ts";
import { RunReader } from "../store/run-reader.ts";
import { firstDivergence } from "../trajectory/first-divergence.ts";
import { recordedChain } from "./recorded-run.ts";
import { outcomeDivergence } from "./row-divergence.ts";

/** One thing that two runs do not have in common. */
export interface RunDifference {
  /** Such as `policy agent`, `maxSteps`, `image numpy` or `world`. */
  readonly what: string;
  /** As text; undefined where the run has no such thing. */
  readonly first: string | undefined;
  readonly second: string | undefined;
}

/** Two recorded runs, compared without running anything. */
export interface RunDiff {
  /** Whether both have the same seeds, and the same play under each. */
  readonly same: boolean;
  /** Seeds that both have recorded. */
  readonly compared: number;
  /** Seeds whose records are the same, byte for byte. */
  readonly identical: number;
  /**
   * Seeds with the same play (actions, observations, rewards, info and end) of which something else differs: the hidden
   * state of the generators, or what was asked of the world.
   */
  readonly samePlay: readonly { readonly seed: number; readonly firstDivergence: Divergence }[];
  readonly diverged: readonly { readonly seed: number; readonly firstDivergence: Divergence }[];
  /** Seeds that only one of the runs has recorded. */
  readonly onlyFirst: readonly number[];
  readonly onlySecond: readonly number[];
  /** What of the specs, images, worlds, limits and hosts differs; seeds are counted above. */
  readonly differences: readonly RunDifference[];
}

/**
 * Compares two recorded runs seed by seed: the same play, or the first step, field and value that differ; and says what differs
 * between their specs, images, worlds and limits. Nothing is run. Branches are compared by their numbers.
 * @throws `run_missing`, `run_damaged`, `io_failed`
 */
export async function diffRuns(first: string, second: string): Promise<RunDiff> {
  for (const folder of [first, second]) checkFolder(folder);
  using a = await RunReader.open(first);
  using b = await RunReader.open(second);
  const samePlay: { seed: number; firstDivergence: Divergence }[] = [];
  const diverged: { seed: number; firstDivergence: Divergence }[] = [];
  const onlyFirst: number[] = [];
  let [compared, identical] = [0, 0];
  let hosts: RunDifference[] = [];
  refuseOtherStart(a.manifest.spec, b.manifest.spec);
  for (const row of a.rows()) {
    const key = rowKey(row);
    if (!b.has(key)) {
      onlyFirst.push(key);
      continue;
    }
    const other = b.row(key);
    if (compared++ === 0) hosts = hostDifferences(row, other);
    const isSame = row.outcome === other.outcome && row.contentDigest === other.contentDigest;
    if (isSame) identical++;
    else {
      const found =
        firstDivergence(recordedChain(a, row), recordedChain(b, other)) ?? outcomeDivergence(row, other);
      const isSamePlay = row.outcome === other.outcome && row.playDigest === other.playDigest;
      (isSamePlay ? samePlay : diverged).push({ seed: key, firstDivergence: found });
    }
  }
  const onlySecond = Array.from(b.rows(), rowKey).filter((key) => !a.has(key));
  return {
    same: diverged.length === 0 && onlyFirst.length === 0 && onlySecond.length === 0,
    compared,
    identical,
    samePlay,
    diverged,
    onlyFirst,
    onlySecond,
    differences: [...manifestDifferences(a.manifest, b.manifest), ...hosts],
  };
}

/** The records of two branches that start at different steps do not stand side by side. */
function refuseOtherStart({ branch: a }: RunSpec, { branch: b }: RunSpec): void {
  if (a?.step === b?.step) return;
  throw new SameseedError("bad_argument", "the runs do not start at the same step of a rollout", {
    hint: "compare branches with branches from the same step",
  });
}

function manifestDifferences(a: RunManifest, b: RunManifest): RunDifference[] {
  const differences = specDifferences(a.spec, b.spec);
  const note = (what: string, first: unknown, second: unknown): void => {
    if (!isDeepStrictEqual(first, second))
      differences.push({ what, first: text(first), second: text(second) });
  };
  note("world", a.world, b.world);
  for (const { what, recorded, present } of compareImages(a.image.manifest, b.image.manifest))
    differences.push({ what: `image ${what}`, first: recorded, second: present });
  for (const [name, value] of Object.entries(a.limits))
    note(`limit ${name}`, value, b.limits[name as keyof typeof b.limits]);
  note("backend", a.backend, b.backend);
  note("sameseed", a.sameseedVersion, b.sameseedVersion);
  return differences;
}

/** Seeds aside, which are counted. */
function specDifferences(a: RunSpec, b: RunSpec): RunDifference[] {
  const parts = (spec: RunSpec): Map<string, string | undefined> => {
    const { seeds: _, environment, envArgs, seats, branch, files = [], ...rest } = spec;
    const found = new Map<string, string | undefined>([["environment", environmentText(environment)]]);
    for (const { path, data } of files) found.set(`file ${path}`, digestOf(Buffer.from(data, "base64")));
    for (const [name, value] of Object.entries(envArgs)) found.set(`envArgs ${name}`, text(value));
    for (const { seat, policy } of seats) found.set(`policy ${seat}`, policyText(policy));
    for (const [name, value] of Object.entries(rest)) found.set(name, text(value));
    if (branch !== undefined) found.set("branch", text({ ...branch, past: branch.past.map(digestOf) }));
    return found;
  };
  const [first, second] = [parts(a), parts(b)];
  return [...new Set([...first.keys(), ...second.keys()])].flatMap((what) => {
    const pair = { what, first: first.get(what), second: second.get(what) };
    return pair.first === pair.second ? [] : [pair];
  });
}

function hostDifferences({ receipt: a }: RolloutSummary, { receipt: b }: RolloutSummary): RunDifference[] {
  const pairs: readonly [string, string, string][] = [
    ["host kernel", a.host.kernel, b.host.kernel],
    ["host architecture", a.host.architecture, b.host.architecture],
    ["host numeric class", a.world.numericClass, b.world.numericClass],
  ];
  return pairs.flatMap(([what, first, second]) => (first === second ? [] : [{ what, first, second }]));
}

function environmentText(ref: EnvironmentRef): string {
  if (ref.kind !== "file") return `${ref.kind} ${ref.id}`;
  return `${ref.name}:${ref.className} ${digestOf(ref.source)}`;
}

function policyText(policy: SeatPolicy): string {
  switch (policy.kind) {
    case "builtin":
      return policy.name;
    case "source":
      return `${policy.name} ${digestOf(policy.files === undefined ? policy.source : JSON.stringify([policy.source, policy.files]))}`;
    case "actions":
      return `${policy.actions.length} actions ${digestOf(JSON.stringify(policy.actions))}`;
    case "caller":
      return "the caller";
    case "none":
      break;
  }
  return "nobody";
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
