import { SameseedError, isSameseedError } from "../base/error.ts";
import { ChainBuilder } from "./chain.ts";
import type { Gate } from "./state-gate.ts";
import { failFrames, FrameDecoder } from "./frame-decoder.ts";
import { checkSummary, decodeEnd, decodeVolatile, rewardsIn } from "./records.ts";
import { buildTrajectoryBlob, parseTrajectoryBlob, recordsOf } from "./trajectory-blob.ts";
import type { RewardSum } from "../model/reward-sum.ts";
import type { EndSummary, Frame, TrajectoryDigests } from "../model/trajectory.ts";

/** Takes the referee's stream as it arrives: cuts it into frames, hashes the records, keeps the bytes as received. */
export class RolloutRecording {
  readonly #manifest: Uint8Array;
  readonly #gate: Gate | undefined;
  readonly #decoder: FrameDecoder;
  readonly #onPicture: ((payload: Uint8Array) => void) | undefined;
  readonly #chain: ChainBuilder;
  readonly #frames: Uint8Array[] = [];
  #end: EndSummary | undefined;
  #broken: SameseedError | undefined;

  /**
   * @param manifest what the chain starts from
   * @param gate what is played again before anything new may follow
   * @param onPicture takes what is rendered beside the records, which is no part of the recording. @default nothing is
   */
  constructor(manifest: Uint8Array, gate?: Gate, onPicture?: (payload: Uint8Array) => void) {
    this.#decoder = new FrameDecoder({ pictured: onPicture !== undefined });
    this.#onPicture = onPicture;
    this.#manifest = manifest;
    this.#gate = gate;
    this.#chain = new ChainBuilder(manifest);
  }

  /** The referee's summary; undefined if the stream ended before it. */
  get end(): EndSummary | undefined {
    return this.#end;
  }

  /** Why the stream is not of format 2; undefined if it is so far. */
  get broken(): SameseedError | undefined {
    return this.#broken;
  }

  /** Whether what is played again was played, and is right. */
  get isOpen(): boolean {
    return this.#gate?.isPassed !== false;
  }

  /**
   * Refuses a branch whose past was not played as it was recorded.
   *
   * @param how the referee ended
   * @throws {@link SameseedError} `prefix_diverged`
   */
  refuseOtherPast(how: string): void {
    if (this.#broken?.code === "prefix_diverged") throw this.#broken;
    if (this.#gate?.isPassed === false) throw this.#gate.refusal(how);
  }

  /** Takes the next bytes; returns false from the first on that break the protocol. */
  push(chunk: Buffer): boolean {
    return this.#guarded(() => {
      // A copy: frames are views, and a small one must not hold on to a whole chunk of the transport.
      for (const frame of this.#decoder.push(Buffer.from(chunk))) this.#add(frame);
    });
  }

  /** Takes one frame of a stream that somebody else cuts; returns false from the first on that breaks the protocol. */
  take(frame: Frame): boolean {
    return this.#guarded(() => this.#add(frame));
  }

  /** Says that the stream broke the protocol in a way that shows only to whoever it talks with. */
  refuse(error: SameseedError): void {
    this.#broken ??= error;
    this.#end = undefined;
  }

  #guarded(add: () => void): boolean {
    if (this.#broken !== undefined) return false;
    try {
      add();
      return true;
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      this.refuse(error);
      return false;
    }
  }

  #add(frame: Frame): void {
    if (frame.type === "ask") failFrames("protocol_broken", "a question that nobody waits for");
    if (frame.type === "picture") {
      this.#onPicture?.(frame.payload);
      return;
    }
    if (this.#gate?.take(frame) === false) return;
    if (frame.type === "record") this.#chain.add(frame.payload);
    else if (frame.type === "volatile") decodeVolatile(frame.payload, "protocol_broken");
    else {
      const end = decodeEnd(frame.payload, "protocol_broken");
      checkSummary(end, this.#chain.digests(), "protocol_broken");
      this.#end = end;
    }
    this.#frames.push(frame.bytes);
  }

  /** The digests of what was recorded. */
  digests(): TrajectoryDigests {
    return this.#chain.digests();
  }

  /** The manifest that the chain starts from. */
  get manifest(): Uint8Array {
    return this.#manifest;
  }

  /** The frames that were recorded, from one on. */
  framesFrom(at: number): readonly Uint8Array[] {
    return this.#frames.slice(at);
  }

  /** The trajectory blob of what was recorded. */
  blob(): Buffer {
    return buildTrajectoryBlob(this.#manifest, this.#frames);
  }

  /** The sum of the recorded rewards in step order, for a recording that has no summary. */
  rewardSum(): RewardSum {
    const records = recordsOf(parseTrajectoryBlob(this.blob()));
    const sum = rewardsIn(records, "protocol_broken", this.#gate?.rewardBefore);
    return sum === undefined ? 0 : sum;
  }
}
