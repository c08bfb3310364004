/**
 * Ends this process with a word where it would end without one. Work that waits for what does not keep Node running, such as
 * a stream that is unreferenced too early, is never resumed: Node finds nothing to do and ends, with exit code 0.
 * @param end says so, and gives the exit code
 */
export function endWhereDrained(end: () => number): void {
  process.once("beforeExit", () => process.exit(end()));
}
