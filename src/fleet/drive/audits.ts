// Theory of operation. A sampled share of the chunks runs a second time on another host. Which ones is drawn with a secret that
// never leaves this process, so that no host can know before. Few of them are in the queue at any time. Two hosts that disagree are
// judged by a third: the one that stands alone is quarantined, and nothing it ever made counts any more, since one good audit
// says nothing of other chunks. Where no single host explains it, none lies: the rollouts do not follow from their seeds.

import { randomBytes } from "node:crypto";

import { nowIso } from "../../base/clock.ts";
import { sha256Of } from "../../base/digest.ts";
import { isSameseedError, SameseedError } from "../../base/error.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { chunkKey, notOn } from "../chunk.ts";
import { type ChunkRecord, readOpinions } from "../commit.ts";
import { addQuarantine } from "../quarantine.ts";
import type { Dispatcher } from "../queue/dispatcher.ts";
import type { BatchKind } from "./batch-kind.ts";
import { gone, scattered, seedsText, unclear } from "./audit-errors.ts";
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
  /** The batch's own, which audits that nobody takes get in the end. */
  readonly priority?: number;
  readonly onNote: (line: string) => void;
  /** As a kind of batch reads it. @default as one of rollouts does */
  readonly findings?: BatchKind<unknown>["findings"];
  readonly onDifference?: BatchKind<unknown>["onDifference"] | undefined;
}

/** Audits go behind every batch's own chunks. */
const auditPriority = 2_000;
/** How often the queue is asked whether it still has an audit. */
const offerMs = 3_000;
/**
 * How long an audit may wait behind the chunks of all batches. A fleet with always more to do would never come to it, and the batch
 * never to its end.
 */
const behindMs = 15_000;
/** How often an audit is offered that comes to nothing. */
const offersMost = 5;
/** How long a host is waited for after it was last there, where nobody else can say anything: it may be starting again. */
const patienceMs = 30_000;
/**
 * How long after a batch's first look any host may still come: one that starts with it is heard of when its queue client runs,
 * and one whose note ran out meanwhile when it writes the next.
 */
const graceMs = 10_000;
/** How often the store is asked again about a chunk that nobody there can be asked about. */
const aloneMs = 5_000;

interface Pending {
  readonly record: ChunkRecord;
  offers: number;
  offeredAt: number;
  /** When the offer that waits was made behind all others. */
  behindAt?: number;
  /** Hosts that have said something. */
  voted: ReadonlySet<string>;
  /** When the store was last asked for it, where there was nobody else to ask. */
  aloneAt?: number;
}

/** What the hosts that count say of a chunk. */
interface Votes {
  readonly found: ReadonlyMap<string, Findings>;
  /** Those that say something else, and of whom nobody can read what. */
  readonly unread: readonly string[];
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
  /** Hosts that take chunks of this batch, and when each was last there. */
  readonly #seen = new Map<string, number>();
  readonly #now: () => number;
  #beganAt: number | undefined;
  #given = 0;

  /** @param now a clock in ms that goes only forwards */
  constructor(setting: AuditSetting, now: () => number = () => performance.now()) {
    this.#setting = setting;
    this.#now = now;
  }

  get isDone(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * A chunk is done; some of them are looked at again, and every one of which another host says something else: that came of a
   * lease that ran out or of a straggler, too, and would else stay undecided.
   * @param out hosts whose results do not count
   * @throws `io_failed`
   */
  async consider(record: ChunkRecord, out: ReadonlySet<string>): Promise<void> {
    this.#seen.set(record.host, this.#now());
    const key = chunkKey(record.spec, record.seeds);
    const draw = sha256Of(["sameseed/audit/2\0", this.#secret, key]).readUInt32LE(0) / 2 ** 32;
    if (draw >= this.#setting.share && !(await this.#isContradicted(record, out))) return;
    this.#pending.set(key, { record, offers: 0, offeredAt: -offerMs, voted: new Set([record.host]) });
  }

  async #isContradicted(record: ChunkRecord, out: ReadonlySet<string>): Promise<boolean> {
    const opinions = await readOpinions(this.#setting.store, record);
    return opinions.some(({ host, root }) => root !== record.root && host !== record.host && !out.has(host));
  }

  /**
   * Looks what came of audits, and offers what has to be run.
   * @param hosts those that take chunks of this batch now
   * @param out hosts whose results do not count
   * @param window how many may be in the queue
   * @throws `fleet_disagrees`
   */
  async look(hosts: ReadonlySet<string>, out: ReadonlySet<string>, window: number): Promise<void> {
    const now = this.#now();
    this.#beganAt ??= now;
    for (const host of hosts) this.#seen.set(host, now);
    let room = Math.max(window, 1);
    for (const [key, pending] of this.#pending) {
      if (room <= 0) break;
      // What waits for a host to come takes nobody's place in the queue, and is not read each time.
      if (
        pending.aloneAt !== undefined &&
        now - pending.aloneAt < aloneMs &&
        this.#isAlone(pending, hosts, out)
      )
        continue;
      const came = await this.#lookAt(pending, hosts, out);
      if (came === "settled") this.#pending.delete(key);
      else if (came === "asked") room--;
    }
  }

  /** Says of the whole batch how many of the chunks that were to be looked at again were not. */
  sayGiven(): void {
    if (this.#given === 0) return;
    const [chunks, them] = this.#given === 1 ? ["1 chunk", "it"] : [`${this.#given} chunks`, "them"];
    this.#setting.onNote(`${chunks} could not be audited: no other host took ${them}`);
  }

  async #lookAt(
    pending: Pending,
    hosts: ReadonlySet<string>,
    out: ReadonlySet<string>,
  ): Promise<"settled" | "asked" | "alone"> {
    const { record } = pending;
    const { found, unread } = await this.#votes(record, out);
    const voted = [...found.keys()];
    // As many as there are: an earlier batch may have asked other hosts already.
    const verdict = judge(found);
    if (verdict.is === "agreed" && voted.length > 1 && unread.length === 0) return "settled";
    const { onDifference } = this.#setting;
    if (onDifference !== undefined && (verdict.is !== "agreed" || unread.length > 0)) {
      onDifference(record, [...voted, ...unread]);
      return "settled";
    }
    if (verdict.is === "odd") throw await this.#found(verdict.host, record);
    if (verdict.is === "scattered") throw scattered(record, voted);
    if (voted.length !== pending.voted.size) pending.offeredAt = -offerMs;
    pending.voted = found.size === pending.voted.size ? pending.voted : new Set(voted);
    delete pending.aloneAt;
    if (pending.offers < offersMost) {
      if ([...hosts].some((host) => !found.has(host))) {
        await this.#offer(pending, voted);
        return "asked";
      }
      if (this.#isAlone(pending, hosts, out)) {
        pending.aloneAt = this.#now();
        return "alone";
      }
    }
    // A contradiction that nobody can look at is one: only what nobody said anything of is given up.
    if (verdict.is === "unclear" || unread.length > 0) throw unclear(record, [...voted, ...unread]);
    this.#given++;
    return "settled";
  }

  /** Whether nobody is there to ask, and somebody may come: a host that was there shortly before, or any in the beginning. */
  #isAlone({ voted }: Pending, hosts: ReadonlySet<string>, out: ReadonlySet<string>): boolean {
    if ([...hosts].some((host) => !voted.has(host))) return false;
    const now = this.#now();
    if (now - (this.#beganAt ?? now) < graceMs) return true;
    return [...this.#seen].some(([host, at]) => !voted.has(host) && !out.has(host) && now - at < patienceMs);
  }

  /** What each host that counts found of a chunk. */
  async #votes(record: ChunkRecord, out: ReadonlySet<string>): Promise<Votes> {
    const { store, findings = readFindings } = this.#setting;
    const opinions = (await readOpinions(store, record)).filter(
      ({ why, host, root, pack }) =>
        (why === "audit" || pack !== undefined || root !== record.root) &&
        host !== record.host &&
        !out.has(host),
    );
    const same: Findings = new Map();
    if (opinions.every(({ root }) => root === record.root))
      return { found: new Map([record, ...opinions].map(({ host }) => [host, same])), unread: [] };
    const own = await findings(store, record);
    if (own === undefined) throw await gone(store, record);
    const found = new Map([[record.host, own]]);
    const unread: string[] = [];
    for (const opinion of opinions) {
      const theirs = opinion.root === record.root ? own : await findings(store, opinion);
      // What cannot be read is no vote: that host or another is asked.
      if (theirs === undefined) unread.push(opinion.host);
      else found.set(opinion.host, theirs);
    }
    return { found, unread };
  }

  async #offer(pending: Pending, notHosts: readonly string[]): Promise<void> {
    const now = this.#now();
    if (now - pending.offeredAt < offerMs) return;
    pending.offeredAt = now;
    const { id: batch, spec, dispatcher, hostClass, priority = 0 } = this.#setting;
    const { seeds } = pending.record;
    const id = `${batch}.${chunkKey(spec, seeds).slice(0, 24)}.a${notHosts.length}`;
    const chunk = notOn({ v: 1, id, batch, spec, seeds, purpose: "audit" }, notHosts);
    try {
      const state = await dispatcher.stateOf(hostClass, id);
      if (state.at === "running") return;
      const { behindAt } = pending;
      const isBehind = behindAt !== undefined && now - behindAt < behindMs;
      if (state.at === "waiting" && (isBehind || behindAt === undefined)) return;
      if (state.at === "waiting" || state.at === "failed") await dispatcher.withdraw(hostClass, id);
      if (state.at === "waiting") {
        // It has waited long enough: its turn comes as that of any chunk of its batch.
        delete pending.behindAt;
        await dispatcher.offer(hostClass, chunk, priority);
        return;
      }
      pending.offers++;
      pending.behindAt = now;
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
