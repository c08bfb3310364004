import type { RawData, WebSocket } from "ws";

import { isSameseedError, toError } from "../../../base/error.ts";
import { packageVersion } from "../../../base/package-version.ts";
import { encodePlain } from "../../../model/cbor/encode-plain.ts";
import type { ServerContext } from "../../context.ts";
import type { SocketRequest } from "../../door.ts";
import { asServerError } from "../../http/reply.ts";
import type { SocketBytes } from "../../http/socket-bytes.ts";
import { type Lease, makeId } from "../../leases.ts";
import type { Stepping } from "./stepping.ts";
import { answerBytes, errorAnswer, readCall, type SocketCall } from "./wire.ts";

/** The most requests that may be unanswered. */
const unansweredMost = 256;
/** The most bytes of requests that may be unanswered; one alone may have more. */
const unansweredBytesMost = 64 * 1024 * 1024;
/** Answers that a client does not take: above so many bytes nothing more is read from it. */
const unsentMost = 32 * 1024 * 1024;
/** Close codes of our own: the lease ended; there is none of that name. */
const closeCodes = { leaseEnded: 4000, leaseUnknown: 4001 } as const;

/** Serves one WebSocket connection. */
export function serveConnection(
  context: ServerContext,
  stepping: Stepping,
  socket: WebSocket,
  { url, bytes }: SocketRequest,
): void {
  const named = url.searchParams.get("lease");
  let lease: Lease;
  try {
    lease = named === null ? context.leases.open(context.options.leaseMs, true) : context.leases.find(named);
    new Connection(context, stepping, socket, bytes, lease).begin();
  } catch (error) {
    socket.close(closeCodes.leaseUnknown, toError(error).message.slice(0, 100));
  }
}

class Connection {
  readonly #context: ServerContext;
  readonly #stepping: Stepping;
  readonly #socket: WebSocket;
  readonly #bytes: SocketBytes;
  readonly #lease: Lease;
  readonly #id: string = makeId("ws");
  #unanswered = 0;
  #unansweredBytes = 0;
  #heardAt = performance.now();
  #ping: NodeJS.Timeout | undefined;

  constructor(
    context: ServerContext,
    stepping: Stepping,
    socket: WebSocket,
    bytes: SocketBytes,
    lease: Lease,
  ) {
    this.#context = context;
    this.#stepping = stepping;
    this.#socket = socket;
    this.#bytes = bytes;
    this.#lease = lease;
  }

  /** @throws `lease_ended` */
  begin(): void {
    const { id, ttlMs } = this.#lease;
    const socket = this.#socket;
    this.#lease.own(this.#id, async () => {
      socket.close(closeCodes.leaseEnded, "the lease ended");
      await Promise.resolve();
    });
    this.#ping = setInterval(() => this.#look(), Math.max(100, Math.min(10_000, ttlMs / 3)));
    this.#ping.unref();
    socket.on("pong", () => this.#hear());
    socket.on("message", (data, isBinary) => this.#take(data, isBinary));
    socket.on("close", () => {
      clearInterval(this.#ping);
      this.#lease.disown(this.#id);
    });
    this.#bytes.send(encodePlain({ hello: { lease: id, ttlMs, version: packageVersion() } }));
  }

  /** Asks whether somebody is there; who does not answer for as long as the lease lives is gone. */
  #look(): void {
    // While nothing is read because too much is unanswered, no sign of life can come.
    if (this.#isBusy && this.#socket.isPaused) this.#hear();
    if (performance.now() - this.#heardAt > this.#lease.ttlMs) this.#socket.terminate();
    else this.#socket.ping();
    this.#readOrWait();
  }

  #hear(): void {
    this.#heardAt = performance.now();
    if (!this.#lease.isEnded) this.#lease.touch();
  }

  #take(data: RawData, isBinary: boolean): void {
    this.#hear();
    if (!isBinary) return this.#socket.close(1003, "messages are binary");
    let call: SocketCall;
    try {
      call = readCall(asBytes(data));
    } catch (error) {
      this.#context.metrics.refused("protocol_broken");
      this.#bytes.send(answerBytes(null, "error", errorAnswer(asServerError(error))));
      return this.#socket.close(1007, "a message is one map in canonical CBOR");
    }
    const release = this.#bytes.hold(call.bytes.length);
    if (release === undefined) return;
    this.#unanswered++;
    this.#unansweredBytes += call.bytes.length;
    this.#readOrWait();
    this.#answer(call)
      .catch((error: unknown) => {
        // Nobody awaits an answer, and a failure that nobody takes would end the server.
        this.#context.log.error("defect", { message: toError(error).stack ?? "" });
        this.#socket.terminate();
      })
      .finally(release);
  }

  async #answer(call: SocketCall): Promise<void> {
    let answer: Buffer;
    try {
      answer = answerBytes(call.id, "ok", await this.#stepping.answer(call, this.#lease));
    } catch (thrown) {
      const error = asServerError(thrown);
      this.#context.metrics.refused(error.code);
      if (!isSameseedError(thrown))
        this.#context.log.error("defect", { message: toError(thrown).stack ?? "" });
      answer = answerBytes(call.id, "error", errorAnswer(error));
    }
    this.#unanswered--;
    this.#unansweredBytes -= call.bytes.length;
    this.#bytes.send(answer);
    this.#readOrWait();
  }

  get #isBusy(): boolean {
    return this.#unanswered >= unansweredMost || this.#unansweredBytes > unansweredBytesMost;
  }

  #readOrWait(): void {
    const isFull = this.#isBusy || this.#socket.bufferedAmount > unsentMost;
    if (isFull && !this.#socket.isPaused) this.#socket.pause();
    else if (!isFull && this.#socket.isPaused) this.#socket.resume();
  }
}

function asBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
