import { acquireHostResources, releaseHostResources } from "../linux/host-resources.ts";
import { uncountedSockets, type Uncounted } from "../linux/socket-memory.ts";
import { good, poor, type DoctorCheck } from "./verdicts.ts";

/** Sandboxes with a network are refused where control groups do not count what their sockets hold. */
export async function checkSockets(): Promise<DoctorCheck> {
  const { cgroups } = await acquireHostResources();
  try {
    return judgeSockets(cgroups === undefined ? undefined : uncountedSockets(cgroups));
  } finally {
    await releaseHostResources();
  }
}

/** @param uncounted why the memory of sockets is not counted */
export function judgeSockets(uncounted: Uncounted | undefined): DoctorCheck {
  const name = "loopback network";
  if (uncounted === undefined) return good(name, "the memory of its sockets is counted");
  return poor(
    name,
    `refused, because nothing counts its sockets' memory: ${uncounted.detail}`,
    uncounted.fix,
  );
}
