import { SameseedError } from "../base/error.ts";

/** What of an interrupted command is not lost, and how to go on with it. */
export interface WayOn {
  /** What is kept, and where, as it follows a semicolon. */
  readonly kept: string;
  /** The command that goes on. */
  readonly goOn: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** An error that cut a command short, which also says what is kept and how to go on. */
export function withWayOn(error: SameseedError, { kept, goOn, context = {} }: WayOn): SameseedError {
  const told = { ...error.context, ...context, resume: goOn };
  if (error.code === "aborted")
    return new SameseedError("aborted", `interrupted; ${kept}`, { hint: goOn, context: told });
  return new SameseedError(error.code, `${error.message.replace(/\.$/, "")}; ${kept}`, {
    hint: `${error.hint === undefined ? "" : `${error.hint.replace(/\.$/, "")}; then `}continue with \`${goOn}\``,
    context: told,
    cause: error,
  });
}
