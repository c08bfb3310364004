import { isSameseedError, SameseedError } from "../base/error.ts";
import { startPatience } from "../base/patience.ts";
import { maxLimitMs } from "../model/limits.ts";
import type { Frame } from "../model/trajectory.ts";
import { encodeReseed } from "../rollout/caller-messages.ts";
import { copyStarter } from "../rollout/copy-starter.ts";
import type { CopiedPlace } from "../rollout/live-options.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import { readQuestion } from "../rollout/read-question.ts";
import type { BranchCopies } from "../rollout/record-rollouts.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";
import type { RolloutHost } from "../rollout/rollout-host.ts";
import { reasonIn, TrunkLost } from "../rollout/trunk-lost.ts";
import type { OutputChannel, SandboxTree } from "../sandbox/contract.ts";
import { FrameDecoder } from "../trajectory/frame-decoder.ts";
import { PastGate } from "../trajectory/past-gate.ts";

/** What is branched, and where it runs. */
export interface TrunkSetting {
  readonly host: RolloutHost;
  readonly options: ResolvedOptions;
  readonly isForced: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The state of a recorded rollout after a step, in a trunk that waits to be copied. */
export class BranchTrunk implements BranchCopies {
  readonly isForced: boolean;
  readonly #tree: SandboxTree;
  readonly #last: Frame;
  readonly #step: number;

  private constructor(tree: SandboxTree, { isForced, options }: TrunkSetting) {
    const { past } = options.branch!;
    this.#tree = tree;
    this.isForced = isForced;
    this.#step = past.step;
    const payload = past.records.at(-1)!;
    this.#last = { type: "record", payload, bytes: payload };
  }

  /**
   * Plays a past in a trunk and holds it against the recording.
   *
   * @returns why the state cannot be copied, in one clause
   * @throws `prefix_diverged`, `aborted`
   */
  static async open(setting: TrunkSetting): Promise<BranchTrunk | string> {
    const { host, options } = setting;
    const { backend } = host;
    const own = options.template.seats.find(({ policy }) => policy.kind === "source");
    if (own !== undefined) return `the policy of seat ${own.seat} starts in a sandbox of its own`;
    if (backend.openTree === undefined) return "this backend cannot copy a state in memory";
    let tree: SandboxTree | undefined;
    try {
      const waiting = new PastListener(setting);
      tree = await backend.openTree(waiting.plan());
      await waiting.wait(tree);
      const refusal = await tree.trunk.copyRefusal();
      if (refusal !== undefined) throw new TrunkLost(refusal);
      return new BranchTrunk(tree, setting);
    } catch (error) {
      await tree?.close();
      const reason = reasonIn(error);
      if (reason === undefined) throw error;
      return reason;
    }
  }

  at(reseed: number | null): CopiedPlace {
    const { trunk } = this.#tree;
    return {
      step: this.#step,
      last: this.#last,
      frames: [],
      starter: copyStarter(async (plan) => await trunk.branch(plan), encodeReseed(reseed)),
    };
  }

  /** Ends it, with every branch that lives. */
  async close(): Promise<void> {
    await this.#tree.close();
  }
}

/** Hears a trunk that plays a past. */
class PastListener {
  readonly #setting: TrunkSetting;
  readonly #gate: PastGate;
  readonly #decoder = new FrameDecoder({ live: true });
  readonly #here = Promise.withResolvers<void>();

  constructor(setting: TrunkSetting) {
    this.#setting = setting;
    this.#gate = new PastGate(setting.options.branch!.past);
    this.#here.promise.catch(() => {});
  }

  plan(): Parameters<NonNullable<RolloutHost["backend"]["openTree"]>>[0] {
    const { host, options, signal } = this.#setting;
    const { template, limits, branch } = options;
    const { past, seed } = branch!;
    const plan = planRollout({ ...template, seed }, limits, host.receipt, {
      branch: { past, reseed: null, number: 0, engine: "trunk" },
    });
    return {
      job: plan.members[0]!.job,
      asks: true,
      // How long it may play is counted here, and how long it waits by nobody.
      limits: { ...limits, wallMs: maxLimitMs },
      onOutput: (channel, data) => this.#hear(channel, data),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  /** Waits until it has played the past. @throws `prefix_diverged`, {@link TrunkLost} */
  async wait({ trunk }: SandboxTree): Promise<void> {
    const { signal, options } = this.#setting;
    const end = (reason: string): void => this.#here.reject(new TrunkLost(reason));
    const stop = startPatience(options.limits.wallMs, () => end("its trunk took too long"));
    trunk.ended.then(
      ({ cause }) => end(`its trunk has ended (${cause})`),
      (error: unknown) => this.#here.reject(error),
    );
    try {
      await this.#here.promise;
      trunk.unref();
    } catch (error) {
      if (signal?.aborted === true) throw new SameseedError("aborted", "the call was aborted");
      throw error;
    } finally {
      stop();
    }
  }

  #hear(channel: OutputChannel, data: Buffer): void {
    if (channel !== "stream") return;
    try {
      for (const frame of this.#decoder.push(Buffer.from(data))) this.#take(frame);
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      this.#here.reject(error);
    }
  }

  #take(frame: Frame): void {
    if (frame.type !== "ask") {
      this.#gate.take(frame);
      return;
    }
    const { seat, step } = readQuestion(frame.payload);
    if (seat === "" && this.#gate.isPassed && step === this.#setting.options.branch!.past.step + 1)
      this.#here.resolve();
    else this.#here.reject(new TrunkLost("its referee asks where none is to ask"));
  }
}
