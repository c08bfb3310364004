import { SameseedError } from "../../base/error.ts";

/** The most bytes of bodies that are held at the same time: 512 MiB. */
const bodiesBytesMost = 512 * 1024 * 1024;

/**
 * Room for the bodies of all requests together. A body is held from its first byte until its request is answered, so that many
 * connections cannot make the server hold what none of them could alone.
 */
export class BodyRoom {
  readonly #most: number;
  readonly #held: Map<object, number> = new Map();
  #bytes = 0;

  /** @param most bytes of all bodies; one alone may have more, as it has a bound of its own */
  constructor(most: number = bodiesBytesMost) {
    this.#most = most;
  }

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes room for some more bytes of a request's body. @throws `server_full` */
  take(request: object, bytes: number): void {
    const own = this.#held.get(request) ?? 0;
    if (this.#bytes > own && this.#bytes + bytes > this.#most)
      throw new SameseedError(
        "server_full",
        `${this.#bytes - own} bytes of other requests' bodies are held`,
        {
          hint: "send it again, or send fewer large bodies at the same time",
          context: { retryAfter: 1 },
        },
      );
    this.#held.set(request, own + bytes);
    this.#bytes += bytes;
  }

  /** Gives back what a request has, which is over. */
  release(request: object): void {
    this.#bytes -= this.#held.get(request) ?? 0;
    this.#held.delete(request);
  }
}
