import { SameseedError } from "../../base/error.ts";
import { limitNames, type Limits } from "../../model/limits.ts";
import type { BranchPlan, RunningSandbox } from "../contract.ts";
import { type CopyRequest, FrozenCopy, lostCopy } from "./frozen-copy.ts";
import type { TreeParts } from "./tree-parts.ts";

/** Limits that the kernel lets a copy lower only. */
const loweredOnly = ["cpuMs", "memoryMb", "diskMb"] as const satisfies readonly (keyof Limits)[];

/** Whose state it is. */
export interface StateOwner {
  /** The trunk on this host. */
  readonly pid: number;
  readonly limits: Limits;
}

/** One state of a trunk, and the copies that hold it. */
export class CopiedState {
  readonly #parts: TreeParts;
  readonly #owner: StateOwner;
  readonly #ask: CopyRequest;
  readonly #copies: Set<FrozenCopy>;
  readonly #idle: FrozenCopy[] = [];
  #isReleased = false;

  /**
   * @param ask has the state copied
   * @param copies every copy of the trunk, of this state or another
   */
  constructor(parts: TreeParts, owner: StateOwner, copies: Set<FrozenCopy>, ask: CopyRequest) {
    this.#parts = parts;
    this.#owner = owner;
    this.#copies = copies;
    this.#ask = ask;
  }

  /** A copy that serves nobody: one that was made before, or a new one. */
  async take(): Promise<FrozenCopy> {
    return await this.#parts.inTurn(async () => {
      for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop())
        if (idle.isIdle) return idle;
      if (this.#isReleased)
        throw new SameseedError("internal", "a state was to be copied that its trunk has left");
      const { pid, limits } = this.#owner;
      const copy = await FrozenCopy.make(this.#parts, pid, this.#ask, limits);
      this.#copies.add(copy);
      return copy;
    });
  }

  /** Starts what goes on from the state. */
  async start(plan: BranchPlan, kind: "branch" | "trunk"): Promise<StartedCopy> {
    const calledAt = performance.now();
    checkLimits(plan.limits, this.#owner.limits);
    if (isAborted(plan.signal)) throw new SameseedError("aborted", "the call was aborted");
    const copy = await this.take();
    await copy.placed;
    // It may have ended meanwhile, and nobody would answer.
    if (!copy.isIdle) throw lostCopy();
    if (isAborted(plan.signal)) {
      this.giveBack(copy);
      throw new SameseedError("aborted", "the call was aborted");
    }
    const running = copy.start(plan, kind, calledAt, () => this.giveBack(copy));
    const kill = (): void => running.kill();
    plan.signal?.addEventListener("abort", kill, { once: true });
    const forget = (): void => plan.signal?.removeEventListener("abort", kill);
    running.ended.then(forget, forget);
    return { running, copy };
  }

  /** Keeps a copy for the next that asks, or ends it. */
  giveBack(copy: FrozenCopy): void {
    if (!this.#isReleased && copy.isIdle) this.#idle.push(copy);
    else copy.leave();
  }

  /** Nobody asks for it any more. */
  release(): void {
    this.#isReleased = true;
    for (const copy of this.#idle.splice(0)) copy.leave();
  }
}

/** What goes on from a state. */
export interface StartedCopy {
  readonly running: RunningSandbox;
  /** Its parent. */
  readonly copy: FrozenCopy;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function checkLimits(asked: Limits, most: Limits): void {
  for (const name of loweredOnly) {
    if (asked[name] <= most[name]) continue;
    throw new SameseedError("bad_argument", `a branch may not have more ${name} than its trunk`, {
      hint: `give it at most ${most[name]}`,
      context: { limit: name, asked: asked[name], most: most[name], limits: Object.keys(limitNames) },
    });
  }
}
