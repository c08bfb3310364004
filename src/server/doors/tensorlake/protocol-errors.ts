import { SameseedError } from "../../../base/error.ts";
import { asServerError, json, type Reply } from "../../http/reply.ts";

/** A refusal in the protocol's own terms. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What of the protocol there is nothing of here. @param what such as `GPU` @param instead what to do */
export function notOffered(what: string, instead: string): Refusal {
  return new Refusal(501, "NOT_OFFERED", `this server has no ${what}: ${instead}`);
}

/** A request that does not fit what there is. */
export function conflict(code: string, message: string): Refusal {
  return new Refusal(409, code, message);
}

/** A file's errors, by errno. */
const fileErrors: Readonly<Record<string, readonly [status: number, code: string]>> = {
  ENOENT: [404, "NOT_FOUND"],
  ENOTDIR: [400, "NOT_A_DIRECTORY"],
  EISDIR: [400, "IS_DIRECTORY"],
  EACCES: [403, "PERMISSION_DENIED"],
  EPERM: [403, "PERMISSION_DENIED"],
  EROFS: [403, "READ_ONLY"],
  ENOSPC: [507, "NO_SPACE"],
};

/**
 * An error in the protocol's shape: `{error, code, message}`, where `error` and `message` are one text, as versions of its
 * clients show one or the other.
 */
export function protocolError(thrown: unknown): Reply {
  if (thrown instanceof Refusal) return reply(thrown.status, thrown.code, thrown.message);
  const error = asServerError(thrown);
  const text = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  const { retryAfter, errno } = error.context;
  if (error.code === "sandbox_file") {
    const [status, code] = fileErrors[String(errno)] ?? [400, "FILE_ERROR"];
    return reply(status, code, text);
  }
  if (error.code === "sandbox_ended" || error.code === "sandbox_closed")
    return reply(409, "SANDBOX_NOT_RUNNING", text);
  // 404 is what clients take for a sandbox that is not there.
  const status = error.code === "image_missing" ? 400 : error.kind.httpStatus;
  const headers = typeof retryAfter === "number" ? { "retry-after": String(retryAfter) } : undefined;
  return reply(status, error.code.toUpperCase(), text, headers);
}

/** What a request names, and is not there. */
export function missing(what: string, id: string): SameseedError {
  return new SameseedError("not_found", `there is no ${what} ${id.slice(0, 80)}`);
}

function reply(
  status: number,
  code: string,
  text: string,
  headers?: Readonly<Record<string, string>>,
): Reply {
  return json({ error: text, code, message: text }, status, headers);
}
