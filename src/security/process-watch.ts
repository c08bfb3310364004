import { setTimeout as sleep } from "node:timers/promises";

import {
  descendantsOf,
  isDying,
  listProcesses,
  tableDifferences,
  tableOf,
  type HostProcess,
  type ProcessTable,
} from "./host-processes.ts";

/*
 * Two questions after each attack, both asked from outside, of the host's own process list.
 *
 * Is anything of the sandbox left? Its processes carry a mark in their names, which forks inherit, so they are found
 * wherever they went; and whatever descends from this process two pid namespaces down is a sandbox's, marked or not.
 *
 * Are the processes that made it (outer walls, zygotes, slots) what they were? Their tables must equal those taken before
 * the first attack. A slot may be gone, where the kernel chose it when its sandbox had used up their memory, and one may
 * have come in its place; it must then look like the others.
 */

/** How long after its verdict something of a sandbox may still be seen. */
const graceMs = 100;
/** How long the kernel may take to end what it has killed: on a busy machine that waits for a processor too. */
const dyingMs = 10_000;
/** How long what was made for one sandbox only may take to go: it is trusted, and nothing runs in it any more. */
const settlesWithinMs = 3_000;
/** In how many looks, {@link lookEveryMs} apart, nothing may come or go before what stands is what stays. */
const quietLooks = 25;
const lookEveryMs = 20;
/** A zygote lies one pid namespace below this process, its sandboxes two. */
const zygoteDepth = 1;

/** What tables of two processes of one kind have in common. */
const kindFields = [
  "Uid",
  "Gid",
  "CapPrm",
  "CapEff",
  "CapBnd",
  "NoNewPrivs",
  "Seccomp",
  "Seccomp_filters",
  "Threads",
];

interface Known {
  readonly process: HostProcess;
  readonly table: ProcessTable;
  readonly hasChildren: boolean;
}

/** Watches the processes that came of this one. */
export class ProcessWatch {
  readonly #ignored: ReadonlySet<number>;
  readonly #settleMs: number;
  readonly #golden: ReadonlyMap<number, Known>;

  /**
   * Takes the golden tables, of what stands at this moment: see {@link ProcessWatch.begin}.
   * @param ignored processes of this one that no sandbox came of
   * @param settleMs how long a change may last that is none in the end
   */
  constructor(ignored: readonly number[], settleMs: number = settlesWithinMs) {
    this.#settleMs = settleMs;
    this.#ignored = new Set(ignored);
    this.#golden = new Map(this.#look().map((each) => [each.process.pid, each]));
  }

  /**
   * Takes the golden tables once nothing comes or goes any more. A cold backend ends what it made for a sandbox after that
   * sandbox's verdict; a process that is on its way out would be missed by every later look.
   * @param ignored processes of this one that no sandbox came of
   */
  static async begin(ignored: readonly number[]): Promise<ProcessWatch> {
    const pids = (): string =>
      descendantsOf(process.pid, listProcesses())
        .map(({ pid }) => pid)
        .join();
    for (let last = pids(), same = 0; same < quietLooks;) {
      await sleep(lookEveryMs);
      const now = pids();
      same = now === last ? same + 1 : 0;
      last = now;
    }
    return new ProcessWatch(ignored);
  }

  /** How many processes' tables are compared. */
  get size(): number {
    return this.#golden.size;
  }

  /** Says what of a sandbox that has just had its verdict is still there after its moment of grace, whatever else runs. */
  async findMarked(mark: string): Promise<string[]> {
    return await afterGrace(() => listProcesses().filter((each) => isMarked(each, mark)));
  }

  /** Says which process of any sandbox is there while none should be, but for a trunk that stood before the first attack. */
  async findSandboxed(): Promise<string[]> {
    return await afterGrace(() => {
      const processes = listProcesses();
      const ownDepth = processes.find(({ pid }) => pid === process.pid)?.depth ?? 1;
      return descendantsOf(process.pid, processes).filter(
        ({ pid, depth }) => depth > ownDepth + zygoteDepth && !this.#golden.has(pid),
      );
    });
  }

  /** Says what is not as it was before the first attack. */
  async findChanges(): Promise<string[]> {
    const deadline = performance.now() + this.#settleMs;
    for (;;) {
      const changes = this.#compare();
      if (changes.length === 0 || performance.now() > deadline) return changes;
      await sleep(lookEveryMs);
    }
  }

  #compare(): string[] {
    const now = new Map(this.#look().map((each) => [each.process.pid, each]));
    const changes: string[] = [];
    for (const [
      pid,
      {
        process: { name },
        table,
        hasChildren,
      },
    ] of this.#golden) {
      const after = now.get(pid);
      if (after === undefined) {
        if (hasChildren) changes.push(`${name} ${pid} is gone`);
        continue;
      }
      for (const difference of tableDifferences(table, after.table))
        changes.push(`${name} ${pid}: ${difference}`);
    }
    for (const [pid, known] of now) {
      if (!this.#golden.has(pid) && !this.#isLikeOthers(known))
        changes.push(`${known.process.name} ${pid} is new`);
    }
    return changes;
  }

  #isLikeOthers({ table, hasChildren }: Known): boolean {
    if (hasChildren) return false;
    return [...this.#golden.values()].some(
      (other) => !other.hasChildren && kindFields.every((name) => other.table[name] === table[name]),
    );
  }

  #look(): Known[] {
    const processes = listProcesses();
    const own = descendantsOf(process.pid, processes).filter(({ pid }) => !this.#ignored.has(pid));
    const parents = new Set(own.map(({ parent }) => parent));
    return own.map((each) => ({
      process: each,
      table: tableOf(each.pid),
      hasChildren: parents.has(each.pid),
    }));
  }
}

async function afterGrace(look: () => HostProcess[]): Promise<string[]> {
  if (look().length === 0) return [];
  await sleep(graceMs);
  const deadline = performance.now() + dyingMs;
  for (;;) {
    const left = look();
    const alive = performance.now() < deadline ? left.filter(({ pid }) => !isDying(pid)) : left;
    if (left.length === 0 || alive.length > 0)
      return alive.map(({ pid, name }) => `process ${pid} (${name}) outlived its sandbox`);
    await sleep(lookEveryMs);
  }
}

function isMarked({ name, commandLine }: HostProcess, mark: string): boolean {
  return name === mark || commandLine.includes(mark);
}
