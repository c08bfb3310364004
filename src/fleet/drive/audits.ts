// Theory of operation. A sampled share of the chunks runs a second time on another host. Which ones is drawn with a secret that
// never leaves this process, so that no host can know before. Two hosts that disagree are judged by a third: the one that stands alone is
// quarantined, and nothing it made for this spec counts any more. Where all three disagree, no host lies: the rollouts do not
// follow from their seeds.

import { randomBytes } from "node:crypto";

import { sha256Of } from "../../base/digest.ts";
import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { type Chunk, chunkKey, seedCount } from "../chunk.ts";
import { type ChunkRecord, readOpinions } from "../commit.ts";
import type { Dispatcher, FleetView } from "../queue/dispatcher.ts";

/** What audits are made with. */
export interface AuditSetting {
  readonly id: string;
  readonly spec: string;
  readonly hostClass: string;
  readonly store: ObjectStore;
  readonly dispatcher: Dispatcher;
  /** 0 to 1. */
  readonly share: number;
  readonly onNote: (line: string) => void;
}

/** Audits go behind every batch's own chunks. */
const auditPriority = 2_000;
/** How often the queue is asked whether it still has an audit. */
const offerMs = 3_000;
/** How often an audit is offered that comes to nothing. */
const offersMost = 5;

interface Pending {
  readonly record: ChunkRecord;
  offers: number;
  offeredAt: number;
}

/** The chunks of a batch that run a second time. */
export class Audits {
  readonly #setting: AuditSetting;
  readonly #pending = new Map<string, Pending>();
  /** Batches and keys are in the queue for every host to read: a liar that could compute the draw would lie where it misses. */
  readonly #secret = randomBytes(32);
  #given = 0;

  constructor(setting: AuditSetting) {
    this.#setting = setting;
  }

  get isDone(): boolean {
    return this.#pending.size === 0;
  }

  /** A chunk is done; some of them are looked at again. */
  consider(record: ChunkRecord): void {
    const key = chunkKey(record.spec, record.seeds);
    const draw = sha256Of(["sameseed/audit/2\0", this.#secret, key]).readUInt32LE(0) / 2 ** 32;
    if (draw < this.#setting.share) this.#pending.set(key, { record, offers: 0, offeredAt: -offerMs });
  }

  /**
   * Looks what came of audits, and offers what has to be run.
   * @throws `fleet_disagrees`
   */
  async look(view: FleetView): Promise<void> {
    const hosts = new Set(
      view.workers
        .filter(({ hostClass, draining }) => hostClass === this.#setting.hostClass && !draining)
        .map(({ host }) => host)
        .filter((host) => !view.quarantined.includes(host)),
    );
    for (const [key, pending] of this.#pending)
      if (await this.#settled(pending, hosts, view.quarantined)) this.#pending.delete(key);
    if (this.isDone && this.#given > 0) {
      this.#setting.onNote(`${this.#given} chunks could not be audited: no other host took them`);
      this.#given = 0;
    }
  }

  async #settled(pending: Pending, hosts: ReadonlySet<string>, out: readonly string[]): Promise<boolean> {
    const { record } = pending;
    const votes = new Map([[record.host, record.root]]);
    for (const { why, host, root } of await readOpinions(this.#setting.store, record))
      if (why === "audit" && host !== record.host && !out.includes(host)) votes.set(host, root);
    const roots = [...votes.values()];
    // As many as there are: an earlier batch may have asked other hosts already.
    if (roots.length > 1 && new Set(roots).size === 1) return true;
    if (roots.length > 2) return await this.#judge(record, votes);
    const others = [...hosts].filter((host) => !votes.has(host));
    if (others.length > 0 && pending.offers < offersMost) {
      await this.#offer(pending, [...votes.keys()]);
      return false;
    }
    if (roots.length === 2)
      throw new SameseedError(
        "fleet_disagrees",
        `the hosts ${[...votes.keys()].join(" and ")} made other rollouts of ${seedsText(record)}, and no third one can tell`,
        {
          hint: "add a worker on a third machine, or look with `sameseed audit` whether the environment follows from its seed",
          context: { hosts: [...votes.keys()], seeds: record.seeds },
        },
      );
    this.#given++;
    return true;
  }

  async #offer(pending: Pending, notHosts: readonly string[]): Promise<void> {
    const now = performance.now();
    if (now - pending.offeredAt < offerMs) return;
    pending.offeredAt = now;
    const { id: batch, spec, dispatcher, hostClass } = this.#setting;
    const { seeds } = pending.record;
    const id = `${batch}.${chunkKey(spec, seeds).slice(0, 24)}.a${notHosts.length}`;
    const chunk: Chunk = { v: 1, id, batch, spec, seeds, purpose: "audit", notHosts };
    try {
      const state = await dispatcher.stateOf(hostClass, id);
      if (state.at === "waiting" || state.at === "running") return;
      if (state.at === "failed") await dispatcher.withdraw(hostClass, id);
      pending.offers++;
      await dispatcher.offer(hostClass, chunk, auditPriority);
    } catch (error) {
      // A queue that is away is waited for.
      if (!isSameseedError(error) || error.code !== "queue_timeout") throw error;
    }
  }

  async #judge(record: ChunkRecord, votes: ReadonlyMap<string, string>): Promise<boolean> {
    const groups = Map.groupBy(votes.keys(), (host) => votes.get(host)!);
    const odd = [...groups.values()].filter((own) => own.length === 1).flat();
    if (odd.length !== 1 || groups.size !== 2)
      throw new SameseedError(
        "fleet_disagrees",
        `${votes.size} hosts made ${groups.size} other rollouts each of ${seedsText(record)}`,
        {
          hint: "the environment or policy does not follow from its seed: `sameseed audit` names the cause",
          context: { seeds: record.seeds },
        },
      );
    const [host = ""] = odd;
    await this.#setting.dispatcher.quarantine(host);
    throw new SameseedError(
      "fleet_disagrees",
      `the host ${host} made other rollouts of ${seedsText(record)} than two other hosts`,
      {
        hint: "it is quarantined; the same command runs what it made again",
        context: { host, takenBack: true },
      },
    );
  }
}

function seedsText({ seeds }: ChunkRecord): string {
  const [[first] = [0]] = seeds;
  return seedCount(seeds) === 1 ? `seed ${first}` : `${seedCount(seeds)} seeds from ${first} on`;
}
