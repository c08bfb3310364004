import { SameseedError } from "../base/error.ts";

/** What a room is for. */
export interface RoomOf {
  /** The most bytes of all together; one alone may have more, as it has a bound of its own. */
  readonly most: number;
  /** What they are, as in "5 bytes of bodies are held". */
  readonly what: string;
  readonly hint: string;
}

/** The bodies of requests, and the messages of WebSockets, from their first byte until they are answered: 512 MiB. */
const requestRoom: RoomOf = {
  most: 512 * 1024 * 1024,
  what: "other requests' bodies",
  hint: "send it again, or send fewer large bodies at the same time",
};

/** Inputs that processes are started with, until they are read: 256 MiB. */
const inputRoom: RoomOf = {
  most: 256 * 1024 * 1024,
  what: "other processes' first input",
  hint: "send it again when they have read it, or write it to a file",
};

/** Answers to WebSocket messages that their clients have not taken: 512 MiB. */
const answerRoom: RoomOf = {
  most: 512 * 1024 * 1024,
  what: "answers that others have not taken",
  hint: "connect again, and take each answer before the next request",
};

/**
 * Room for bytes that many clients make the server hold, so that all of them together cannot make it hold what none of them could
 * alone.
 */
export class ByteRoom {
  readonly #of: RoomOf;
  readonly #held: Map<object, number> = new Map();
  #bytes = 0;

  constructor(of: RoomOf) {
    this.#of = of;
  }

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes room for some more bytes of somebody's. @throws `server_full` */
  take(holder: object, bytes: number): void {
    const own = this.#held.get(holder) ?? 0;
    const { most, what, hint } = this.#of;
    if (this.#bytes > own && this.#bytes + bytes > most)
      throw new SameseedError("server_full", `${this.#bytes - own} bytes of ${what} are held`, {
        hint,
        context: { retryAfter: 1 },
      });
    this.#held.set(holder, own + bytes);
    this.#bytes += bytes;
  }

  /** Gives back some of what a holder has, or all. Whoever has less gives back what there is. */
  release(holder: object, bytes: number = Infinity): void {
    const own = this.#held.get(holder) ?? 0;
    const given = Math.min(own, bytes);
    this.#bytes -= given;
    if (given === own) this.#held.delete(holder);
    else this.#held.set(holder, own - given);
  }
}

/** The rooms of a server. */
export interface ByteRooms {
  /** For the bodies of requests, and the messages of WebSockets. */
  readonly bodies: ByteRoom;
  /** For what processes are started with. */
  readonly inputs: ByteRoom;
  /** For answers to messages, until their clients have taken them. */
  readonly answers: ByteRoom;
}

/** Makes the rooms of a server. */
export function makeRooms(): ByteRooms {
  return {
    bodies: new ByteRoom(requestRoom),
    inputs: new ByteRoom(inputRoom),
    answers: new ByteRoom(answerRoom),
  };
}
