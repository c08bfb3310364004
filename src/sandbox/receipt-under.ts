import { sha256Of, toDigest } from "../base/digest.ts";
import type { Limits } from "../model/limits.ts";
import type { Receipt } from "../model/receipt.ts";
import type { BackendReceipt } from "./contract.ts";
import { wallFilters } from "./linux/host-resources.ts";
import type { Architecture } from "./seccomp/compile.ts";

/** What is enforced for a sandbox with these limits: where they ask for a network, its wall is another one. */
export function receiptUnder<R extends BackendReceipt>(
  receipt: R,
  limits: Limits,
): R & Pick<Receipt, "limits"> {
  if (limits.network === undefined) return { ...receipt, limits };
  const { wall, world, host } = receipt;
  const { slot, loopback } = wallFilters(
    host.architecture as Architecture,
    world.mode,
    wall.user.ids ?? "shared",
    limits.network,
  );
  const seccomp = toDigest(sha256Of([slot, loopback]));
  return { ...receipt, limits, wall: { ...wall, seccomp, network: limits.network } };
}
