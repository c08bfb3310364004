/*
 * Every user of a machine can reach its loopback addresses, and recordings are their owner's alone (a run folder has mode
 * 700). Linux says whose a socket is: of a connection within one machine, both ends are in the same table.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** Whether a connection comes from this user, or from root; true where the system does not say. */
export function isOwnPeer(socket: Socket): boolean {
  const own = process.getuid?.();
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (own === undefined || remoteAddress === undefined || localAddress === undefined) return false;
  let table: string;
  try {
    table = readFileSync("/proc/net/tcp", "latin1");
  } catch {
    return true;
  }
  const user = userOf(
    table,
    endpoint(remoteAddress, remotePort ?? 0),
    endpoint(localAddress, localPort ?? 0),
  );
  return user === own || user === 0;
}

/** Whose socket in `/proc/net/tcp` has these ends. */
export function userOf(table: string, local: string, remote: string): number | undefined {
  for (const line of table.split("\n")) {
    const [, here, there, , , , , user] = line.trim().split(/\s+/);
    if (here === local && there === remote) return Number(user);
  }
  return undefined;
}

/** An IPv4 address and port as the table has them: the address as a little-endian number. */
export function endpoint(address: string, port: number): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return `${bytes.toReversed().join("")}:${port.toString(16).padStart(4, "0")}`.toUpperCase();
}
