import { randomBytes } from "node:crypto";
import { existsSync, renameSync } from "node:fs";

import { isSameseedError } from "../base/error.ts";
import type { Keep } from "../model/keep.ts";
import { isRunFolder, runPaths } from "./run-folder.ts";
import { readRunManifest } from "./run-manifest-file.ts";

/** How often work may begin anew because a host was found out: each time one host less takes part. */
const takenBackMost = 5;

/** What was set aside: a run's seeds and which trajectories it keeps, where it was a run. */
export interface TakenBack {
  readonly seeds?: readonly number[];
  readonly keep?: Keep;
}

/**
 * Does work that a fleet may take back, because one of its hosts gave what no other gives: what the work has written then gets
 * another name, so that nothing is lost, and the work begins anew, from what the other hosts made.
 * @param dir what the work writes, if anything
 * @param work told what was set aside, where it begins anew
 */
export async function withTakeBacks<T>(
  dir: string | undefined,
  work: (before: TakenBack | undefined) => Promise<T>,
): Promise<T> {
  let before: TakenBack | undefined;
  for (let times = 0; ; times++)
    try {
      return await work(before);
    } catch (error) {
      const isTakenBack =
        isSameseedError(error) && error.code === "fleet_disagrees" && error.context["takenBack"] === true;
      if (!isTakenBack || times === takenBackMost) throw error;
      before = { ...before, ...(dir === undefined ? {} : setAside(dir)) };
    }
}

function setAside(dir: string): TakenBack {
  if (!existsSync(dir)) return {};
  const run = isRunFolder(dir) ? readRunManifest(runPaths(dir)) : undefined;
  renameSync(dir, `${dir}-taken-back-${randomBytes(2).toString("hex")}`);
  if (run === undefined) return {};
  const { spec, keep } = run;
  return { seeds: spec.seeds, ...(keep === undefined ? {} : { keep }) };
}
