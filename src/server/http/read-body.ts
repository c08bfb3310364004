import { SameseedError } from "../../base/error.ts";
import type { ByteRoom } from "../byte-room.ts";

/**
 * Reads a request's body, and no more of it than is allowed.
 * @param room what it takes room of until the request is answered
 * @throws `too_large`, `server_full`; `aborted` where the client left
 */
export async function readBody(request: Request, most: number, room: ByteRoom): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > most) throw tooLarge(most);
  if (request.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of request.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      if (bytes > most) throw tooLarge(most);
      room.take(request, part.length);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof SameseedError) throw error;
    throw new SameseedError("aborted", "the request ended before its body did", { cause: error });
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function tooLarge(most: number): SameseedError {
  return new SameseedError("too_large", `the body has more than ${most} bytes`, {
    hint: "send less at once, or start the server with a larger limit",
    context: { most },
  });
}
