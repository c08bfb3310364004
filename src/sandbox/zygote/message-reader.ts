import { SameseedError } from "../../base/error.ts";
import { headerBytes } from "./wire.ts";

/** Called for each whole message. The body is valid only during the call where it is a view of the chunk. */
export type MessageHandler = (type: number, channel: number, body: Buffer) => void;

/**
 * Cuts a stream of chunks into messages. What it is fed comes from the zygote's own C code, never from a sandbox; but for the
 * copies of a trunk, whose code the environment may have changed: for those there is a longest message.
 */
export class MessageReader {
  readonly #handle: MessageHandler;
  readonly #most: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param most the longest body. @default any */
  constructor(handle: MessageHandler, most: number = Infinity) {
    this.#handle = handle;
    this.#most = most;
  }

  /**
   * Takes the next bytes of the stream.
   * @throws `protocol_broken` at a message that is longer than the longest
   */
  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length >= headerBytes) {
      const length = data.readUInt32LE(0);
      if (length > this.#most)
        throw new SameseedError("protocol_broken", `a message of ${length} bytes from a copied sandbox`);
      const end = headerBytes + length;
      if (data.length < end) break;
      this.#handle(data.readUInt8(4), data.readUInt8(5), data.subarray(headerBytes, end));
      data = data.subarray(end);
    }
    this.#rest = data;
  }
}
