import { SameseedError } from "../../base/error.ts";

/**
 * The messages between a host and the agent of a sandbox that stays open, as `python/sameseed/agent_wire.py` lists
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

/** Cuts an agent's stream into messages. It trusts nothing in it. */
export class AgentMessageReader {
  readonly #handle: AgentMessageHandler;
  #rest: Buffer = Buffer.alloc(0);

  constructor(handle: AgentMessageHandler) {
    this.#handle = handle;
  }

  /**
   * Takes the next bytes of the stream.
   * @throws `protocol_broken` for what no agent sends
   */
  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length >= headBytes) {
      const length = data.readUInt32LE(0);
      const name = names.get(data.readUInt8(4));
      if (name === undefined || length > messageBytesMax) {
        throw new SameseedError("protocol_broken", "the sandbox's agent sent what is not of its protocol");
      }
      if (data.length < headBytes + length) break;
      this.#handle(name, data.readUInt32LE(5), data.subarray(headBytes, headBytes + length));
      data = data.subarray(headBytes + length);
    }
    // The chunk is the stream's own memory.
    this.#rest = Buffer.from(data);
  }
}
