import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { AgentMessageReader, chunkBytes, encodeAgentMessage, type AgentMessageName } from "./wire.ts";

/** How many bytes of one command's input, or of one file, may be under way to the agent. */
const windowBytes = 256 * 1024;

/** What one request hears. */
export interface AgentListener {
  /** One answer; the payload is valid during the call only. */
  readonly onMessage: (name: AgentMessageName, payload: Buffer) => void;
  /** The agent is gone; nothing else will come. */
  readonly onLost: () => void;
}

/** Why the agent could not do what it was asked. */
export interface AgentFailure {
  /** The errno's name, such as `ENOENT`. */
  readonly errno: string;
  readonly message: string;
  /** The path it is about; empty if it is about none. */
  readonly about: string;
}

/** Reads an `error` message. */
export const agentErrorSchema: z.ZodType<AgentFailure> = z.object({
  errno: z.string(),
  message: z.string(),
  about: z.string(),
});

const tookSchema: z.ZodType<{ bytes: number }> = z.object({ bytes: z.int().min(0) });

/** The host's end of one agent: gives each request a number and its answers, and keeps what is sent within windows. */
export class AgentClient {
  readonly #send: (data: Uint8Array) => void;
  readonly #reader: AgentMessageReader;
  readonly #requests: Map<number, AgentRequest> = new Map();
  #nextId = 1;
  #isLost = false;
  #heard = 0;

  /** @param send puts bytes on the sandbox's stream */
  constructor(send: (data: Uint8Array) => void) {
    this.#send = send;
    this.#reader = new AgentMessageReader((name, id, payload) =>
      this.#requests.get(id)?.receive(name, payload),
    );
  }

  /**
   * Takes what came from the sandbox's stream.
   * @throws `protocol_broken`
   */
  receive(chunk: Buffer): void {
    this.#heard++;
    this.#reader.push(chunk);
  }

  /** How often something came from the agent. */
  get heard(): number {
    return this.#heard;
  }

  /** Sends a request's first message. Its listener hears until {@link AgentRequest.finish}. */
  request(name: AgentMessageName, payload: unknown, listener: AgentListener): AgentRequest {
    const id = this.#nextId++;
    const request = new AgentRequest(
      (next, body) => this.#send(encodeAgentMessage(next, id, body)),
      listener,
      () => void this.#requests.delete(id),
    );
    if (this.#isLost) {
      request.lose();
      return request;
    }
    this.#requests.set(id, request);
    request.send(name, payload);
    return request;
  }

  /** The sandbox is over: tells every request. */
  lose(): void {
    this.#isLost = true;
    for (const request of this.#requests.values()) request.lose();
  }
}

/** One request and what is still under way for it. */
export class AgentRequest {
  readonly #send: (name: AgentMessageName, payload: unknown) => void;
  readonly #listener: AgentListener;
  readonly #forget: () => void;
  #room: number = windowBytes;
  #isOver = false;
  #turn: Promise<void> = Promise.resolve();
  #roomWaiter: PromiseWithResolvers<void> | undefined;

  constructor(
    send: (name: AgentMessageName, payload: unknown) => void,
    listener: AgentListener,
    forget: () => void,
  ) {
    this.#send = send;
    this.#listener = listener;
    this.#forget = forget;
  }

  /** Whether its answer came, or the agent is gone. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a further message; nothing once it is over. */
  send(name: AgentMessageName, payload: unknown): void {
    if (!this.#isOver) this.#send(name, payload);
  }

  /**
   * Sends bytes in the order of the calls, within the window; resolves when all are sent, or nobody wants them any more.
   * @param name `input` or `data`
   */
  async sendBytes(name: AgentMessageName, data: Uint8Array): Promise<void> {
    await this.#inTurn(async () => await this.#sendWithinWindow(name, data));
  }

  /** Sends a message after all bytes before it. */
  async sendAfterBytes(name: AgentMessageName): Promise<void> {
    await this.#inTurn(() => this.send(name, Buffer.alloc(0)));
  }

  /** Hears no more. */
  finish(): void {
    this.#isOver = true;
    this.#forget();
    this.#roomWaiter?.resolve();
  }

  receive(name: AgentMessageName, payload: Buffer): void {
    if (name === "took") {
      this.#room += parseAgentJson(tookSchema, payload).bytes;
      this.#roomWaiter?.resolve();
    } else {
      this.#listener.onMessage(name, payload);
    }
  }

  lose(): void {
    if (this.#isOver) return;
    this.finish();
    this.#listener.onLost();
  }

  async #inTurn(work: () => void | Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    // Who asked for it hears that it failed; nobody else does.
    this.#turn = done.catch(() => {});
    await done;
  }

  async #sendWithinWindow(name: AgentMessageName, data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length && !this.#isOver;) {
      const part = data.subarray(at, at + Math.min(chunkBytes, this.#room));
      if (part.length === 0) {
        this.#roomWaiter = Promise.withResolvers();
        await this.#roomWaiter.promise;
        continue;
      }
      this.#room -= part.length;
      at += part.length;
      this.#send(name, part);
    }
  }
}

/**
 * Reads a JSON payload.
 * @throws `protocol_broken` where it is not of its form
 */
export function parseAgentJson<T>(schema: z.ZodType<T>, payload: Buffer): T {
  try {
    return schema.parse(JSON.parse(payload.toString()));
  } catch (error) {
    throw new SameseedError("protocol_broken", "the sandbox's agent violated its protocol", {
      cause: error,
    });
  }
}
