import { SameseedError } from "../../base/error.ts";

/**
 * The messages between a host and the agent of a sandbox that stays open, as `python/sameseed/agent/wire.py` lists
 * them: `u32 length | u8 type | u32 id | payload`, little-endian.
 */

/** What a message says. */
export type AgentMessageName =
  | "run"
  | "input"
  | "inputEnd"
  | "signal"
  | "read"
  | "list"
  | "open"
  | "data"
  | "close"
  | "remove"
  | "cancel"
  | "started"
  | "stdout"
  | "stderr"
  | "took"
  | "exited"
  | "done"
  | "error";

const letters: Readonly<Record<AgentMessageName, string>> = {
  run: "R",
  input: "I",
  inputEnd: "F",
  signal: "S",
  read: "r",
  list: "l",
  open: "w",
  data: "d",
  close: "c",
  remove: "u",
  cancel: "k",
  started: "s",
  stdout: "o",
  stderr: "e",
  took: "t",
  exited: "x",
  done: "v",
  error: "!",
};
const names: ReadonlyMap<number, AgentMessageName> = new Map(
  Object.entries(letters).map(([name, letter]) => [letter.charCodeAt(0), name as AgentMessageName]),
);

const headBytes = 9;

/** The most bytes of a stream or file that one message carries. */
export const chunkBytes: number = 64 * 1024;

/** What the agent exits with where it finds no memory to go on. */
export const exitNoMemory = 12;

/** The longest message an agent sends: a part of a directory whose names are all as long and odd as they can be. */
const messageBytesMax = 1024 * 1024;

/** Writes a message; anything but bytes is written as JSON. */
export function encodeAgentMessage(
  name: AgentMessageName,
  id: number,
  payload: unknown = Buffer.alloc(0),
): Buffer {
  const body = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  const message = Buffer.alloc(headBytes + body.length);
  message.writeUInt32LE(body.length, 0);
  message.write(letters[name], 4, "latin1");
  message.writeUInt32LE(id, 5);
  message.set(body, headBytes);
  return message;
}

/** Called for each whole message. The payload is valid during the call only. */
export type AgentMessageHandler = (name: AgentMessageName, id: number, payload: Buffer) => void;

/** Cuts an agent's stream into messages. It trusts nothing in it: neither what it says nor in how small parts it comes. */
export class AgentMessageReader {
  readonly #handle: AgentMessageHandler;
  // The start of a message whose end has not come: the first #held bytes of a buffer that grows by doubling.
  #partial: Buffer = Buffer.alloc(0);
  #held = 0;

  constructor(handle: AgentMessageHandler) {
    this.#handle = handle;
  }

  /**
   * Takes the next bytes of the stream.
   * @throws `protocol_broken` for what no agent sends
   */
  push(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#held > 0) {
        position = this.#fill(chunk, position);
        continue;
      }
      const rest = chunk.subarray(position);
      const length = messageLength(rest);
      if (length === undefined || length > rest.length) {
        this.#hold(rest);
        return;
      }
      position += length;
      this.#hand(rest.subarray(0, length));
    }
  }

  /** Adds what the held message lacks, up to the end of its head or else of its payload, and hands it out when it is whole. */
  #fill(chunk: Buffer, position: number): number {
    const target = messageLength(this.#partial.subarray(0, this.#held)) ?? headBytes;
    const end = Math.min(chunk.length, position + target - this.#held);
    this.#hold(chunk.subarray(position, end));
    const whole = this.#partial.subarray(0, this.#held);
    if (messageLength(whole) === whole.length) {
      this.#partial = Buffer.alloc(0);
      this.#held = 0;
      this.#hand(whole);
    }
    return end;
  }

  /** Copies: the chunk is the stream's own memory. */
  #hold(bytes: Buffer): void {
    const needed = this.#held + bytes.length;
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#partial.length));
      grown.set(this.#partial.subarray(0, this.#held));
      this.#partial = grown;
    }
    this.#partial.set(bytes, this.#held);
    this.#held = needed;
  }

  #hand(message: Buffer): void {
    this.#handle(names.get(message[4] ?? 0)!, message.readUInt32LE(5), message.subarray(headBytes));
  }
}

/** The length of the message that begins here, head included; undefined while its head is incomplete. */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < headBytes) return undefined;
  const length = bytes.readUInt32LE(0);
  if (!names.has(bytes.readUInt8(4)) || length > messageBytesMax) {
    throw new SameseedError("protocol_broken", "the sandbox's agent violated its protocol");
  }
  return headBytes + length;
}
