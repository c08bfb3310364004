import type { Socket } from "node:net";

import { SameseedError } from "../../base/error.ts";
import type { SlotGroup } from "../linux/cgroups.ts";
import { MessageReader } from "./message-reader.ts";
import { copyNumbers } from "./wire.ts";
import type { ZygoteProcess } from "./zygote-process.ts";

/** The most slots the zygote of a tree has: one for its trunk, the others for copies. */
export const treeSlots = 64;

/** The longest message a copy has a reason to send: a piece of output. */
const bodyBytesMax = 64 * 1024;

/** Takes messages of the copy that has a stream. Throws at what no copy of ours says. */
export type CopyHandler = (type: number, channel: number, body: Buffer) => void;

/** A stream that one copy at a time has, and the control group that goes with it. */
export interface TreeStream {
  readonly index: number;
  /** The number of the copy that has it now. */
  number: number;
  readonly socket: Socket;
  group: SlotGroup | undefined;
  /** Whether the next that has it gets a new group: something of the last is left in this one. */
  isGroupTaken: boolean;
  handle: CopyHandler;
  /** Its holder is gone. */
  gone: () => void;
}

/**
 * Streams for the copies of one tree. Whoever has one may be code of the environment's making: its bytes are counted and
 * checked, and what is not of the protocol ends the tree.
 */
export class TreeStreams {
  readonly #zygote: ZygoteProcess;
  readonly #broken: (error: SameseedError) => void;
  readonly #streams: Map<number, TreeStream> = new Map();
  readonly #free: number[] = [];
  #taken = 0;
  #next: number = treeSlots - 1;

  /** @param broken called where a copy says what none of ours says */
  constructor(zygote: ZygoteProcess, broken: (error: SameseedError) => void) {
    this.#zygote = zygote;
    this.#broken = broken;
    zygote.onReturned = (index) => this.#streams.get(index)?.gone();
  }

  /** A stream for the next copy, lent to whatever is asked for it; undefined where all are in use. */
  take(): TreeStream | undefined {
    const index = this.#free.pop() ?? (this.#next > 0 ? this.#next-- : undefined);
    if (index === undefined) return undefined;
    const socket = this.#zygote.lend(index);
    const known = this.#streams.get(index);
    const number = this.#taken++ % copyNumbers;
    if (known !== undefined) {
      known.number = number;
      if (known.isGroupTaken) known.group = this.#zygote.makeGroup();
      known.isGroupTaken = false;
      return known;
    }
    const made: TreeStream = {
      index,
      number,
      socket,
      group: this.#zygote.makeGroup(),
      isGroupTaken: false,
      handle: () => {},
      gone: () => {},
    };
    this.#streams.set(index, made);
    this.#listen(made);
    return made;
  }

  /**
   * Takes a stream back whose holder is gone, and said nothing by half.
   * @param isGroupTaken whether something may be left in its control group: what ran in a holder that died is the trunk's
   *   child from then on, and counts there as a process until the trunk asks for its end
   */
  giveBack(stream: TreeStream, isGroupTaken = false): void {
    stream.isGroupTaken = isGroupTaken;
    stream.handle = () => {};
    stream.gone = () => {};
    this.#free.push(stream.index);
  }

  #listen(stream: TreeStream): void {
    const reader = new MessageReader(
      (type, channel, body) => stream.handle(type, channel, body),
      bodyBytesMax,
    );
    stream.socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        stream.socket.pause();
        this.#broken(
          new SameseedError("protocol_broken", "a copied sandbox said what none of ours says", {
            cause: error,
          }),
        );
      }
    });
    stream.socket.unref();
  }
}
