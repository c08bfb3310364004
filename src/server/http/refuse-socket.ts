import type { Duplex } from "node:stream";

import { SameseedError, systemErrorCode } from "../../base/error.ts";
import { errorReply } from "./reply.ts";

/** For how long a refused connection may take what it is told, in ms. */
const takeMs = 1000;

/** Ends a connection that nothing else answers, with an error in the form that all have. */
export function refuseSocket(socket: Duplex, error: SameseedError, status?: number): void {
  const reply = errorReply(error);
  const text = String(reply.body);
  // Its other half may stay open for ever: nobody waits for a peer that does not close it, or that takes nothing.
  const timer = setTimeout(() => socket.destroy(), takeMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status ?? reply.status} Refused\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

/** What a client sent is not the protocol. */
export function notSpoken(why: string): SameseedError {
  return new SameseedError("bad_argument", `this is no request: ${why.slice(0, 200)}`, {
    hint: "use a client of HTTP",
  });
}

/**
 * Answers a connection whose bytes Node could not read, with the status that Node gives.
 * @param isAnswering whether an answer is partly sent: what is written behind it would be taken for some of it
 */
export function refuseUnread(thrown: Error, socket: Duplex, isAnswering: boolean): void {
  if (isAnswering || !socket.writable || systemErrorCode(thrown) === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const code = systemErrorCode(thrown);
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    refuseSocket(socket, new SameseedError("request_timeout", "the request took too long to arrive"));
  else if (code === "HPE_HEADER_OVERFLOW")
    refuseSocket(socket, new SameseedError("too_large", "the request's head is too long"), 431);
  else if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW")
    refuseSocket(socket, new SameseedError("too_large", "the extensions of a chunk are too long"));
  else refuseSocket(socket, notSpoken(thrown.message));
}
