import * as z from "zod";

/** What one sandbox may use. A rollout's policy sandbox has the same limits as its referee. */
export interface Limits {
  /** Wall time of the whole sandbox, in milliseconds. */
  readonly wallMs: number;
  /** CPU time of all processes together, in milliseconds. */
  readonly cpuMs: number;
  /** Memory beyond the warm interpreter's own, in MiB. */
  readonly memoryMb: number;
  /** Processes and threads at the same time. */
  readonly processes: number;
  /** Size of `/tmp`, in MiB. */
  readonly diskMb: number;
  /** Bytes the sandbox may send to the host: results, standard output and error together. */
  readonly outputBytes: number;
  /**
   * `loopback`: a network of the sandbox's own with nothing in it but the loopback device, over which its processes talk to
   * each other. Absent: none. Policies from source have none either way.
   */
  readonly network?: "loopback";
}

/** What network a sandbox has, as options name it. */
export type NetworkMode = "none" | NonNullable<Limits["network"]>;

/** Reads a {@link NetworkMode}. */
export const networkSchema: z.ZodType<NetworkMode> = z.enum(["none", "loopback"]);

/** The default limits. */
export const defaultLimits: Limits = {
  wallMs: 120_000,
  cpuMs: 60_000,
  memoryMb: 512,
  processes: 64,
  diskMb: 64,
  outputBytes: 256 * 1024 * 1024,
};

/** Every name of {@link Limits}. */
export const limitNames: Readonly<Record<keyof Required<Limits>, true>> = {
  wallMs: true,
  cpuMs: true,
  memoryMb: true,
  processes: true,
  diskMb: true,
  outputBytes: true,
  network: true,
};

const positive = (max: number): z.ZodNumber => z.int().min(1).max(max);

/** The largest wall and CPU limit, in milliseconds: one day. */
export const maxLimitMs = 86_400_000;

/** Any part of {@link Limits}, as it is read. */
export type GivenLimits = { readonly [K in keyof Limits]?: Limits[K] | undefined };

/** Any part of {@link Limits}, as a caller gives it. */
export const limitsSchema: z.ZodType<GivenLimits> = z.strictObject({
  wallMs: positive(maxLimitMs).optional(),
  cpuMs: positive(maxLimitMs).optional(),
  memoryMb: positive(1024 * 1024).optional(),
  processes: positive(32_768).optional(),
  diskMb: positive(1024 * 1024).optional(),
  outputBytes: positive(2 ** 40).optional(),
  // No network is what there is where none is named, so that nothing of it is recorded.
  network: networkSchema.transform((mode) => (mode === "none" ? undefined : mode)).optional(),
});

/** Every limit with its default where none is given. @param network asked for beside them; it comes before theirs */
export function completeLimits(given: GivenLimits, network?: NetworkMode): Limits {
  const asked = { ...given, ...(network === undefined ? {} : limitsSchema.parse({ network })) };
  return {
    ...defaultLimits,
    ...Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)),
  };
}

/** The limits of code that nobody trusts: what a network is for is the environment's. */
export function withoutNetwork({ network: _none, ...limits }: Limits): Limits {
  return limits;
}
