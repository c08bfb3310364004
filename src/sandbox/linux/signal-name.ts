import { constants } from "node:os";

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
