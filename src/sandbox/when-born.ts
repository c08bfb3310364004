import { SameseedError } from "../base/error.ts";

/**
 * Waits until a sandbox's wall stands. A signal that fires before ends it, which looks as if it could not be started. Nobody failed then:
 * its caller is told of the signal.
 * @returns the time in ms from the call to the standing wall
 * @throws `aborted`, and what starting a sandbox throws
 */
export async function whenBorn(
  { born }: { readonly born: Promise<number> },
  signal: AbortSignal | undefined,
): Promise<number> {
  const [came] = await Promise.allSettled([born]);
  if (signal?.aborted === true)
    throw new SameseedError("aborted", "the sandbox was ended by its signal", { cause: signal.reason });
  if (came.status === "rejected") throw came.reason;
  return came.value;
}
