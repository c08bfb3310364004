import { SameseedError } from "../base/error.ts";
import type { BranchOrigin } from "../model/branch.ts";
import { type RewardSum, withRecorded } from "../model/reward-sum.ts";
import type { Frame } from "../model/trajectory.ts";
import { ChainBuilder } from "./chain.ts";
import { decodeRecord, decodeVolatile } from "./records.ts";

/** What one manifest stands for in a state: its own steps, up to the step it ends with. */
export interface StatePart {
  /** The manifest's JCS bytes. */
  readonly manifest: Uint8Array;
  readonly origin: BranchOrigin | undefined;
  readonly step: number;
}

/** What is checked of the frames of steps that are played again, before anything may follow. */
export interface Gate {
  /** Whether all of them were played and are right. */
  readonly isPassed: boolean;
  /** The rewards of the steps that are another rollout's; undefined where it has none. */
  readonly rewardBefore: RewardSum | undefined;
  /**
   * Takes the next frame; returns whether it belongs to the rollout itself.
   * @throws `prefix_diverged`
   */
  take(frame: Frame): boolean;
  /** What is wrong with steps that were not played to their end. @param how it ended */
  refusal(how: string): SameseedError;
}

/** For a state that is copied: all that comes is the rollout's own. Whoever made the state has checked it. */
export class CopiedGate implements Gate {
  readonly isPassed = true;
  readonly #rewardBefore: () => RewardSum | undefined;

  /** @param rewardBefore asked only where the stream ends without a summary */
  constructor(rewardBefore: () => RewardSum | undefined) {
    this.#rewardBefore = rewardBefore;
  }

  get rewardBefore(): RewardSum | undefined {
    return this.#rewardBefore();
  }

  take(): boolean {
    return true;
  }

  refusal(how: string): SameseedError {
    return new SameseedError("internal", `a copied state was to be refused: ${how}`);
  }
}

/**
 * Holds the steps that lead to a state against its chain: where a part ends, the next one names the value, and at the end it
 * is the state's own. The last part's records are the rollout's, since it goes on with them.
 */
export class StateGate implements Gate {
  readonly #parts: readonly StatePart[];
  readonly #chain: string;
  readonly #content: string;
  readonly #step: number;
  #at = 0;
  #builder: ChainBuilder;
  #k = -1;
  #isPassed = false;
  #rewardBefore: RewardSum | undefined;

  constructor(
    parts: readonly StatePart[],
    { chain, content }: { readonly chain: string; readonly content: string },
  ) {
    this.#parts = parts;
    this.#chain = chain;
    this.#content = content;
    this.#step = parts.at(-1)!.step;
    this.#builder = new ChainBuilder(parts[0]!.manifest);
  }

  get isPassed(): boolean {
    return this.#isPassed;
  }

  get rewardBefore(): RewardSum | undefined {
    return this.#rewardBefore;
  }

  take(frame: Frame): boolean {
    if (frame.type === "volatile") {
      const from = this.#parts.at(-1)!.origin?.step ?? -1;
      return decodeVolatile(frame.payload, "protocol_broken").k > from;
    }
    if (this.#isPassed) return true;
    if (frame.type !== "record") throw this.refusal("the stream ended");
    const isOwn = this.#at === this.#parts.length - 1;
    if (!isOwn) this.#addReward(frame.payload);
    this.#builder.add(frame.payload);
    this.#k++;
    this.#compare();
    return isOwn;
  }

  refusal(how: string): SameseedError {
    return new SameseedError(
      "prefix_diverged",
      `the state after step ${this.#step} cannot be reproduced: ${how} after ${Math.max(0, this.#k)} of ${this.#step} steps`,
      {
        hint: "it was made by another image, world or version, or its environment is not reproducible: `sameseed audit` names the cause",
        context: { step: this.#step, played: Math.max(0, this.#k) },
      },
    );
  }

  #compare(): void {
    for (;;) {
      if (this.#parts[this.#at]!.step !== this.#k) return;
      const next = this.#parts[this.#at + 1];
      const { digest, contentDigest } = this.#builder.digests();
      const expected = next?.origin ?? { parent: this.#chain, content: this.#content };
      if (digest !== expected.parent || contentDigest !== expected.content)
        throw this.refusal("the chain has another value");
      if (next === undefined) {
        this.#isPassed = true;
        return;
      }
      this.#at++;
      this.#builder = new ChainBuilder(next.manifest);
    }
  }

  #addReward(payload: Uint8Array): void {
    const record = decodeRecord(payload, "protocol_broken");
    if (record.kind === "step") this.#rewardBefore = withRecorded(this.#rewardBefore, record.reward);
  }
}
