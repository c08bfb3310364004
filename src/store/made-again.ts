import { existsSync } from "node:fs";
import { join } from "node:path";

import { writeFileAtomic } from "../base/atomic-file.ts";
import { SameseedError } from "../base/error.ts";
import { rowKey } from "../model/branch.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import { chainOf } from "../trajectory/trajectory-chain.ts";
import { makeOwnFolder, readRegular, type RunPaths } from "./run-folder.ts";
import { runDamaged, storeError } from "./store-error.ts";
import { maxPayloadBytes } from "./segment-format.ts";
import { packTrajectory, trajectoryAddress, unpackTrajectory } from "./trajectory-payload.ts";

/*
 * Trajectories that a run did not keep and that were made again lie beside it, each as the payload of a trajectory entry. Nothing is
 * lost where they are deleted.
 */

/** Where they are. */
export function madeAgainFolder({ folder }: RunPaths): string {
  return join(folder, "made-again");
}

function pathOf(paths: RunPaths, key: number): string {
  return join(madeAgainFolder(paths), `${key}.trajectory`);
}

/** Whether a trajectory was made again. */
export function isMadeAgain(paths: RunPaths, key: number): boolean {
  return existsSync(pathOf(paths, key));
}

/**
 * A trajectory that was made again, after checking that it is the one its row names.
 * @throws `run_missing` where it was not, `run_damaged`, `io_failed`
 */
export function readMadeAgain(paths: RunPaths, summary: RolloutSummary): Buffer {
  const key = rowKey(summary);
  const path = pathOf(paths, key);
  if (!existsSync(path))
    throw new SameseedError("run_missing", `the run did not keep the trajectory of seed ${key}`, {
      context: { seed: key },
      hint: `make it again from its seed: sameseed show ${paths.folder} --seed ${key} (or \`makeTrajectories\`)`,
    });
  const payload = readRegular(path, maxPayloadBytes.trajectory);
  const recorded = unpackTrajectory(payload, trajectoryAddress(payload)?.toString("hex") ?? "");
  if (recorded === undefined || chainOf(recorded).digests.digest !== summary.digest)
    throw runDamaged(path, `it is not the trajectory of seed ${key}; delete it, and it is made again`);
  return recorded;
}

/** Puts one beside its run. @throws `run_damaged`, `disk_full`, `io_failed` */
export function writeMadeAgain(paths: RunPaths, key: number, recorded: Uint8Array): void {
  const path = pathOf(paths, key);
  try {
    makeOwnFolder(madeAgainFolder(paths));
    writeFileAtomic(path, Buffer.concat(packTrajectory(recorded).payload));
  } catch (error) {
    throw storeError(error, "writing", path);
  }
}
