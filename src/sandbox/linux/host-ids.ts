import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { userInfo } from "node:os";

import { SameseedError } from "../../base/error.ts";
import { findOnPath } from "../../image/find-python.ts";
import type { IdMap } from "./id-mapper.ts";

/*
 * Theory of operation. The kernel counts some things per user of the host, whatever user namespaces lie between: watches
 * of epoll instances, pages of pipes. Where sandboxes share a user, one of them can use these up for all. So each zygote
 * gets a block of ids, one for itself and one for each slot: root takes it from a range that no account lies in, an
 * ordinary user from what /etc/subuid gives, by newuidmap. Where neither is to be had, all sandboxes run as one id.
 *
 * A block is chosen at random and reserved by listening on an abstract socket named after it. No second program on
 * this host can do that at the same time, and the reservation ends with this process, however it ends.
 */

/** The group of everything sandboxed, and its user where no others are to be had, when this process is root: nobody's account. */
export const unprivilegedId = 64_919;

/** The range that systemd's allocation of ids leaves unused, in front of 2^31. */
const unusedIds: IdRange = { first: 1_879_048_192, count: 268_304_384 };
/** More than the slots of any zygote. */
const blockIds = 128;
const drawsMost = 16;
/** CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN. */
const mappingCapabilities = (1n << 6n) | (1n << 7n) | (1n << 21n);

/** Ids that follow each other. */
export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/** Where ids come from. */
export type IdSource =
  | { readonly kind: "root"; readonly range: IdRange }
  | { readonly kind: "subordinate"; readonly range: IdRange; readonly newuidmap: string }
  | { readonly kind: "none" };

/** What of the host decides where ids come from. */
export interface IdFacts {
  readonly uid: number;
  readonly userName: string;
  /** `/proc/self/uid_map`. */
  readonly uidMap: string;
  /** The effective capabilities of `/proc/self/status`. */
  readonly capabilities: bigint;
  /** `/etc/subuid`; empty if there is none. */
  readonly subuid: string;
  readonly newuidmap: string | undefined;
}

/** Finds where ids can be had. */
export function idSource(facts: IdFacts): IdSource {
  if (facts.uid === 0) {
    const mayMap = (facts.capabilities & mappingCapabilities) === mappingCapabilities;
    return mayMap && isMapped(facts.uidMap, unusedIds)
      ? { kind: "root", range: unusedIds }
      : { kind: "none" };
  }
  const range = subordinateIds(facts);
  return range === undefined || facts.newuidmap === undefined
    ? { kind: "none" }
    : { kind: "subordinate", range, newuidmap: facts.newuidmap };
}

function isMapped(uidMap: string, { first, count }: IdRange): boolean {
  return uidMap.split("\n").some((line) => {
    const [inside = NaN, , length = NaN] = line.trim().split(/\s+/).map(Number);
    return inside <= first && first + count <= inside + length;
  });
}

function subordinateIds({ subuid, uid, userName }: IdFacts): IdRange | undefined {
  return subuid
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([owner]) => owner === userName || owner === String(uid))
    .map(([, first, count]) => ({ first: Number(first), count: Number(count) }))
    .find(({ first, count }) => first > 0 && count >= blockIds);
}

function readFacts(): IdFacts {
  const capabilities = /^CapEff:\s+([0-9a-f]+)$/m.exec(read("/proc/self/status"))?.[1] ?? "0";
  return {
    uid: process.getuid!(),
    userName: nameOfUser(),
    uidMap: read("/proc/self/uid_map"),
    capabilities: BigInt(`0x${capabilities}`),
    subuid: read("/etc/subuid"),
    newuidmap: findOnPath("newuidmap", process.env["PATH"]),
  };
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return ""; // an id without an account
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** The ids of one zygote and its slots. */
export interface ZygoteIds {
  /** The user and group that the outer wall is started as; undefined: this process's own. */
  readonly user: number | undefined;
  readonly group: number | undefined;
  /** Ids for it to be given: each slot has its own. Undefined: it maps the one it has. */
  readonly map: IdMap | undefined;
  /** Lets others have the ids. */
  release(): void;
}

/** What this host gives sandboxes to run as. */
export class HostIds {
  #source: IdSource;
  #isProven = false;

  constructor(source: IdSource = idSource(readFacts())) {
    this.#source = source;
  }

  /** For receipts: the id on the host or, where each slot has its own, the first of the range that these are from. */
  receipt(isOwn: boolean): { readonly host: number; readonly ids: "own" | "shared" } {
    if (isOwn && this.#source.kind !== "none") return { host: this.#source.range.first, ids: "own" };
    const uid = process.getuid!();
    return { host: uid === 0 ? unprivilegedId : uid, ids: "shared" };
  }

  /** Takes ids for one zygote. */
  async take(): Promise<ZygoteIds> {
    const source = this.#source;
    if (source.kind === "none") return sharedIds();
    const { first, server } = await holdBlock(source.range);
    const release = (): void => void server?.close();
    if (source.kind === "root") {
      const map = { users: [0, first, blockIds], group: unprivilegedId, newuidmap: undefined };
      return { user: first, group: unprivilegedId, map, release };
    }
    const users = [0, process.getuid!(), 1, 1, first, blockIds - 1];
    const map = { users, group: process.getgid!(), newuidmap: source.newuidmap };
    return { user: undefined, group: undefined, map, release };
  }

  /** A zygote stands with the ids it took. */
  confirm(): void {
    this.#isProven = true;
  }

  /** The host refused the first zygote with ids of its own: from now on there are none. False where it took one before. */
  giveUp(): boolean {
    if (this.#isProven || this.#source.kind === "none") return false;
    this.#source = { kind: "none" };
    return true;
  }
}

/** One id for all: bubblewrap maps it itself. */
export function sharedIds(): ZygoteIds {
  const own = process.getuid!() === 0 ? unprivilegedId : undefined;
  return { user: own, group: own, map: undefined, release: () => {} };
}

interface HeldBlock {
  readonly first: number;
  /** Undefined if only chance keeps others away. */
  readonly server: Server | undefined;
}

async function holdBlock({ first, count }: IdRange): Promise<HeldBlock> {
  for (let draw = 0; draw < drawsMost; draw++) {
    const at = first + randomInt(Math.floor(count / blockIds)) * blockIds;
    try {
      return { first: at, server: await listen(`\0sameseed/ids/${at}`) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return { first: at, server: undefined };
    }
  }
  throw new SameseedError("zygote_failed", "no range of host ids is free", {
    hint: "end other programs that run sandboxes, or give this user more ids in /etc/subuid",
  });
}

async function listen(name: string): Promise<Server> {
  const server = createServer((socket) => void socket.destroy());
  const listening = Promise.withResolvers<void>();
  server.once("error", (error) => listening.reject(error));
  server.listen(name, () => listening.resolve());
  server.unref();
  await listening.promise;
  return server;
}
