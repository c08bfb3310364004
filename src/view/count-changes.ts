import { isDeepStrictEqual } from "node:util";

import type { CborValue } from "../model/cbor/value.ts";

/** How many elements of a value are not those of another; null where the two cannot be laid side by side. */
export function countChanges(before: CborValue, now: CborValue): number | null {
  if (before.type !== now.type) return null;
  if (now.type === "ndarray" && before.type === "ndarray") {
    if (now.dtype !== before.dtype || !isDeepStrictEqual(now.shape, before.shape)) return null;
    return countBytes(before.data, now.data, elementsOf(now.shape));
  }
  if (isSequence(now) && isSequence(before)) {
    if (now.items.length !== before.items.length) return null;
    return sum(now.items.map((item, at) => countChanges(before.items[at]!, item)));
  }
  if (now.type === "map" && before.type === "map") {
    const earlier = new Map(before.entries);
    if (earlier.size !== now.entries.length) return null;
    return sum(
      now.entries.map(([name, value]) => {
        const old = earlier.get(name);
        return old === undefined ? null : countChanges(old, value);
      }),
    );
  }
  return isDeepStrictEqual(before, now) ? 0 : 1;
}

function isSequence(value: CborValue): value is Extract<CborValue, { readonly items: readonly CborValue[] }> {
  return value.type === "list" || value.type === "tuple";
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function countBytes(a: Uint8Array, b: Uint8Array, elements: number): number {
  if (elements === 0 || Buffer.compare(a, b) === 0) return 0;
  const width = a.length / elements;
  let changed = 0;
  for (let at = 0; at < elements; at++) {
    const start = at * width;
    for (let byte = start; byte < start + width; byte++)
      if (a[byte] !== b[byte]) {
        changed++;
        break;
      }
  }
  return changed;
}

function sum(counts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const count of counts) {
    if (count === null) return null;
    total += count;
  }
  return total;
}
