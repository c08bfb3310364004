import { statSync } from "node:fs";

import type { BranchParent } from "../model/branch.ts";
import { runPaths } from "../store/run-folder.ts";
import { readRunManifest } from "../store/run-manifest-file.ts";
import type { Library } from "./library.ts";

/** What of a run says where its rollouts come from. */
export interface RunKin {
  readonly id: string;
  readonly runId: string;
  /** Of a run of branches. */
  readonly branch?: { readonly parent: BranchParent; readonly step: number; readonly count: number };
}

/** Which runs branch from which: every manifest is read once. */
export class Kinship {
  readonly #library: Library;
  readonly #known = new Map<string, { readonly stamp: number; readonly kin: RunKin | undefined }>();

  constructor(library: Library) {
    this.#library = library;
  }

  /** All runs whose manifest can be read. */
  all(): readonly RunKin[] {
    return this.#library
      .list()
      .filter(({ kind }) => kind === "run")
      .flatMap(({ id, dir }) => this.#read(id, dir) ?? []);
  }

  /** The recording that has a run's id. */
  idOf(runId: string): string | undefined {
    return this.all().find((kin) => kin.runId === runId)?.id;
  }

  /** The runs that branch from a rollout. @param branch its number, where it is a branch itself */
  branchesOf(runId: string, seed: number, branch: number | undefined): readonly RunKin[] {
    return this.all().filter(({ branch: own }) => {
      if (own === undefined) return false;
      const { parent } = own;
      return parent.runId === runId && parent.seed === seed && parent.branch === branch;
    });
  }

  #read(id: string, dir: string): RunKin | undefined {
    const paths = runPaths(dir);
    const stamp = statSync(paths.manifest, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const known = this.#known.get(dir);
    if (known?.stamp === stamp) return known.kin;
    const kin = readKin(id, dir);
    this.#known.set(dir, { stamp, kin });
    return kin;
  }
}

/** A run that is damaged is nobody's kin; its own view says what is wrong with it. */
function readKin(id: string, dir: string): RunKin | undefined {
  try {
    const { runId, spec } = readRunManifest(runPaths(dir));
    if (spec.branch === undefined) return { id, runId };
    const { parent, step, reseeds } = spec.branch;
    return { id, runId, branch: { parent, step, count: reseeds.length } };
  } catch {
    return undefined;
  }
}
