import { SameseedError } from "../../base/error.ts";
import type { Tier, World, WorldMode } from "../../model/receipt.ts";
import type { WireReady } from "./wire.ts";
import { sealedClock } from "../world-settings.ts";
import { judgeNumbers } from "./zygote-report.ts";

/** Python's hash seed in every zygote that no audit gave another. */
const hashSeed = 0;

/** The numeric class in which hosts can be compared. */
const comparableClass = "x86-64-v3";

/** What of the world holds, as the zygote says, and how far that reaches. */
export function describeWorld(
  numericClass: string,
  ready: WireReady,
): { readonly world: World; readonly tier: Tier } {
  const { mode, lacks } = ready.report.world;
  const notHeld = ready.addressesFixed ? [] : ["addresses"];
  const common = { addressesFixed: ready.addressesFixed, hashSeed, numericClass };
  if (mode === "host") return { world: { mode, ...common, notHeld }, tier: "T1" };
  notHeld.push(...lacks);
  const { numeric } = ready.report;
  if (numeric === undefined || numericClass !== comparableClass) {
    // Other classes of processors have results of their own; there is nothing to compare them with.
    notHeld.push("numeric-class");
    return { world: { mode, ...common, clock: sealedClock, notHeld }, tier: "T1" };
  }
  const verdict = judgeNumbers(numeric);
  notHeld.push(...numeric.failed);
  if (!verdict.known) notHeld.push("numeric-fingerprint-unknown");
  if (verdict.differing.length > 0) notHeld.push("numeric-fingerprint");
  return {
    world: { mode, ...common, clock: sealedClock, fingerprint: verdict.fingerprint, notHeld },
    tier: notHeld.length === 0 ? "T2" : "T1",
  };
}

/**
 * Refuses a zygote that is not in the world it was started for: what was asked for is had or not run at all.
 * @throws `world_unavailable`
 */
export function requireWorld(asked: WorldMode, imageName: string, ready: WireReady): void {
  if (asked === "host" || ready.report.world.mode === "sealed") return;
  throw new SameseedError(
    "world_unavailable",
    `the image ${imageName} has no sealed world: its zygote sees the host's clock and entropy`,
    {
      hint: "build the image again (`sameseed setup`, or `sameseed image build` for one of your own), or use `--world host`",
      context: { image: imageName, world: ready.report.world },
    },
  );
}
