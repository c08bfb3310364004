/*
 * Theory of operation. All rollouts that descend from one share their copies. A node is a state that can be copied: a trunk
 * waits in it, or a checkpoint keeps it. Where a state has no node, the nearest one on the way to it is taken, a trunk before a
 * checkpoint: the trunk goes on to it, after its old state was kept if somebody may come back to it; from a checkpoint another
 * trunk goes on. Where none is on the way, a tree is opened and the actions are played in it.
 *
 * Whatever is missing here is played again, so nodes may be dropped at any time: those that were used least go first.
 */
import type { BranchPlan, RunningSandbox, SandboxBackend } from "../sandbox/contract.ts";
import { type Grove, type HeldState, isUsable, type Node } from "./copy-node.ts";
import { isOnTheWay, type RolloutState, type StatePlan } from "./rollout-state.ts";
import { StateTrunk } from "./state-trunk.ts";
import { isFull, reasonIn, TrunkLost } from "./trunk-lost.ts";

/** How many trees one rollout and its descendants have. A tree holds 63 copies, and at most 256 branches are opened at once. */
const treesMost = 8;
/** How many nodes of a tree nobody holds at the time. */
const sparesMost = 16;

/** What the copies of a family of rollouts are made with. */
export interface CopiesSetting {
  readonly backend: SandboxBackend;
  readonly plan: StatePlan;
  /** How long copies are kept that nobody uses. */
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
}

/** The copies of an open rollout and of its branches. */
export class StateCopies {
  readonly #setting: CopiesSetting;
  readonly #groves: Set<Grove> = new Set();
  #members = 0;
  #uses = 0;
  #last: Promise<unknown> = Promise.resolve();
  #keeping: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  readonly #abort = (): void => void this.close();

  constructor(setting: CopiesSetting) {
    this.#setting = setting;
  }

  /** A rollout of the family runs. */
  enter(): void {
    this.#members++;
    clearTimeout(this.#timer);
  }

  /** It runs no more; copies are kept for a while, since it may be rolled back. */
  leave(): void {
    this.#members--;
    this.#closeLater();
  }

  #closeLater(): void {
    clearTimeout(this.#timer);
    if (this.#members > 0 || this.#groves.size === 0) return;
    this.#timer = setTimeout(() => void this.close(), this.#setting.idleMs).unref();
  }

  /** Ends every copy, if no rollout of the family runs. */
  async closeUnused(): Promise<void> {
    // What is under way would leave a tree behind.
    await this.#last;
    if (this.#members > 0) return;
    await this.close();
    await this.#keeping;
  }

  /** Ends every copy. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#setting.signal?.removeEventListener("abort", this.#abort);
    const groves = [...this.#groves];
    this.#groves.clear();
    await Promise.all(groves.map(async ({ tree }) => await tree.close()));
  }

  /**
   * Brings a state about where it can be copied.
   * @returns why it cannot, in one clause
   * @throws `aborted`
   */
  async reach(state: RolloutState): Promise<HeldState | string> {
    return await this.#inTurn(async () => {
      try {
        const node = await this.#reach(state);
        const refusal = node.kept === undefined ? await node.owner.sandbox.copyRefusal() : undefined;
        return refusal ?? this.#hold(node);
      } catch (error) {
        const reason = reasonIn(error);
        if (reason === undefined) throw error;
        return reason;
      }
    });
  }

  /** Begins to keep a state, and goes on once the one before it is kept. What comes next of the family waits its turn. */
  async keep(state: RolloutState): Promise<void> {
    const before = this.#keeping;
    this.#keeping = this.#inTurn(async () => await this.#keep(state));
    // It is told at the end, at the latest.
    this.#keeping.catch(() => {});
    await before;
  }

  async #keep(state: RolloutState): Promise<void> {
    try {
      const node = await this.#reach(state);
      if (node.kept !== undefined || (await node.owner.sandbox.copyRefusal()) !== undefined) return;
      await this.#keepNode(node);
    } catch (error) {
      if (reasonIn(error) === undefined) throw error;
    } finally {
      // The last rollout may be over by now.
      this.#closeLater();
    }
  }

  #nodesOf(chain: string): Node[] {
    return [...this.#groves].flatMap(({ nodes }) => nodes.get(chain) ?? []);
  }

  #hold(node: Node): HeldState {
    node.holds++;
    node.used = ++this.#uses;
    let current = node;
    return {
      place: node.place,
      branch: async (plan) =>
        await this.#inTurn(async () => {
          try {
            return await this.#branch(current, plan);
          } catch (error) {
            if (!isFull(error)) throw error;
            // Another tree takes over.
            current.grove.isFull = true;
            const next = await this.#reach(node.place.state);
            current.holds--;
            next.holds++;
            current = next;
            return await this.#branch(current, plan);
          }
        }),
      release: () => {
        current.holds--;
      },
    };
  }

  async #branch(node: Node, plan: BranchPlan): Promise<RunningSandbox> {
    const running = await (node.kept ?? node.owner.sandbox).branch(plan);
    const { grove, owner } = node;
    node.branches++;
    grove.branches++;
    owner.dependents++;
    const gone = (): void => {
      node.branches--;
      owner.dependents--;
      grove.isFull = false;
      if (--grove.branches === 0 && grove.isRetired) void this.#close(grove);
    };
    running.ended.then(gone, gone);
    return running;
  }

  async #reach(state: RolloutState): Promise<Node> {
    for (const grove of this.#groves) if (grove.root.isLost) await this.#retire(grove);
    const known = this.#nodesOf(state.chain).find(isUsable);
    if (known !== undefined) return known;
    for (const near of this.#onTheWay(state)) {
      const node = await this.#goOn(near, state);
      if (node === undefined) continue;
      this.#trim(node);
      return node;
    }
    return await this.#plant(state);
  }

  /** The nodes on the way to a state, the nearest first. */
  #onTheWay(state: RolloutState): Node[] {
    const steps = ({ place, isTrunk }: Node): number => 2 * place.question.step + Number(isTrunk);
    return [...this.#groves]
      .flatMap(({ nodes }) => [...nodes.values()])
      .filter(isUsable)
      .filter(({ place }) => isOnTheWay(place.state, state))
      .toSorted((a, b) => steps(b) - steps(a));
  }

  async #plant(state: RolloutState): Promise<Node> {
    const { backend, plan, signal } = this.#setting;
    if (backend.openTree === undefined) throw new TrunkLost("this backend cannot copy a state in memory");
    const idle = [...this.#groves].find(
      ({ branches, nodes }) => branches === 0 && [...nodes.values()].every(({ holds }) => holds === 0),
    );
    if (this.#groves.size >= treesMost && idle !== undefined) await this.#retire(idle);
    if (this.#groves.size >= treesMost)
      throw new TrunkLost(`${treesMost} trees hold as many copies as they can`);
    const openTree = backend.openTree.bind(backend);
    const { tree, trunk } = await StateTrunk.open({ openTree }, plan, state, signal);
    const grove = { tree, root: trunk, nodes: new Map(), isFull: false, isRetired: false, branches: 0 };
    this.#groves.add(grove);
    signal?.addEventListener("abort", this.#abort);
    return this.#stand(grove, trunk);
  }

  /** A node where a trunk waits. */
  #stand(grove: Grove, trunk: StateTrunk): Node {
    const place = trunk.place();
    const used = ++this.#uses;
    const node = { grove, place, owner: trunk, isTrunk: true, kept: undefined, holds: 0, branches: 0, used };
    grove.nodes.set(place.state.chain, node);
    return node;
  }

  /** Goes on from a node to a state; undefined where no trunk can go on from it, such as one too many generations deep. */
  async #goOn(from: Node, to: RolloutState): Promise<Node | undefined> {
    const { grove, owner } = from;
    let trunk = owner;
    if (from.isTrunk) {
      if (from.holds > 0 || from.branches > 0) await this.#keepNode(from);
      from.isTrunk = false;
      if (from.kept === undefined) grove.nodes.delete(from.place.state.chain);
    } else {
      const resumed = await this.#resume(from);
      if (resumed === undefined) return undefined;
      trunk = resumed;
      owner.dependents++;
      const gone = (): void => void owner.dependents--;
      trunk.sandbox.ended.then(gone, gone);
    }
    try {
      await trunk.moveTo(to);
    } catch (error) {
      if (trunk === grove.root) await this.#retire(grove);
      else if (trunk.dependents === 0) trunk.kill();
      throw error;
    }
    return this.#stand(grove, trunk);
  }

  async #resume({ kept, place }: Node): Promise<StateTrunk | undefined> {
    const { plan, signal } = this.#setting;
    try {
      return await StateTrunk.resume(kept!, place, plan.limits, signal);
    } catch (error) {
      if (reasonIn(error) === undefined) throw error;
      return undefined;
    }
  }

  async #keepNode(node: Node): Promise<void> {
    if (node.kept !== undefined) return;
    node.kept = await node.owner.sandbox.checkpoint();
    node.owner.dependents++;
  }

  /** Lets go of what was used least, but for what is held. */
  #trim(but: Node): void {
    const spare = [...but.grove.nodes.values()]
      .filter((node) => node !== but && node.holds === 0 && (node.kept ?? node.owner) !== node.grove.root)
      .toSorted((a, b) => a.used - b.used);
    for (const node of spare.slice(0, Math.max(0, spare.length - sparesMost))) this.#forget(node);
  }

  #forget(node: Node): void {
    const { grove, owner } = node;
    if (node.kept !== undefined) {
      node.kept.close();
      node.kept = undefined;
      owner.dependents--;
    }
    // What hangs on a trunk ends with it.
    if (node.isTrunk && (owner === grove.root || owner.dependents > 0)) return;
    if (node.isTrunk) owner.kill();
    grove.nodes.delete(node.place.state.chain);
  }

  /** Branches that live in it go on. */
  async #retire(grove: Grove): Promise<void> {
    grove.isRetired = true;
    grove.nodes.clear();
    if (grove.branches === 0) await this.#close(grove);
  }

  async #close(grove: Grove): Promise<void> {
    this.#groves.delete(grove);
    await grove.tree.close();
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }
}
