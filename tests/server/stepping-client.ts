/* A client of the WebSocket, as small as one can be. */
import { WebSocket } from "ws";

import { decodeCbor } from "../../src/model/cbor/decode.ts";
import { encodePlain } from "../../src/model/cbor/encode-plain.ts";
import { type ActionValue, toTyped } from "../../src/model/cbor/typed-value.ts";

// eslint-disable-next-line typescript/no-explicit-any
type Any = any;

/** A connection. */
export class SteppingClient {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #waiting: Map<number, (message: Any) => void> = new Map();
  readonly #strays: Any[] = [];
  #hello: PromiseWithResolvers<Any> = Promise.withResolvers();
  #next = 1;

  constructor(port: number, lease?: string, headers: Record<string, string> = {}) {
    const query = lease === undefined ? "" : `?lease=${lease}`;
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/v1/ws${query}`, "sameseed.v1", { headers });
    this.socket.on("message", (data: Buffer) => this.#take(toTyped(decodeCbor(data, "protocol_broken"))));
    this.#hello.promise.catch(() => {});
    this.socket.on("error", (error) => this.#hello.reject(error));
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        this.#hello.reject(new Error(`closed with ${code}`));
        for (const answer of this.#waiting.values())
          answer({ error: { message: `closed with ${code}`, code } });
        this.#waiting.clear();
        resolve({ code, reason: reason.toString() });
      }),
    );
  }

  /** The server's first message. */
  async hello(): Promise<Any> {
    return await this.#hello.promise;
  }

  /** Messages that answer nothing. */
  get strays(): readonly Any[] {
    return this.#strays;
  }

  /** Sends a request and waits for what it is answered with. @throws the error it is answered with */
  async ask(op: string, fields: Record<string, unknown> = {}): Promise<Any> {
    const message = await this.send(op, fields);
    if (message.ok !== undefined) return message.ok;
    throw Object.assign(new Error(message.error.message as string), message.error);
  }

  /** As {@link ask}, with the whole message. */
  async send(op: string, fields: Record<string, unknown> = {}): Promise<Any> {
    await this.#hello.promise;
    const id = this.#next++;
    const answered = new Promise<Any>((resolve) => this.#waiting.set(id, resolve));
    this.socket.send(encodePlain({ id, op, ...(fields as { [name: string]: ActionValue }) }));
    return await answered;
  }

  /** Breaks the connection without a word. */
  cut(): void {
    this.socket.terminate();
  }

  #take(message: Any): void {
    if (message.hello !== undefined) return this.#hello.resolve(message.hello);
    const waiting = this.#waiting.get(message.id as number);
    this.#waiting.delete(message.id as number);
    if (waiting === undefined) this.#strays.push(message);
    else waiting(message);
  }
}
