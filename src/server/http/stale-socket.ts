import { lstatSync, rmSync } from "node:fs";
import { connect } from "node:net";

/** A socket that nobody listens at is what a server left that was killed; one that somebody listens at stays. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const answered = Promise.withResolvers<boolean>();
  const probe = connect(path, () => answered.resolve(true)).on("error", () => answered.resolve(false));
  const isLive = await answered.promise;
  probe.destroy();
  if (!isLive) rmSync(path, { force: true });
}
