import type { BackendReceipt } from "../../sandbox/contract.ts";

/**
 * The hosts that give the same bytes as this one. Where the numeric fingerprint is the expected one and nothing of the sealed
 * world is missing (tier T2), that is every such host; else only those whose numbers are exactly these.
 */
export function hostClassOf({ tier, world }: BackendReceipt): string {
  if (tier === "T2" || world.mode === "host") return world.numericClass;
  const numbers = world.fingerprint?.replace("sha256:", "").slice(0, 16) ?? "unknown";
  return `native-${[...world.notHeld].sort().join("-")}-${numbers}`
    .replaceAll(/[^A-Za-z0-9_-]+/g, "_")
    .slice(0, 80);
}
