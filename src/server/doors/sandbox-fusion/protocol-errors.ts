import { SameseedError } from "../../../base/error.ts";
import { asServerError, json, type Reply } from "../../http/reply.ts";

/**
 * An error in the protocol's words. Whatever says nothing of the program is 504: the one status with which its clients try
 * again, and with which they move on to their next server. It is never an answer with a verdict.
 */
export function protocolError(thrown: unknown): Reply {
  const error = asServerError(thrown);
  if (error.code === "bad_argument") return json({ detail: issuesOf(error) }, 422);
  const detail = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  if (error.kind.retryable) {
    const { retryAfter } = error.context;
    return json({ detail }, 504, {
      "retry-after": typeof retryAfter === "number" ? String(retryAfter) : "1",
    });
  }
  const status = error.kind.httpStatus;
  return json(status === 500 ? { detail, traceback: "" } : { detail }, status);
}

function issuesOf(error: SameseedError): readonly unknown[] {
  const { issues } = error.context;
  const listed = Array.isArray(issues)
    ? (issues as { path: string | readonly string[]; message: string }[])
    : [];
  if (listed.length === 0) return [{ type: "value_error", loc: ["body"], msg: error.message }];
  return listed.map(({ path, message }) => ({
    type: "value_error",
    loc: ["body", ...(typeof path === "string" ? path.split(".") : path).filter((part) => part !== "")],
    msg: message,
  }));
}
