import { constants } from "node:os";

import { SameseedError } from "../../base/error.ts";

/** Names by number. Where a number has several, the first is the usual one (`SIGABRT`, not `SIGIOT`): it is set last. */
const names: ReadonlyMap<number, NodeJS.Signals> = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

/** The signal that ended a process, such as `SIGSEGV`; null if it exited. @param status as `waitpid` gives it */
export function signalOfStatus(status: number): NodeJS.Signals | null {
  const number = status & 0x7f;
  // Real-time signals have numbers only.
  return number === 0 ? null : (names.get(number) ?? (`SIG${number}` as NodeJS.Signals));
}

/**
 * The number of a signal, by its name. `NodeJS.Signals` also has names of other systems, such as `SIGBREAK`.
 * @throws `bad_argument` where Linux has no signal of that name
 */
export function numberOfSignal(signal: unknown): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  if (typeof signal === "string" && Object.hasOwn(known, signal)) return known[signal]!;
  const meant = meantName(signal, known);
  const shown = typeof signal === "string" ? JSON.stringify(signal) : String(signal);
  throw new SameseedError("bad_argument", `${shown} is not the name of a signal of Linux`, {
    hint: meant === undefined ? "give a name such as SIGTERM, SIGINT or SIGKILL" : `did you mean ${meant}?`,
    context: { signal: shown },
  });
}

function meantName(signal: unknown, known: Readonly<Record<string, number>>): string | undefined {
  if (typeof signal === "number") return names.get(signal);
  const name = `SIG${String(signal).toUpperCase().replace(/^SIG/, "")}`;
  return Object.hasOwn(known, name) ? name : undefined;
}
