// Theory of operation. A sampled share of the chunks runs a second time on another host. Which ones is drawn with a secret that
// never leaves this process, so that no host can know before. Few of them are in the queue at any time. Two hosts that disagree are
// judged by a third: the one that stands alone is quarantined, and nothing it ever made counts any more, since one good audit
// says nothing of other chunks. Where no single host explains it, none lies: the rollouts do not follow from their seeds.

import { randomBytes } from "node:crypto";

import { nowIso } from "../../base/clock.ts";
import { sha256Of } from "../../base/digest.ts";
import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { chunkKey, notOn, seedCount } from "../chunk.ts";
import { type ChunkRecord, readOpinions, recordKey } from "../commit.ts";
import { addQuarantine } from "../quarantine.ts";
import type { Dispatcher, FleetView } from "../queue/dispatcher.ts";
import { type Findings, judge, readFindings } from "./compare-executions.ts";

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
/** How long a host that was there is waited for, where nobody else can say anything: it may be starting again. */
const patienceMs = 30_000;

interface Pending {
  readonly record: ChunkRecord;
  offers: number;
  offeredAt: number;
  /** Hosts that have said something. */
  votes: number;
  /** Since when there is nobody to ask. */
  aloneAt?: number;
}

/** Whether a chunk of the queue is one that runs a second time. */
export function isAudit(id: string): boolean {
  return /\.a\d+$/.test(id);
}

/** The chunks of a batch that run a second time. */
export class Audits {
  readonly #setting: AuditSetting;
  readonly #pending = new Map<string, Pending>();
  /** Batches and keys are in the queue for every host to read: a liar that could compute the draw would lie where it misses. */
  readonly #secret = randomBytes(32);
  /** Hosts that were there at any time. */
  readonly #seen = new Set<string>();
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
    if (draw < this.#setting.share)
      this.#pending.set(key, { record, offers: 0, offeredAt: -offerMs, votes: 0 });
  }

  /**
   * Looks what came of audits, and offers what has to be run.
   * @param out hosts whose results do not count
   * @param window how many may be in the queue
   * @throws `fleet_disagrees`
   */
  async look(view: FleetView, out: ReadonlySet<string>, window: number): Promise<void> {
    const hosts = new Set(
      view.workers
        .filter(({ hostClass, draining }) => hostClass === this.#setting.hostClass && !draining)
        .map(({ host }) => host)
        .filter((host) => !out.has(host)),
    );
    for (const host of hosts) this.#seen.add(host);
    let room = Math.max(window, 1);
    for (const [key, pending] of this.#pending) {
      if (room <= 0) break;
      if (await this.#settled(pending, hosts, out)) this.#pending.delete(key);
      else room--;
    }
    if (this.isDone && this.#given > 0) {
      this.#setting.onNote(`${this.#given} chunks could not be audited: no other host took them`);
      this.#given = 0;
    }
  }

  async #settled(pending: Pending, hosts: ReadonlySet<string>, out: ReadonlySet<string>): Promise<boolean> {
    const { record } = pending;
    const votes = await this.#votes(record, out);
    // As many as there are: an earlier batch may have asked other hosts already.
    const verdict = judge(votes);
    if (verdict.is === "agreed" && votes.size > 1) return true;
    if (verdict.is === "odd") throw await this.#found(verdict.host, record);
    if (verdict.is === "scattered") throw scattered(record, [...votes.keys()]);
    if (votes.size !== pending.votes) pending.offeredAt = -offerMs;
    pending.votes = votes.size;
    const others = [...hosts].filter((host) => !votes.has(host));
    if (others.length > 0 && pending.offers < offersMost) {
      delete pending.aloneAt;
      await this.#offer(pending, [...votes.keys()]);
      return false;
    }
    if (this.#mayComeBack(pending, votes, out)) return false;
    if (verdict.is === "unclear") throw unclear(record, [...votes.keys()]);
    this.#given++;
    return true;
  }

  /** Whether a host is waited for that was there and could say something. */
  #mayComeBack(pending: Pending, votes: ReadonlyMap<string, Findings>, out: ReadonlySet<string>): boolean {
    if (pending.offers >= offersMost) return false;
    const now = performance.now();
    pending.aloneAt ??= now;
    const isMissed = [...this.#seen].some((host) => !votes.has(host) && !out.has(host));
    return isMissed && now - pending.aloneAt < patienceMs;
  }

  /** What each host that counts found of a chunk. */
  async #votes(record: ChunkRecord, out: ReadonlySet<string>): Promise<Map<string, Findings>> {
    const { store } = this.#setting;
    const opinions = (await readOpinions(store, record)).filter(
      ({ why, host }) => why === "audit" && host !== record.host && !out.has(host),
    );
    const same: Findings = new Map();
    if (opinions.every(({ root }) => root === record.root))
      return new Map([record, ...opinions].map(({ host }) => [host, same]));
    const own = await readFindings(store, record);
    if (own === undefined) throw await gone(store, record);
    const votes = new Map([[record.host, own]]);
    for (const opinion of opinions) {
      const found = opinion.root === record.root ? own : await readFindings(store, opinion);
      // What cannot be read is no vote: another host is asked.
      if (found !== undefined) votes.set(opinion.host, found);
    }
    return votes;
  }

  async #offer(pending: Pending, notHosts: readonly string[]): Promise<void> {
    const now = performance.now();
    if (now - pending.offeredAt < offerMs) return;
    pending.offeredAt = now;
    const { id: batch, spec, dispatcher, hostClass } = this.#setting;
    const { seeds } = pending.record;
    const id = `${batch}.${chunkKey(spec, seeds).slice(0, 24)}.a${notHosts.length}`;
    const chunk = notOn({ v: 1, id, batch, spec, seeds, purpose: "audit" }, notHosts);
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

  async #found(host: string, { spec, seeds }: ChunkRecord): Promise<SameseedError> {
    const { store, dispatcher } = this.#setting;
    await addQuarantine(store, { format: 1, host, at: nowIso(), spec, seeds });
    // The store has it; a queue that is away hears of it when it is looked at again.
    await dispatcher.quarantine(host).catch(() => {});
    return new SameseedError(
      "fleet_disagrees",
      `the host ${host} made other rollouts of ${seedsText({ seeds })} than two other hosts`,
      {
        hint: "it is quarantined; the same command runs what it made again",
        context: { host, takenBack: true },
      },
    );
  }
}

/** What was taken from a record that others contradict, and that cannot be looked at any more, does not count. */
async function gone(store: ObjectStore, record: ChunkRecord): Promise<SameseedError> {
  await store.delete(recordKey(record));
  return new SameseedError(
    "fleet_disagrees",
    `another host made other rollouts of ${seedsText(record)} than ${record.host}, whose pack is not in the store any more`,
    { hint: "the same command runs them again", context: { takenBack: true } },
  );
}

function unclear(record: ChunkRecord, hosts: readonly string[]): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `the hosts ${hosts.join(" and ")} made other rollouts of ${seedsText(record)}, and no third one can tell`,
    {
      hint: "add a worker on a third machine, or look with `sameseed audit` whether the environment follows from its seed",
      context: { hosts, seeds: record.seeds },
    },
  );
}

function scattered(record: ChunkRecord, hosts: readonly string[]): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `${hosts.length} hosts made other rollouts of ${seedsText(record)}, and no single one of them stands alone`,
    {
      hint: "the environment or policy does not follow from its seed: `sameseed audit` names the cause",
      context: { seeds: record.seeds },
    },
  );
}

function seedsText({ seeds }: Pick<ChunkRecord, "seeds">): string {
  const [[first] = [0]] = seeds;
  return seedCount(seeds) === 1 ? `seed ${first}` : `${seedCount(seeds)} seeds from ${first} on`;
}
