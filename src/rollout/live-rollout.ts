import { isSameseedError, SameseedError } from "../base/error.ts";
import { decodeCbor } from "../model/cbor/decode.ts";
import { cborToJson } from "../model/cbor/to-json.ts";
import type { JsonValue } from "../model/json.ts";
import type { Limits } from "../model/limits.ts";
import type { RecordedRollout, RolloutSpec, SeatPolicy } from "../model/rollout.ts";
import type { Frame } from "../model/trajectory.ts";
import type { BackendReceipt, RunningSandbox, SandboxBackend } from "../sandbox/contract.ts";
import { FrameDecoder } from "../trajectory/frame-decoder.ts";
import { RolloutRecording } from "../trajectory/rollout-recording.ts";
import { judge, seatsUse, summarize, timingsOf } from "./execute-rollout.ts";
import { planRollout } from "./plan-rollout.ts";
import { refuseAborted, runGroup } from "./run-group.ts";

/** What the referee asks the host. */
export interface Question {
  readonly seat: string;
  /** The move, from 1. */
  readonly step: number;
  /** The numbers of the legal actions, where the game says which they are. */
  readonly legal: readonly JsonValue[] | null;
  /** What the seat sees: the observation of the last record. */
  readonly observation: JsonValue;
}

/** What a {@link LiveRollout} is made from. */
export interface LiveRolloutPlan {
  readonly spec: RolloutSpec;
  /** The seats that the host answers for; what the spec says of them is replaced by what was answered. */
  readonly asked: readonly string[];
  readonly limits: Limits;
  readonly signal?: AbortSignal;
  /** Told of each question; {@link LiveRollout.answer} answers it. */
  readonly onQuestion: (question: Question) => void;
}

/**
 * A rollout in which the host answers for some of the seats while it runs. What it records is an ordinary rollout: the answers
 * stand in its manifest as those seats' actions, and the referee's questions are no part of it.
 */
export class LiveRollout {
  readonly #plan: LiveRolloutPlan;
  readonly #receipt: BackendReceipt;
  readonly #decoder = new FrameDecoder({ live: true });
  readonly #frames: Frame[] = [];
  readonly #answers = new Map<string, JsonValue[]>();
  #running: readonly RunningSandbox[] = [];
  #asking: string | undefined;
  #broken: SameseedError | undefined;

  constructor(plan: LiveRolloutPlan, receipt: BackendReceipt) {
    this.#plan = plan;
    this.#receipt = receipt;
    for (const seat of plan.asked) this.#answers.set(seat, []);
  }

  /**
   * Plays the rollout to its end.
   * @throws `sandbox_failed`, `aborted` and what starting a sandbox throws
   */
  async run(backend: SandboxBackend): Promise<RecordedRollout> {
    const { spec, asked, limits, signal } = this.#plan;
    const calledAt = performance.now();
    const plan = planRollout(spec, limits, this.#receipt, { asked });
    const group = await runGroup(backend, {
      ...plan,
      signal,
      onStart: (running) => (this.#running = running),
      onStream: (data) => this.#push(data),
    });
    const final = planRollout(this.#answered(), limits, this.#receipt);
    const recording = new RolloutRecording(final.manifest);
    for (const frame of this.#frames) recording.take(frame);
    // Who sat where is the started plan's to say: an answered seat has no sandbox.
    const judged = await judge(plan, recording, group);
    refuseAborted(signal, "rollout");
    if (this.#broken !== undefined) throw this.#broken;
    const totalMs = performance.now() - calledAt;
    return {
      ...summarize(final, recording, judged, {
        receipt: { ...this.#receipt, limits },
        timings: timingsOf(group.startMs, totalMs - group.startMs),
      }),
      seats: await seatsUse(plan, group),
    };
  }

  /**
   * Answers the question that was asked last.
   * @throws `bad_argument` where nothing is asked
   */
  answer(action: JsonValue): void {
    if (this.#asking === undefined) throw new SameseedError("bad_argument", "no seat is waiting for a move");
    this.#answers.get(this.#asking)?.push(action);
    this.#asking = undefined;
    const text = Buffer.from(JSON.stringify(action));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(text.length);
    this.#running[0]?.send(Buffer.concat([head, text]));
  }

  /** Answers no more: the rollout is truncated at the next question. */
  leave(): void {
    this.#running[0]?.endInput();
  }

  /** Ends every sandbox of the rollout. */
  kill(): void {
    for (const each of this.#running) each.kill();
  }

  #answered(): RolloutSpec {
    const { spec } = this.#plan;
    const seats = spec.seats.map(({ seat, policy }) => {
      const actions = this.#answers.get(seat);
      const own: SeatPolicy = actions === undefined ? policy : { kind: "actions", actions };
      return { seat, policy: own };
    });
    return { ...spec, seats };
  }

  #push(chunk: Buffer): boolean {
    try {
      // A copy: frames are views of it.
      for (const frame of this.#decoder.push(Buffer.from(chunk))) {
        if (frame.type === "ask") this.#ask(frame);
        else this.#frames.push(frame);
      }
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      this.#broken ??= error;
    }
    return this.#broken === undefined;
  }

  #ask(frame: Frame): void {
    const { seat, step, legal } = jsonOf(frame) as unknown as Omit<Question, "observation">;
    if (!this.#answers.has(seat))
      throw new SameseedError("protocol_broken", `${seat} is not a seat that can be asked for a move`);
    this.#asking = seat;
    this.#plan.onQuestion({ seat, step, legal, observation: this.#observation() });
  }

  #observation(): JsonValue {
    const last = this.#frames.findLast(({ type }) => type === "record");
    const record = last === undefined ? null : (jsonOf(last) as { readonly observation?: JsonValue });
    return record?.observation ?? null;
  }
}

function jsonOf(frame: Frame): JsonValue {
  return cborToJson(decodeCbor(frame.payload, "protocol_broken"));
}
