/** What goes wrong. */
export type Fault =
  | { readonly kind: "agent" | "pool" | "host" | "freeze" | "link"; readonly host: number }
  | { readonly kind: "redis" | "flush" | "aof" | "full" };

/** A fault, and when. */
export type Timed = Fault & { readonly atMs: number };

const kinds = ["agent", "pool", "host", "freeze", "link", "redis", "flush", "aof", "full"] as const;

/** Numbers from 0 to 1 that follow from a seed: what went wrong can be had again. */
export function drawsOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The faults of a seed, in the order of their times. */
export function scheduleOf(
  seed: number,
  { faults, hosts, gapMs }: { readonly faults: number; readonly hosts: number; readonly gapMs: number },
): Timed[] {
  const draw = drawsOf(seed);
  const pick = (count: number): number => Math.floor(draw() * count);
  let atMs = 0;
  return Array.from({ length: faults }, () => {
    atMs += Math.round(gapMs * (0.5 + draw()));
    const kind = kinds[pick(kinds.length)]!;
    switch (kind) {
      case "redis":
      case "flush":
      case "aof":
      case "full":
        return { kind, atMs };
      case "agent":
      case "pool":
      case "host":
      case "freeze":
      case "link":
        break;
    }
    return { kind, host: pick(hosts), atMs };
  });
}
