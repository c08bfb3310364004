/** What goes wrong with one host. */
export interface HostFault {
  readonly kind: "agent" | "pool" | "host" | "freeze" | "link" | "clock";
  readonly host: number;
}

/** What goes wrong. */
export type Fault =
  | HostFault
  | { readonly kind: "redis" | "flush" | "aof" | "postgres" | "full" | "slow" | "busy" };

/** A fault, and when. */
export type Timed = Fault & { readonly atMs: number };

/** What a fleet stands on. */
export interface Ground {
  readonly queue: "redis" | "postgres";
  readonly store: "folder" | "s3";
}

/** What can go wrong on some ground. */
function kindsOn({ queue, store }: Ground): readonly Fault["kind"][] {
  return [
    ...(["agent", "pool", "host", "freeze", "link"] as const),
    ...(queue === "redis" ? (["redis", "flush", "aof"] as const) : (["postgres", "postgres"] as const)),
    ...(store === "folder" ? (["full"] as const) : (["full", "slow", "busy"] as const)),
    "clock",
  ];
}

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
  {
    faults,
    hosts,
    gapMs,
    ground = { queue: "redis", store: "folder" },
  }: {
    readonly faults: number;
    readonly hosts: number;
    readonly gapMs: number;
    readonly ground?: Ground;
  },
): Timed[] {
  const kinds = kindsOn(ground);
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
      case "postgres":
      case "full":
      case "slow":
      case "busy":
        return { kind, atMs };
      case "agent":
      case "pool":
      case "host":
      case "freeze":
      case "link":
      case "clock":
        break;
    }
    return { kind, host: pick(hosts), atMs };
  });
}
