/*
 * Theory of operation. A stepped rollout never runs in a trunk itself: what a trunk may do differently must not show in its
 * bytes. Beside it stands a trunk that has played the same actions and waits at a question. It follows the rollout when it is
 * asked to, by the actions it lacks, and what it records is held against the rollout's chain: a trunk that did not come
 * out the same is not copied.
 */
import { isSameseedError } from "../base/error.ts";
import { startPatience } from "../base/patience.ts";
import type { BranchOrigin } from "../model/branch.ts";
import { type Limits, maxLimitMs } from "../model/limits.ts";
import type { SeatSpaces } from "../model/spaces.ts";
import type { Frame } from "../model/trajectory.ts";
import type {
  BranchPlan,
  Checkpoint,
  OutputChannel,
  SandboxBackend,
  SandboxTree,
  TrunkSandbox,
} from "../sandbox/contract.ts";
import { whenBorn } from "../sandbox/when-born.ts";
import { ChainBuilder } from "../trajectory/chain.ts";
import { FrameDecoder } from "../trajectory/frame-decoder.ts";
import { decodeRecord, decodeVolatile } from "../trajectory/records.ts";
import { encodeAction, encodeReseed } from "./caller-messages.ts";
import type { Question } from "./live-options.ts";
import { type AskedAction, readQuestion } from "./read-question.ts";
import { TrunkLost } from "./trunk-lost.ts";
import { encoded, planFromState, type RolloutState, type StatePlan } from "./rollout-state.ts";

/** How many actions, and how many bytes of them, are on their way at a time. */
const aheadMost = 64;
const aheadBytesMost = 64 * 1024;

/** Where a trunk waits. */
export interface TrunkPlace {
  readonly state: RolloutState;
  /** The frames of the state's last part. */
  readonly frames: readonly Frame[];
  /** The records of the parts before it. */
  readonly earlier: readonly Frame[];
  readonly question: Question;
  readonly last: Frame;
}

/** A trunk that plays what a stepped rollout has played, and waits where it is to be copied. */
export class StateTrunk {
  /** What of it lives: copies that end when it does. */
  dependents = 0;
  #sandbox!: TrunkSandbox;
  readonly #limits: Limits;
  readonly #decoder = new FrameDecoder({ live: true });
  #state: RolloutState;
  #at = 0;
  #k = -1;
  #builder: ChainBuilder;
  #frames: Frame[] = [];
  #earlier: Frame[] = [];
  #last: Frame | undefined;
  #spaces: SeatSpaces | undefined;
  #asked: AskedAction | undefined;
  #wanted = 0;
  #waiting: PromiseWithResolvers<void> | undefined;
  #lost: string | undefined;

  private constructor(state: RolloutState, limits: Limits) {
    this.#state = state;
    this.#limits = limits;
    this.#builder = new ChainBuilder(encoded(state.parts[0]!).manifest);
  }

  /**
   * Opens a tree whose trunk plays the actions that lead to a state.
   * @throws {@link TrunkLost} with the reason; what {@link SandboxBackend.openTree} throws
   */
  static async open(
    backend: Required<Pick<SandboxBackend, "openTree">>,
    plan: StatePlan,
    state: RolloutState,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly tree: SandboxTree; readonly trunk: StateTrunk }> {
    const trunk = new StateTrunk(state, plan.limits);
    const { job } = planFromState(plan, state, 0).members[0]!;
    const here = trunk.#expect(state.parts.at(-1)!.step + 1);
    const tree = await backend.openTree({ ...trunk.#plan(signal), job });
    try {
      trunk.#take(tree.trunk);
      await here();
      trunk.#refuseOther(state);
      return { tree, trunk };
    } catch (error) {
      await tree.close();
      throw error;
    }
  }

  /** A trunk that goes on from a kept state. @throws as {@link open}; `not_copyable` */
  static async resume(
    kept: Checkpoint,
    place: TrunkPlace,
    limits: Limits,
    signal: AbortSignal | undefined,
  ): Promise<StateTrunk> {
    const trunk = new StateTrunk(place.state, limits);
    trunk.#at = place.state.parts.length - 1;
    trunk.#builder = new ChainBuilder(encoded(place.state.parts.at(-1)!).manifest);
    for (const frame of place.frames) if (frame.type === "record") trunk.#builder.add(frame.payload);
    trunk.#k = place.question.step - 1;
    trunk.#frames = [...place.frames];
    trunk.#earlier = [...place.earlier];
    trunk.#last = place.last;
    trunk.#spaces = place.question.spaces;
    trunk.#asked = place.question;
    trunk.#take(await kept.resume(trunk.#plan(signal)));
    // A copy whose code the environment has changed may never start the trunk that goes on from it.
    const stop = startPatience(limits.wallMs, () => {
      trunk.#lose("its trunk took too long");
      trunk.kill();
    });
    await whenBorn(trunk.#sandbox, signal).finally(stop);
    trunk.#sandbox.unref();
    return trunk;
  }

  get sandbox(): TrunkSandbox {
    return this.#sandbox;
  }

  /** Whether it cannot be used any more. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Where it waits. */
  place(): TrunkPlace {
    const record = decodeRecord(this.#last!.payload, "protocol_broken");
    if (record.kind === "closing") throw new TrunkLost("its episode is over");
    const spaces = this.#spaces === undefined ? {} : { spaces: this.#spaces };
    return {
      state: this.#state,
      frames: this.#frames.slice(),
      earlier: this.#earlier,
      question: { ...this.#asked!, ...spaces, record },
      last: this.#last!,
    };
  }

  /**
   * Goes on to a state that lies ahead.
   * @throws {@link TrunkLost}: it is of no use any more
   */
  async moveTo(state: RolloutState): Promise<void> {
    let taken = this.#k - (this.#state.parts[this.#at]!.origin?.step ?? 0);
    this.#state = state;
    for (;;) {
      await this.#play(state.parts[this.#at]!.actions.slice(taken));
      if (this.#at + 1 === state.parts.length) break;
      const { reseed } = this.#enterNext();
      if (reseed !== null) await this.#exchange([encodeReseed(reseed)], 0);
      taken = 0;
    }
    this.#refuseOther(state);
  }

  /** Ends it. */
  kill(): void {
    this.#sandbox.kill();
  }

  #plan(signal: AbortSignal | undefined): BranchPlan {
    return {
      asks: true,
      // The time of each exchange is counted here; and a trunk may have gone several ways.
      limits: { ...this.#limits, wallMs: maxLimitMs, cpuMs: Math.min(maxLimitMs, 4 * this.#limits.cpuMs) },
      onOutput: (channel, data) => this.#hear(channel, data),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  #take(sandbox: TrunkSandbox): void {
    this.#sandbox = sandbox;
    sandbox.ended.then(
      ({ cause }) => this.#lose(`its trunk has ended (${cause})`),
      (error: unknown) => this.#lose(error instanceof Error ? error.message : "its trunk has ended"),
    );
  }

  async #play(actions: readonly Uint8Array[]): Promise<void> {
    for (let at = 0; at < actions.length;) {
      const some: Uint8Array[] = [];
      for (let bytes = 0; at < actions.length && some.length < aheadMost && bytes < aheadBytesMost; at++) {
        some.push(encodeAction(actions[at]!));
        bytes += actions[at]!.length;
      }
      await this.#exchange(some, some.length);
    }
  }

  /** Sends what makes it go on, and waits until it asks again. */
  async #exchange(messages: readonly Uint8Array[], steps: number): Promise<void> {
    const here = this.#expect(this.#k + steps + 1);
    for (const message of messages) this.#sandbox.answer(message);
    this.#sandbox.ref();
    await here();
  }

  /** @returns waits for the question for that step */
  #expect(step: number): () => Promise<void> {
    const waiting = Promise.withResolvers<void>();
    waiting.promise.catch(() => {});
    this.#wanted = step;
    this.#waiting = waiting;
    return async () => {
      if (this.#lost !== undefined) throw new TrunkLost(this.#lost);
      const stop = startPatience(this.#limits.wallMs, () => {
        this.#lose("its trunk took too long");
        this.kill();
      });
      await waiting.promise.finally(stop);
      this.#sandbox.unref();
    };
  }

  #hear(channel: OutputChannel, data: Buffer): void {
    if (channel !== "stream" || this.#lost !== undefined) return;
    try {
      for (const frame of this.#decoder.push(Buffer.from(data))) this.#read(frame);
    } catch (error) {
      if (!isSameseedError(error) && !(error instanceof TrunkLost)) throw error;
      this.#lose(error.message);
    }
  }

  #read(frame: Frame): void {
    const { type, payload } = frame;
    if (type === "end") throw new TrunkLost("the episode ended when it was played again");
    if (type === "volatile") {
      const from = this.#state.parts[this.#at]!.origin?.step ?? -1;
      if (decodeVolatile(payload, "protocol_broken").k > from) this.#frames.push(frame);
    } else if (type === "record") {
      this.#builder.add(payload);
      this.#frames.push(frame);
      this.#last = frame;
      this.#k++;
      this.#passParts();
    } else {
      const asked = readQuestion(payload);
      this.#spaces ??= asked.spaces;
      if (asked.step !== this.#wanted || this.#k !== asked.step - 1) return;
      this.#asked = asked;
      this.#settle()?.resolve();
    }
  }

  /** While a past is played, parts follow one another without a question. */
  #passParts(): void {
    const { parts } = this.#state;
    while (this.#asked === undefined && this.#at + 1 < parts.length && parts[this.#at]!.step === this.#k)
      this.#enterNext();
  }

  #enterNext(): BranchOrigin {
    const part = this.#state.parts[this.#at + 1]!;
    const origin = part.origin!;
    this.#refuseOther({ chain: origin.parent, content: origin.content });
    this.#at++;
    this.#earlier = [...this.#earlier, ...this.#frames.filter(({ type }) => type === "record")];
    this.#frames = [];
    this.#builder = new ChainBuilder(encoded(part).manifest);
    return origin;
  }

  #refuseOther({ chain, content }: Pick<RolloutState, "chain" | "content">): void {
    const { digest, contentDigest } = this.#builder.digests();
    if (digest === chain && contentDigest === content) return;
    this.#lose("its steps gave another chain when they were played again");
    throw new TrunkLost(this.#lost);
  }

  #settle(): PromiseWithResolvers<void> | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #lose(reason: string): void {
    this.#lost ??= reason;
    this.#settle()?.reject(new TrunkLost(reason));
  }
}
