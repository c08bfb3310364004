import { rewardToJson } from "../model/rollout-schema.ts";
import { readVerdict, keptTrajectory } from "../verify/kept-verdict.ts";
import { otherSuffix, type RolloutDocument } from "./documents.ts";
import { picturesOf } from "./pictures-document.ts";
import { endOf } from "./rollout-documents.ts";
import type { OpenRuns } from "./open-runs.ts";
import { hasStdio } from "./stdio-document.ts";
import { toJson } from "./to-json.ts";

/** `rollout/ID/KEY` */
export async function rolloutDocument(runs: OpenRuns, id: string, name: string): Promise<RolloutDocument> {
  const { reader, recording } = await runs.open(id);
  const loaded = await runs.rollout(id, name);
  const { summary, chain, key, bytes, isOther } = loaded;
  const { manifest } = reader;
  const end = endOf(loaded);
  const { digests } = chain;
  const check = readVerdict(recording.dir, manifest);
  const diverged = check.state === "kept" ? check.verdict.diverged : [];
  const found = diverged.find(({ seed, branch }) => (branch ?? seed) === key);
  const from = manifest.spec.branch;
  const parentId = from === undefined ? undefined : runs.kinship.idOf(from.parent.runId);
  return {
    id,
    key: isOther ? `${key}${otherSuffix}` : String(key),
    dir: recording.dir,
    summary: toJson({
      ...summary,
      ...(isOther
        ? { digest: digests.digest, contentDigest: digests.contentDigest, steps: digests.steps }
        : {}),
      totalReward: isOther ? (end["totalReward"] ?? null) : rewardToJson(summary.totalReward),
    }),
    seed: summary.seed,
    outcome: isOther ? (digests.outcome ?? summary.outcome) : summary.outcome,
    totalReward: isOther ? (end["totalReward"] ?? null) : rewardToJson(summary.totalReward),
    first: chain.first,
    records: chain.records.length,
    bytes,
    ...(summary.branch === undefined ? {} : { lineage: summary.branch }),
    ...(from === undefined
      ? {}
      : {
          parent: {
            ...(parentId === undefined ? {} : { id: parentId }),
            runId: from.parent.runId,
            key: from.parent.branch ?? from.parent.seed,
          },
        }),
    end,
    branches: runs.kinship
      .branchesOf(manifest.runId, summary.seed, summary.branch?.number)
      .map(({ id: own, branch }) => ({ id: own, step: branch?.step ?? 0, count: branch?.count ?? 0 })),
    hasOther: keptTrajectory(recording.dir, key) !== undefined,
    ...(found === undefined ? {} : { divergence: found.firstDivergence }),
    ...picturesOf(loaded),
    hasStdio: hasStdio(loaded),
  };
}
