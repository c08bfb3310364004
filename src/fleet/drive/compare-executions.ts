import { isSettled } from "../../model/outcome.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { isSameseedError } from "../../base/error.ts";
import { type ChunkRecord, recordKey, type SecondOpinion } from "../commit.ts";
import { leafOf } from "../merkle.ts";
import { readChunkRollouts } from "./read-chunk-rollouts.ts";

/*
 * Two executions with one root are the same. Where roots differ, only rollouts count that came to an end of their own on both
 * hosts: whether a limit of time ends one, or a killed process, follows from how busy a host is and says nothing of its honesty.
 */

/** What a host made of a seed. */
export interface Finding {
  readonly leaf: string;
  /** Whether every host of the class is claimed to make the same of it. */
  readonly isClaimed: boolean;
}

/** What a host made of seeds, of those whose rollouts came to an end of their own. */
export type Findings = ReadonlyMap<number, Finding>;

/** What is known of one chunk by several hosts. */
export type Verdict =
  /** Nobody says anything else than another. */
  | { readonly is: "agreed" }
  /** Two differ, and nobody stands by either. */
  | { readonly is: "unclear" }
  /** One host says what no other says, against at least two, and what they say is claimed of every host. */
  | { readonly is: "odd"; readonly host: string }
  /** Hosts differ in a way that no single one explains, or may differ without being at fault. */
  | { readonly is: "scattered" };

/** What of rollouts two hosts must agree about. */
export function findingsOf(spec: string, rollouts: Iterable<{ readonly summary: RolloutSummary }>): Findings {
  const findings = new Map<number, Finding>();
  for (const { summary } of rollouts)
    if (isSettled(summary))
      findings.set(summary.seed, {
        leaf: leafOf(spec, summary).toString("hex"),
        isClaimed: isClaimed(summary.receipt),
      });
  return findings;
}

/**
 * Whether a rollout is claimed to be the same on another host of its class. In the host's world, where the sealed one does not
 * hold, or where threads or children ran beside the program, it is not: a coin gives two of three honest hosts the same.
 */
function isClaimed({ world, tier }: RolloutSummary["receipt"]): boolean {
  return world.mode === "sealed" && (tier === "T2" || tier === "T3");
}

/**
 * What an execution found; undefined where its pack is missing, or not what it says.
 * @throws `io_failed`
 */
export async function readFindings(
  store: ObjectStore,
  { spec, seeds, root, pack }: ChunkRecord | SecondOpinion,
): Promise<Findings | undefined> {
  if (pack === undefined) return undefined;
  try {
    using rollouts = await readChunkRollouts(store, { spec, seeds, root, pack }, recordKey({ spec, seeds }));
    return findingsOf(spec, rollouts);
  } catch (error) {
    if (!isSameseedError(error) || error.code !== "run_damaged") throw error;
    return undefined;
  }
}

/** Whether a second execution contradicts the record, in a rollout that both brought to an end. */
export async function contradicts(
  store: ObjectStore,
  record: ChunkRecord,
  opinion: SecondOpinion,
  findings: typeof readFindings,
): Promise<boolean> {
  if (opinion.root === record.root) return false;
  const [own, other] = [await findings(store, record), await findings(store, opinion)];
  // What cannot be looked at in detail differs, by its root.
  if (own === undefined || other === undefined) return true;
  return differing([own, other]).length > 0;
}

/** Judges hosts by what they found of one chunk. */
export function judge(findings: ReadonlyMap<string, Findings>): Verdict {
  const seeds = differing([...findings.values()]);
  if (seeds.length === 0) return { is: "agreed" };
  const odd = new Set<string>();
  for (const seed of seeds) {
    const hosts = [...findings.keys()].filter((host) => findings.get(host)!.has(seed));
    const groups = [...Map.groupBy(hosts, (host) => findings.get(host)!.get(seed)!.leaf).values()];
    if (groups.length === 2 && hosts.length === 2) continue;
    const [alone = [], others = []] = groups.toSorted((a, b) => a.length - b.length);
    // The others' claim counts: what a host that lies claims does not.
    const areClaimed = others.every((host) => findings.get(host)!.get(seed)!.isClaimed);
    if (groups.length !== 2 || alone.length !== 1 || others.length === 1 || !areClaimed)
      return { is: "scattered" };
    odd.add(alone[0]!);
  }
  const [host, ...more] = odd;
  if (host === undefined) return { is: "unclear" };
  return more.length === 0 ? { is: "odd", host } : { is: "scattered" };
}

/** Seeds of which not all say the same, of those who say anything. */
function differing(all: readonly Findings[]): number[] {
  const said = new Map<number, string>();
  const seeds = new Set<number>();
  for (const findings of all)
    for (const [seed, { leaf }] of findings) {
      const before = said.get(seed);
      if (before === undefined) said.set(seed, leaf);
      else if (before !== leaf) seeds.add(seed);
    }
  return [...seeds];
}
