import { SameseedError } from "../../base/error.ts";
import type { Limits } from "../../model/limits.ts";
import type { BranchPlan, Checkpoint, RunningSandbox, SandboxEnd, TrunkSandbox } from "../contract.ts";
import { childPids } from "../linux/processes.ts";
import { CopiedState } from "./copied-state.ts";
import { copyRefusal } from "./copy-refusal.ts";
import { type FrozenCopy, notCopyable } from "./frozen-copy.ts";
import type { TreeParts } from "./tree-parts.ts";
import { encodeTrunkCopy } from "./wire.ts";

/**
 * How many trunks may descend from each other. Each lies one pid and one user namespace deeper; the kernel allows 32 of
 * each, of which the outer wall, a branch, and what this process itself runs in take some.
 */
export const generationsMost = 24;

/** How a trunk came about. */
export interface TrunkBirth {
  readonly running: RunningSandbox;
  readonly limits: Limits;
  readonly generation: number;
  /** Its parent on this host, which has no other child. */
  readonly parentPid: () => number | undefined;
}

/** A sandbox that can be copied while its job waits in `_zygote.await_message`. */
export class Trunk implements TrunkSandbox {
  readonly born: Promise<number>;
  readonly ended: Promise<SandboxEnd>;
  readonly generation: number;
  readonly limits: Limits;
  readonly #parts: TreeParts;
  readonly #running: RunningSandbox;
  readonly #parentPid: () => number | undefined;
  readonly #copies: Set<FrozenCopy> = new Set();
  #state: CopiedState | undefined;
  #pid: number | undefined;
  /** The answer for the present state. */
  #refusal: Promise<string | undefined> | undefined;
  #isOver = false;

  constructor(parts: TreeParts, birth: TrunkBirth) {
    this.#parts = parts;
    this.#running = birth.running;
    this.#parentPid = birth.parentPid;
    this.generation = birth.generation;
    this.limits = birth.limits;
    this.born = birth.running.born;
    this.ended = birth.running.ended;
    const over = (): void => this.#end();
    this.ended.then(over, over);
  }

  /** Its process on this host. */
  get pid(): number {
    this.#pid ??= childPids(this.#parentPid() ?? 0)[0];
    if (this.#pid === undefined) throw new SameseedError("sandbox_ended", "the trunk is gone");
    return this.#pid;
  }

  async copyRefusal(): Promise<string | undefined> {
    this.#refusal ??= this.#judge();
    return await this.#refusal;
  }

  async branch(plan: BranchPlan): Promise<RunningSandbox> {
    return (await (await this.#copyable()).start(plan, "branch")).running;
  }

  async checkpoint(): Promise<Checkpoint> {
    const state = await this.#copyable();
    return new KeptState(this.#parts, this, await state.take(), this.#copies);
  }

  send(data: Uint8Array): void {
    this.#leaveState();
    this.#running.send(data);
  }

  answer(data: Uint8Array): void {
    this.#leaveState();
    this.#running.answer(data);
  }

  endInput(): void {
    this.#leaveState();
    this.#running.endInput();
  }

  kill(cause?: "wall"): void {
    this.#running.kill(cause);
  }

  oomKills(): number | undefined {
    return this.#running.oomKills();
  }

  ref(): void {
    this.#running.ref();
  }

  unref(): void {
    this.#running.unref();
  }

  async #judge(): Promise<string | undefined> {
    await this.born;
    if (this.#isOver) return "it has ended";
    if (this.generation >= generationsMost) return `${this.generation} trunks lie between it and the first`;
    return copyRefusal(this.pid, new Set([...this.#copies].map(({ pid }) => pid)));
  }

  /** The state it is in, if that can be copied. */
  async #copyable(): Promise<CopiedState> {
    const reason = await this.copyRefusal();
    if (reason !== undefined) throw notCopyable(reason);
    this.#state ??= new CopiedState(this.#parts, this, this.#copies, (order) =>
      this.#running.send(encodeTrunkCopy(order)),
    );
    return this.#state;
  }

  /** It goes on: what is copied from now on is another state. */
  #leaveState(): void {
    this.#state?.release();
    this.#state = undefined;
    this.#refusal = undefined;
  }

  /** Its copies are of its pid namespace and end with it. */
  #end(): void {
    this.#isOver = true;
    this.#leaveState();
    const error = new SameseedError("sandbox_ended", "the trunk that it was copied from has ended");
    for (const copy of this.#copies) copy.fail(error);
  }
}

/** A state of a trunk, held by a copy that serves nobody but is copied itself. */
class KeptState implements Checkpoint {
  readonly #parts: TreeParts;
  readonly #trunk: Trunk;
  readonly #master: FrozenCopy;
  readonly #state: CopiedState;

  constructor(parts: TreeParts, trunk: Trunk, master: FrozenCopy, copies: Set<FrozenCopy>) {
    this.#parts = parts;
    this.#trunk = trunk;
    this.#master = master;
    this.#state = new CopiedState(parts, trunk, copies, (order, copied) => master.askToCopy(order, copied));
  }

  async copyRefusal(): Promise<string | undefined> {
    return this.#master.isIdle ? undefined : "it was closed, or its trunk has ended";
  }

  async branch(plan: BranchPlan): Promise<RunningSandbox> {
    await this.#refuse();
    return (await this.#state.start(plan, "branch")).running;
  }

  async checkpoint(): Promise<Checkpoint> {
    await this.#refuse();
    return this;
  }

  async resume(plan: BranchPlan): Promise<TrunkSandbox> {
    await this.#refuse();
    const generation = this.#trunk.generation + 1;
    if (generation > generationsMost)
      throw notCopyable(`${generation} trunks would lie between it and the first`);
    const { running, copy } = await this.#state.start(plan, "trunk");
    return new Trunk(this.#parts, {
      running,
      limits: plan.limits,
      generation,
      parentPid: () => copy.pid,
    });
  }

  close(): void {
    this.#state.release();
    this.#master.leave();
  }

  async #refuse(): Promise<void> {
    const reason = await this.copyRefusal();
    if (reason !== undefined) throw notCopyable(reason);
  }
}
