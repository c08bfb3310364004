import { isSameseedError, SameseedError, toError } from "../../base/error.ts";

/** An answer that can be given again. */
export interface Reply {
  readonly status: number;
  /** Text is JSON. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A JSON answer. */
export function json(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Reply {
  return { status, body: JSON.stringify(value), ...(headers === undefined ? {} : { headers }) };
}

/** An answer without a body. */
export function noContent(): Reply {
  return { status: 204, body: null };
}

/** An answer of bytes. */
export function bytes(body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Reply {
  const own = body.buffer instanceof ArrayBuffer ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array(body);
  return { status: 200, body: own, headers: { "content-type": "application/octet-stream", ...headers } };
}

/** About how many bytes it takes to remember an answer. */
export function replySize({ body }: Reply): number {
  return 512 + (body?.length ?? 0);
}

/** An answer as the web has it. */
export function toResponse({ status, body, headers }: Reply): Response {
  const type = typeof body === "string" ? { "content-type": "application/json" } : {};
  return new Response(body, { status, headers: { ...type, ...headers } });
}

/** Whatever was thrown, as an error of the catalogue: what is none of it is a defect, and says nothing of the host. */
export function asServerError(thrown: unknown): SameseedError {
  if (isSameseedError(thrown)) return thrown;
  return new SameseedError("internal", "the server failed", {
    hint: "the server's log says more; please report it",
    cause: toError(thrown),
  });
}

/** An error as an answer: `{error: {code, message, hint?, context?}}` with the catalogue's HTTP status. */
export function errorReply(error: SameseedError): Reply {
  const { retryAfter } = error.context;
  return json(
    { error: error.toJSON() },
    error.kind.httpStatus,
    typeof retryAfter === "number" ? { "retry-after": String(retryAfter) } : undefined,
  );
}
