/*
 * What `sameseed verify` found, kept beside the run: `verdict.json`, and below `verdict/` the other bytes of the first rollouts
 * that diverged, so that both can be looked at side by side. It is a note, not a proof: whoever can write to the folder can
 * write it, and the only proof is to verify again. Its digest tells it from one that was changed by accident.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../base/atomic-file.ts";
import { nowIso } from "../base/clock.ts";
import { digestOf } from "../base/digest.ts";
import { packageVersion } from "../base/package-version.ts";
import { canonicalJson } from "../harness/manifest.ts";
import type { JsonObject } from "../model/json.ts";
import { outcomes } from "../model/outcome.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import { seedSchema } from "../model/seed.ts";
import type { Divergence } from "../model/trajectory.ts";
import { readRegular } from "../store/run-folder.ts";
import { storeError } from "../store/store-error.ts";
import type { RolloutName, VerifyResult } from "./verify-run.ts";

/** How many rollouts that diverged are kept with all their bytes. */
export const keptMost = 8;

/** A verdict as it was kept. */
export interface KeptVerdict {
  readonly format: 1;
  readonly runId: string;
  /** When the run was verified, in ISO 8601. */
  readonly at: string;
  readonly sameseedVersion: string;
  readonly verified: boolean;
  /** Rollouts that were compared, and how many of them gave the same bytes. */
  readonly rollouts: number;
  readonly equal: number;
  readonly missing: number;
  readonly diverged: readonly (RolloutName & { readonly firstDivergence: Divergence })[];
  readonly failed: VerifyResult["failed"];
  /** The digest of the image it was verified with, and whether every file of it was read. */
  readonly image: VerifyResult["image"];
  /** SHA-256 over the JCS form of everything else. */
  readonly digest: string;
}

/** What lies beside a run. */
export type VerdictCheck =
  | { readonly state: "none" }
  | { readonly state: "kept"; readonly verdict: KeptVerdict }
  /** It was changed after it was written, or is about another run. */
  | { readonly state: "altered"; readonly why: string };

const fileName = "verdict.json";
const largestBytes = 64 * 1024 * 1024;
const largestTrajectory = 1024 * 1024 * 1024;

const name = { seed: seedSchema, branch: z.int().min(0).exactOptional() };
const json = z.json() as z.ZodType<Divergence["expected"]>;
const divergence: z.ZodType<Divergence> = z.strictObject({
  step: z.int().min(0),
  field: z.string(),
  path: z.string(),
  expected: json,
  actual: json,
  expectedType: z.string(),
  actualType: z.string(),
  ulps: z.number().nullable().exactOptional() as z.ZodType<number>,
  differing: z.array(z.string()),
  agreeing: z.array(z.string()),
});
const schema: z.ZodType<KeptVerdict> = z.strictObject({
  format: z.literal(1),
  runId: z.string(),
  at: z.iso.datetime(),
  sameseedVersion: z.string(),
  verified: z.boolean(),
  rollouts: z.int().min(0),
  equal: z.int().min(0),
  missing: z.int().min(0),
  diverged: z.array(z.strictObject({ ...name, firstDivergence: divergence })),
  failed: z.array(z.strictObject({ ...name, outcome: z.enum(outcomes) })),
  image: z.strictObject({ digest: z.string(), checked: z.enum(["stamps", "content"]) }),
  digest: z.string(),
});

/** Keeps the other bytes of rollouts that diverge while a run is verified, and its verdict at the end. */
export class VerdictKeeper {
  readonly #dir: string;
  readonly #trajectories = new Map<number, Uint8Array>();

  /** @param dir the run folder */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Takes the bytes of a rollout that diverged. @param key its seed, or its number where it is a branch */
  add(key: number, trajectory: Uint8Array): void {
    if (this.#trajectories.size < keptMost) this.#trajectories.set(key, trajectory);
  }

  /** Writes the verdict in place of an earlier one. @throws `io_failed`, `disk_full` */
  write(manifest: RunManifest, result: VerifyResult): void {
    const { verified, rollouts, equal, missing, diverged, failed, image } = result;
    const content: Omit<KeptVerdict, "digest"> = {
      format: 1,
      runId: manifest.runId,
      at: nowIso(),
      sameseedVersion: packageVersion(),
      verified,
      rollouts,
      equal,
      missing,
      diverged,
      failed,
      image,
    };
    const folder = join(this.#dir, "verdict");
    try {
      rmSync(folder, { recursive: true, force: true });
      if (this.#trajectories.size > 0) mkdirSync(folder);
      for (const [key, bytes] of this.#trajectories) writeFileAtomic(trajectoryPath(this.#dir, key), bytes);
      const verdict: KeptVerdict = { ...content, digest: digestOfContent(content) };
      writeFileAtomic(join(this.#dir, fileName), `${JSON.stringify(verdict)}\n`);
    } catch (error) {
      throw storeError(error, "writing", join(this.#dir, fileName));
    }
  }
}

/** Reads the verdict beside a run. */
export function readVerdict(dir: string, { runId }: RunManifest): VerdictCheck {
  const path = join(dir, fileName);
  if (!existsSync(path)) return { state: "none" };
  let value: unknown;
  try {
    value = JSON.parse(readRegular(path, largestBytes).toString("utf8"));
  } catch {
    return { state: "altered", why: `${fileName} cannot be read` };
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return { state: "altered", why: `${fileName} is not a verdict of format 1` };
  const { digest, ...content } = parsed.data;
  if (digestOfContent(content) !== digest)
    return { state: "altered", why: "its content is not what its digest was made of" };
  if (content.runId !== runId) return { state: "altered", why: "it is about another run" };
  return { state: "kept", verdict: parsed.data };
}

/** The bytes that a rollout gave when it was verified, where it diverged and they were kept. */
export function keptTrajectory(dir: string, key: number): Buffer | undefined {
  const path = trajectoryPath(dir, key);
  return existsSync(path) ? readRegular(path, largestTrajectory) : undefined;
}

function trajectoryPath(dir: string, key: number): string {
  return join(dir, "verdict", `${key}.trajectory`);
}

function digestOfContent(content: object): string {
  return digestOf(canonicalJson(JSON.parse(JSON.stringify(content)) as JsonObject));
}
