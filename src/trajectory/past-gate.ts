import { SameseedError } from "../base/error.ts";
import type { RewardSum } from "../model/reward-sum.ts";
import type { Divergence, Frame } from "../model/trajectory.ts";
import type { Gate } from "./state-gate.ts";
import { decodeVolatile } from "./records.ts";
import { firstDivergence } from "./first-divergence.ts";
import type { Past } from "./lineage.ts";
import { buildTrajectoryBlob } from "./trajectory-blob.ts";
import { chainOf, type TrajectoryChain } from "./trajectory-chain.ts";

/**
 * Holds a past that is played again against the one that was recorded, record by record. Nothing of it is part of the branch,
 * whose own frames begin after it.
 */
export class PastGate implements Gate {
  readonly #past: Past;
  #next = 0;
  /** The first record that was another than the recorded one. */
  #other: Uint8Array | undefined;

  constructor(past: Past) {
    this.#past = past;
  }

  get rewardBefore(): RewardSum | undefined {
    return this.#past.totalReward;
  }

  /** Whether the whole past was played. */
  get isPassed(): boolean {
    return this.#next === this.#past.records.length;
  }

  /**
   * Takes the next frame; returns whether it is the branch's own.
   *
   * @throws {@link SameseedError} `prefix_diverged` where it is not what was recorded
   */
  take(frame: Frame): boolean {
    if (frame.type === "volatile")
      return this.isPassed && decodeVolatile(frame.payload, "protocol_broken").k > this.#past.step;
    if (this.isPassed) return true;
    const expected = this.#past.records[this.#next];
    if (frame.type === "record" && expected !== undefined && Buffer.compare(frame.payload, expected) === 0) {
      this.#next++;
      return false;
    }
    this.#other = frame.type === "record" ? Uint8Array.from(frame.payload) : undefined;
    throw this.refusal("the stream ended");
  }

  /** What is wrong with a past that was not played to its end. @param how it ended, where no record differs */
  refusal(how: string): SameseedError {
    const { step } = this.#past;
    const divergence = this.#divergence();
    const where =
      divergence === undefined
        ? `${how} after ${Math.max(0, this.#next - 1)} of ${step} steps`
        : `step ${divergence.step} differs in ${divergence.path}`;
    return new SameseedError(
      "prefix_diverged",
      `the rollout up to step ${step} does not give its recorded chain: ${where}`,
      {
        hint:
          divergence === undefined
            ? "raise the limits, or branch it at an earlier step"
            : "nothing can be said of a branch from a state that is not the recorded one: `sameseed verify` and `sameseed audit` name the cause",
        context: { step, ...(divergence === undefined ? {} : { firstDivergence: divergence }) },
      },
    );
  }

  #divergence(): Divergence | undefined {
    if (this.#other === undefined) return undefined;
    const { records } = this.#past;
    try {
      return firstDivergence(chain(records), chain([...records.slice(0, this.#next), this.#other]));
    } catch {
      // What came is no record of this format at all.
      return undefined;
    }
  }
}

/** The chain of records without a manifest. */
function chain(records: readonly Uint8Array[]): TrajectoryChain {
  const frames = records.map((payload) => {
    const head = Buffer.alloc(5);
    head[0] = 1;
    head.writeUInt32LE(payload.length, 1);
    return Buffer.concat([head, payload]);
  });
  return chainOf(buildTrajectoryBlob(new Uint8Array(), frames));
}
