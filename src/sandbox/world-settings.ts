import type { WorldClock } from "../model/receipt.ts";
import { worldKey } from "../model/seed.ts";

/**
 * What a sealed world is made of. Everything but the key may be left out and is the sealed world's own then; only an audit
 * sets more. Times are in ns.
 */
export interface WorldSettings {
  /** 64 hex digits: what all entropy follows from. */
  readonly key: string;
  /** The clock's start date, since 1970. */
  readonly epoch?: number;
  /** What each clock read adds. */
  readonly tick?: number;
  /** The clock shows at least k times this at step k. */
  readonly step?: number;
  /** 1: clocks are the machine's. */
  readonly real_clock?: number;
  readonly entropy_salt?: number;
  /** Directory listings: 0 sorted by name, 1 reversed, 2 shuffled. */
  readonly dirents?: number;
  readonly inode_offset?: number;
  readonly mtime_offset?: number;
  readonly cpus?: number;
  readonly pid_offset?: number;
  readonly hostname?: string;
  /** 0: one thread at a time, in a fixed order; 1: the other order; 2: as the machine runs them. */
  readonly threads?: number;
}

/** What a sandbox is in its rollout: its entropy is no other's. */
export type WorldRole = "referee" | "sandbox" | `seat ${string}`;

/** The version of the layout. */
export const worldVersion = 1;

/** The size of `struct world_settings` in `native/world/world.h`. */
export const worldSettingsBytes = 168;

const keyAt = 8;
const keyBytes = 32;
const hostnameAt = 104;
const hostnameBytes = 64;

/** Where each number lies: its offset and whether it has 4 or 8 bytes. */
export const worldNumbers: Readonly<
  Record<Exclude<keyof WorldSettings, "key" | "hostname">, readonly [offset: number, bytes: 4 | 8]>
> = {
  real_clock: [4, 4],
  epoch: [40, 8],
  tick: [48, 8],
  step: [56, 8],
  entropy_salt: [64, 8],
  inode_offset: [72, 8],
  mtime_offset: [80, 8],
  dirents: [88, 4],
  cpus: [92, 4],
  pid_offset: [96, 4],
  threads: [100, 4],
};

/** The clock of every sealed world that an audit does not change, for receipts and manifests. */
export const sealedClock: WorldClock = { epoch: "2000-01-01T00:00:00Z", tickNs: 1000, stepNs: 1_000_000 };

/** The settings of a rollout's sandbox: nothing but the seed, and what the sandbox is in the rollout. */
export function sealedSettings(role: WorldRole, seed: number): WorldSettings {
  return { key: worldKey(role, seed) };
}

/** Writes settings as `native/world/world.h` lays them out. What is left out is zero, which stands for the default. */
export function encodeWorldSettings(settings: WorldSettings): Buffer {
  const bytes = Buffer.alloc(worldSettingsBytes);
  bytes.writeUInt32LE(worldVersion, 0);
  if (bytes.write(settings.key, keyAt, "hex") !== keyBytes)
    throw new RangeError("a world's key has 32 bytes");
  for (const [name, [offset, size]] of Object.entries(worldNumbers)) {
    const value = BigInt(settings[name as keyof typeof worldNumbers] ?? 0);
    if (size === 4) bytes.writeUInt32LE(Number(value), offset);
    else bytes.writeBigUInt64LE(BigInt.asUintN(64, value), offset);
  }
  bytes.write((settings.hostname ?? "").slice(0, hostnameBytes - 1), hostnameAt, "latin1");
  return bytes;
}
