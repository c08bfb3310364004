/*
 * Theory of operation. A rollout whose seats its caller answers is an ordinary one (the same plan, group, recording and
 * verdict) with one more thing on the referee's stream: a question after each record that somebody has to answer. The
 * referee sends a question when everything before it has been sent, and then waits.
 *
 * A question is told at once; the records before it are hashed when the caller has gone on, so that the environment and
 * the hashing work at the same time.
 *
 * Two clocks are kept here. While a question stands, the caller may take `idleMs` for its answer. While none stands, the
 * referee must be at work: the slot counts its wall time, but cannot tell a referee that waits from one that hangs.
 */
import { isSameseedError, SameseedError } from "../base/error.ts";
import { encodePlain } from "../model/cbor/encode-plain.ts";
import type { ActionValue } from "../model/cbor/typed-value.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { Frame, StepRecord } from "../model/trajectory.ts";
import type { RunningSandbox } from "../sandbox/contract.ts";
import { receiptUnder } from "../sandbox/receipt-under.ts";
import { FrameDecoder } from "../trajectory/frame-decoder.ts";
import { decodeRecord } from "../trajectory/records.ts";
import { RolloutRecording } from "../trajectory/rollout-recording.ts";
import { CallerClock } from "./caller-clock.ts";
import { encodeAction, encodeFailure } from "./caller-messages.ts";
import type { CallerFailure, CopiedPlace, LiveRolloutOptions, Question } from "./live-options.ts";
import { judge, seatsUse, summarize, timingsOf } from "./execute-rollout.ts";
import { asksCaller, type RolloutPlan } from "./plan-rollout.ts";
import { readQuestion } from "./read-question.ts";
import { type RecordedSoFar, RecordingReader } from "./recorded-so-far.ts";
import { refuseAborted, runGroup, type SandboxStarter } from "./run-group.ts";

/** A rollout in which the caller answers for some of the seats while it runs. */
export class LiveRollout {
  readonly #plan: RolloutPlan;
  readonly #options: LiveRolloutOptions;
  readonly #decoder = new FrameDecoder({ live: true });
  readonly #recording: RolloutRecording;
  readonly #soFar: RecordingReader;
  readonly #callers: ReadonlySet<string>;
  readonly #clock: CallerClock;
  /** Frames that are not in the recording yet. */
  #fresh: Frame[] = [];
  #isHashing = false;
  #last: Frame | undefined;
  #beforeLast: Frame | undefined;
  #steps = -1;
  #running: readonly RunningSandbox[] = [];
  #isAsking = false;
  /** Whether its caller has left: a question that comes then is nobody's. */
  #isLeft = false;
  /** The step of the last question. */
  #asked = 0;

  constructor(plan: RolloutPlan, options: LiveRolloutOptions) {
    const { seats } = plan.spec;
    this.#plan = plan;
    this.#options = options;
    this.#recording = new RolloutRecording(plan.manifest, plan.branch?.gate());
    this.#soFar = new RecordingReader(this.#recording);
    this.#callers = new Set(seats.filter(({ policy }) => policy.kind === "caller").map(({ seat }) => seat));
    this.#clock = new CallerClock(options.idleMs, options.limits.wallMs, {
      onIdle: () => this.#endIdle(),
      onHung: () => this.#running[0]?.kill("wall"),
    });
    if (options.copied !== undefined) this.#goOnFrom(options.copied);
    if (!asksCaller(plan.spec)) throw new SameseedError("internal", "a live rollout has no seat to ask");
  }

  /** Whether a question waits for its answer. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /**
   * Plays the rollout to its end.
   * @throws `sandbox_failed`, `aborted` and what starting a sandbox throws
   */
  async run(backend: SandboxStarter): Promise<RecordedRollout> {
    const { receipt, limits, signal, copied } = this.#options;
    const calledAt = performance.now();
    try {
      const group = await runGroup(copied?.starter ?? backend, {
        ...this.#plan,
        signal,
        onStart: (running) => this.#begin(running),
        onStream: (data) => this.#push(data),
      });
      this.#isAsking = false;
      this.#hash();
      const judged = await judge(this.#plan, this.#recording, group);
      refuseAborted(signal, "rollout");
      this.#recording.refuseOtherPast(judged.fault?.message ?? judged.outcome);
      const totalMs = performance.now() - calledAt;
      return {
        ...summarize(this.#plan, this.#recording, judged, {
          receipt: receiptUnder(receipt, limits),
          timings: timingsOf(group.startMs, totalMs - group.startMs),
        }),
        seats: await seatsUse(this.#plan, group),
      };
    } catch (error) {
      // Its tree may be closed by the same signal.
      refuseAborted(signal, "rollout");
      throw error;
    } finally {
      this.#clock.stop();
    }
  }

  /**
   * Answers the question that was asked last.
   * @throws `bad_argument` where nothing is asked, or for a value that cannot be an action; the question then stands
   */
  answer(action: ActionValue): void {
    this.answerEncoded(encodePlain(action));
  }

  /** As {@link answer}, with an action that is encoded already. */
  answerEncoded(action: Uint8Array): void {
    this.#send(encodeAction(action));
  }

  /** Answers the question that was asked last with a failure, which ends the rollout. */
  fail(failure: CallerFailure): void {
    this.#send(encodeFailure(failure));
  }

  /** Answers no more: the rollout is truncated at this question, or the next. */
  leave(): void {
    if (this.#isAsking) this.#clock.work();
    this.#isAsking = false;
    this.#isLeft = true;
    this.#running[0]?.endInput();
  }

  /** Ends every sandbox of the rollout. */
  kill(): void {
    for (const each of this.#running) each.kill();
  }

  /**
   * The last step that was recorded; undefined if none was. To be asked when the rollout is over.
   * @throws `protocol_broken`
   */
  lastStep(): StepRecord | undefined {
    for (const frame of [this.#last, this.#beforeLast]) {
      if (frame === undefined) continue;
      const record = decodeRecord(frame.payload, "protocol_broken");
      if (record.kind === "step") return record;
    }
    return undefined;
  }

  /** What is recorded so far. */
  recorded(): RecordedSoFar {
    this.#takeFresh();
    return this.#soFar.look();
  }

  /** Lets the rollout keep this process running, or not. */
  hold(isHeld: boolean): void {
    for (const each of this.#running) {
      if (isHeld) each.ref();
      else each.unref();
    }
  }

  #begin(running: readonly RunningSandbox[]): void {
    this.#running = running;
    this.#clock.work();
    const { copied } = this.#options;
    const question = copied?.question;
    if (question === undefined) return;
    running[0]!.born.then(
      () => this.#stand(question),
      () => {},
    );
  }

  #goOnFrom({ step, question, frames, last }: CopiedPlace): void {
    for (const frame of frames) this.#recording.take(frame);
    this.#last = last;
    this.#steps = step;
    this.#asked = question?.step ?? step;
  }

  #stand(question: Question): void {
    if (!this.#isLeft) {
      this.#isAsking = true;
      this.#clock.wait();
    }
    this.#options.onQuestion(question);
    // Whoever has left waits for the end.
    if (this.#isLeft) this.hold(true);
  }

  #send(message: Uint8Array): void {
    if (!this.#isAsking) throw new SameseedError("bad_argument", "no seat is waiting for an action");
    this.#isAsking = false;
    this.#clock.work();
    this.#running[0]?.answer(message);
  }

  #endIdle(): void {
    const { idleMs } = this.#options;
    this.fail({
      kind: "limit",
      type: "limit",
      message: `the caller took longer than ${idleMs} ms for one action`,
    });
  }

  #push(chunk: Buffer): boolean {
    if (this.#recording.broken !== undefined) return false;
    try {
      // A copy: frames are views of it.
      for (const frame of this.#decoder.push(Buffer.from(chunk))) {
        if (frame.type === "ask") this.#ask(frame);
        else this.#keep(frame);
      }
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      this.#recording.refuse(error);
      // Nobody is asked any more.
      this.#isAsking = false;
      return false;
    }
    return true;
  }

  #keep(frame: Frame): void {
    // What speaks while its question stands does not wait for an answer.
    if (this.#isAsking) this.#refuse("speaks while it waits for an answer");
    this.#fresh.push(frame);
    // Nobody is asked about a state that is not the one that was promised.
    if (!this.#recording.isOpen) this.#takeFresh();
    if (frame.type !== "record") return;
    this.#beforeLast = this.#last;
    this.#last = frame;
    this.#steps++;
  }

  #ask(frame: Frame): void {
    if (this.#isAsking) this.#refuse("asks twice");
    const asked = readQuestion(frame.payload);
    const { seat, step } = asked;
    // One question for each record: nothing is gained by asking again.
    if (
      !this.#callers.has(seat) ||
      this.#last === undefined ||
      step !== this.#steps + 1 ||
      step <= this.#asked
    )
      this.#refuse(`asks ${seat} for the action of step ${step}`);
    const record = decodeRecord(this.#last.payload, "protocol_broken");
    if (record.kind === "closing") return this.#refuse("asks after its end");
    this.#asked = step;
    this.#stand({ ...asked, record });
    this.#hashSoon();
  }

  #hashSoon(): void {
    if (this.#isHashing) return;
    this.#isHashing = true;
    setImmediate(() => this.#hash());
  }

  #hash(): void {
    this.#isHashing = false;
    this.#takeFresh();
    if (this.#recording.broken !== undefined) this.kill();
  }

  #takeFresh(): void {
    const frames = this.#fresh;
    this.#fresh = [];
    for (const frame of frames) this.#recording.take(frame);
    if (this.#recording.broken?.code === "prefix_diverged") throw this.#recording.broken;
  }

  #refuse(what: string): never {
    throw new SameseedError("protocol_broken", `the referee ${what}`);
  }
}
