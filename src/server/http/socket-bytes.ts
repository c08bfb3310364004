/*
 * Theory of operation. A message of a WebSocket is held from its first byte, before anything says that it is whole, until it is
 * answered; its answer until it is taken. Each connection has bounds of its own, and there are thousands of connections. So all
 * of them share the server's rooms; one for which there is no room is closed, and its client may come back.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";

import type { ByteRoom, ByteRooms } from "../byte-room.ts";

/** Close code 1013: try again later. */
const tryAgainLater = 1013;
/** For how long a client that is told so may close its end, in ms. */
const closingMs = 1000;

/** The bytes before a client's frame of so many. */
function headBytes(bytes: number): number {
  return 6 + (bytes < 126 ? 0 : bytes < 65_536 ? 2 : 8);
}

/** What one connection makes the server hold. */
export class SocketBytes {
  readonly #rooms: Pick<ByteRooms, "bodies" | "answers">;
  readonly #connection: WebSocket;
  readonly #onRefused: () => void;
  /** Holds the part of a message that has come. */
  readonly #coming: object = {};
  #comingBytes = 0;
  #isRefused = false;

  /**
   * @param socket what the connection's bytes come from
   * @param onRefused called once, where there is no room for what comes or for an answer
   */
  constructor(
    rooms: Pick<ByteRooms, "bodies" | "answers">,
    connection: WebSocket,
    socket: Duplex,
    onRefused: () => void,
  ) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#onRefused = onRefused;
    let lastBytes = 0;
    // Before the library reads them: a message may end with them.
    socket.prependListener("data", ({ length }: Buffer) => {
      lastBytes = length;
      this.#comingBytes += length;
      this.#take(rooms.bodies, this.#coming, length);
    });
    const came = (bytes: number, most: number): void => {
      const left = Math.max(0, Math.min(most, this.#comingBytes - bytes));
      rooms.bodies.release(this.#coming, this.#comingBytes - left);
      this.#comingBytes = left;
    };
    connection.on("message", ({ length }: Buffer) => {
      // Of a message in many frames not all heads are known; what follows it came with its last bytes.
      came(length + headBytes(length), lastBytes);
    });
    for (const sign of ["ping", "pong"] as const)
      connection.on(sign, ({ length }) => came(length + headBytes(length), Infinity));
    connection.on("close", () => rooms.bodies.release(this.#coming));
  }

  /**
   * Holds a message until it is answered, also where its client leaves meanwhile.
   * @returns called when it is answered; undefined where there is no room for it, and the connection is closed
   */
  hold(bytes: number): (() => void) | undefined {
    const message = {};
    if (!this.#take(this.#rooms.bodies, message, bytes)) return undefined;
    return () => this.#rooms.bodies.release(message);
  }

  /** Sends an answer, which is held until the client takes it. @param onSent called when it is taken, or the client is gone */
  send(data: string | Uint8Array, onSent: () => void = () => {}): void {
    if (this.#isRefused || this.#connection.readyState !== this.#connection.OPEN) return;
    const { answers } = this.#rooms;
    const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length;
    if (!this.#take(answers, this, bytes)) return;
    this.#connection.send(data, () => {
      answers.release(this, bytes);
      onSent();
    });
  }

  #take(room: ByteRoom, holder: object, bytes: number): boolean {
    if (this.#isRefused) return false;
    try {
      room.take(holder, bytes);
      return true;
    } catch {
      this.#refuse();
      return false;
    }
  }

  #refuse(): void {
    this.#isRefused = true;
    this.#onRefused();
    this.#connection.close(tryAgainLater, "the server holds too many bytes of others");
    // Nothing more is read of it, the answer to its close neither.
    this.#connection.pause();
    setTimeout(() => this.#connection.terminate(), closingMs).unref();
  }
}
