import { rewardToJson } from "../model/rollout-schema.ts";
import { rowKey } from "../model/branch.ts";
import type { TreeDocument, TreeNode } from "./documents.ts";
import type { RunKin } from "./kinship.ts";
import type { OpenRuns } from "./open-runs.ts";

/** The most rollouts of a tree that are drawn. */
const nodesMost = 1000;

/** `tree/ID`: the rollouts that a run's branches come from, and all that branches from them. */
export async function treeDocument(runs: OpenRuns, id: string): Promise<TreeDocument> {
  const all = runs.kinship.all();
  const own = all.find((kin) => kin.id === id);
  if (own === undefined) return { nodes: [] };
  const builder = new TreeBuilder(runs, all);
  await builder.addRoots(rootOf(own, all));
  return { nodes: builder.nodes };
}

/** The run that everything comes from, as far as it is in the library. */
function rootOf(kin: RunKin, all: readonly RunKin[]): RunKin {
  const { branch } = kin;
  const parent = branch && all.find(({ runId }) => runId === branch.parent.runId);
  return parent === undefined || parent.id === kin.id ? kin : rootOf(parent, all);
}

class TreeBuilder {
  readonly nodes: TreeNode[] = [];
  readonly #runs: OpenRuns;
  readonly #all: readonly RunKin[];

  constructor(runs: OpenRuns, all: readonly RunKin[]) {
    this.#runs = runs;
    this.#all = all;
  }

  /** Rollouts of the root that something branches from; all of them where the root itself is one of branches. */
  async addRoots(root: RunKin): Promise<void> {
    const { reader } = await this.#runs.open(root.id);
    const isBranch = root.branch !== undefined;
    for (const { key } of reader.outline()) {
      const branch = isBranch ? key : undefined;
      const seed = isBranch ? (reader.manifest.spec.seeds[0] ?? 0) : key;
      if (isBranch || this.#childrenOf(root.runId, seed, branch).length > 0) await this.#add(root, key, null);
    }
  }

  async #add(kin: RunKin, key: number, parent: number | null): Promise<void> {
    if (this.nodes.length >= nodesMost) return;
    const { reader } = await this.#runs.open(kin.id);
    const row = reader.row(key);
    const at = this.nodes.length;
    this.nodes.push({
      id: kin.id,
      key: rowKey(row),
      parent,
      from: row.branch?.step ?? 0,
      to: row.steps,
      outcome: row.outcome,
      totalReward: rewardToJson(row.totalReward),
      prefix: row.branch?.parent ?? null,
      reseed: row.branch?.reseed ?? null,
    });
    for (const child of this.#childrenOf(kin.runId, row.seed, row.branch?.number)) {
      const { reader: theirs } = await this.#runs.open(child.id);
      for (const { key: number } of Array.from(theirs.outline())) await this.#add(child, number, at);
    }
  }

  #childrenOf(runId: string, seed: number, branch: number | undefined): readonly RunKin[] {
    return this.#all.filter((kin) => {
      const from = kin.branch?.parent;
      return from?.runId === runId && from.seed === seed && from.branch === branch;
    });
  }
}
