import type { Socket } from "node:net";

import { SameseedError } from "../../base/error.ts";
import type { RunningSandbox } from "../contract.ts";
import type { SlotGroup } from "../linux/cgroups.ts";
import { SlotRun } from "./slot-run.ts";
import type { SlotStart } from "./slot-start.ts";
import { MessageReader } from "./message-reader.ts";

/** How long a zygote may take to tell that a slot is dead whose stream has ended, in ms. */
const deathGraceMs = 1_000;

/** The host's end of one slot: starts one sandbox at a time in it, and tells how it ended. */
export class Slot {
  readonly index: number;
  readonly group: SlotGroup | undefined;
  readonly #stream: Socket;
  readonly #endHung: () => void;
  #run: SlotRun | undefined;
  #dead: SameseedError | undefined;

  /** @param endHung ends the slot's process, and calls {@link bury} */
  constructor(index: number, stream: Socket, group: SlotGroup | undefined, endHung: () => void) {
    this.index = index;
    this.group = group;
    this.#stream = stream;
    this.#endHung = endHung;
    const reader = new MessageReader((type, channel, body) => this.#run?.receive(type, channel, body));
    stream.on("data", (chunk: Buffer) => reader.push(chunk));
    stream.on("error", () => {}); // the zygote's own end says why
    stream.on("close", () => this.#losePeer());
    stream.unref();
  }

  /** The slot is dead. Its zygote says why, where it can; until then nothing else may keep this process running. */
  #losePeer(): void {
    const run = this.#run;
    if (run === undefined) return;
    const timer = setTimeout(this.#endHung, deathGraceMs);
    const stop = (): void => clearTimeout(timer);
    run.ended.then(stop, stop);
  }

  /** Whether the slot can take another sandbox. */
  get usable(): boolean {
    return this.#dead === undefined;
  }

  /** Refuses a start that cannot succeed. */
  checkIdle(): void {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#run !== undefined) throw new SameseedError("internal", "the slot is in use");
  }

  /** Gets ready to start a sandbox, which {@link begin} does. The slot must be idle. */
  prepare(start: SlotStart): RunningSandbox {
    this.checkIdle();
    this.#stream.ref();
    const done = (): void => {
      this.#run = undefined;
      this.#stream.unref();
    };
    const run = new SlotRun(this.#stream, this.group, start, { done, endHung: this.#endHung });
    this.#run = run;
    return run;
  }

  /** Gives the sandbox that runs the stream that its slot has made for it. */
  adopt(run: number, stream: Socket): void {
    if (this.#run === undefined) stream.destroy();
    else this.#run.adopt(run, stream);
  }

  /** Tells the slot to start what was prepared. */
  begin(message: Uint8Array): void {
    this.#stream.write(message);
  }

  /** Marks the slot unusable and fails what runs in it. */
  bury(error: SameseedError): void {
    this.#dead ??= error;
    this.#run?.fail(error);
  }
}
