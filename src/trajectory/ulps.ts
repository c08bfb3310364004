import { elementBytes } from "../model/cbor/arrays.ts";
import type { CborArray } from "../model/cbor/value.ts";

/** A distance in units in the last place; empty if there is none. */
export interface UlpDistance {
  /** Rounded above 2^53; 0 between the two zeros. */
  readonly ulps?: number;
}

const float64 = new DataView(new ArrayBuffer(8));

/** How many binary64 values lie between two; empty if one is NaN. */
export function floatUlps(a: number, b: number): UlpDistance {
  return distance(bitsOf(a), bitsOf(b), 8);
}

/** How many values of their type lie between an element of two arrays; empty for other types than floats. */
export function elementUlps(a: CborArray, b: CborArray, index: number): UlpDistance {
  if (a.dtype !== b.dtype || !a.dtype.startsWith("float")) return {};
  const size = elementBytes[a.dtype];
  const start = index * size;
  return distance(littleEndian(a.data, start, size), littleEndian(b.data, start, size), size);
}

function distance(a: bigint, b: bigint, size: number): UlpDistance {
  if (isNaNPattern(a, size) || isNaNPattern(b, size)) return {};
  const between = ordered(a, size) - ordered(b, size);
  return { ulps: Number(between < 0n ? -between : between) };
}

function bitsOf(value: number): bigint {
  float64.setFloat64(0, value);
  return float64.getBigUint64(0);
}

function littleEndian(bytes: Uint8Array, start: number, size: number): bigint {
  let bits = 0n;
  for (let at = start + size - 1; at >= start; at--) bits = (bits << 8n) | BigInt(bytes[at] ?? 0);
  return bits;
}

/** Floats' bits as integers in the floats' own order; both zeros are 0. */
function ordered(bits: bigint, size: number): bigint {
  const sign = 1n << BigInt(8 * size - 1);
  return bits >= sign ? -(bits - sign) : bits;
}

/** Whether bits are above those of infinity. */
function isNaNPattern(bits: bigint, size: number): boolean {
  const infinity = size === 2 ? 0x7c00n : size === 4 ? 0x7f800000n : 0x7ff0000000000000n;
  return (bits & ((1n << BigInt(8 * size - 1)) - 1n)) > infinity;
}
