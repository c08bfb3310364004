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
}

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
export const limitNames: Readonly<Record<keyof Limits, true>> = {
  wallMs: true,
  cpuMs: true,
  memoryMb: true,
  processes: true,
  diskMb: true,
  outputBytes: true,
};

const positive = (max: number): z.ZodNumber => z.int().min(1).max(max);

/** The largest wall and CPU limit, in milliseconds: one day. */
export const maxLimitMs = 86_400_000;

/** Any part of {@link Limits}, as a caller gives it. */
export const limitsSchema: z.ZodType<{ [K in keyof Limits]?: number | undefined }> = z.strictObject({
  wallMs: positive(maxLimitMs).optional(),
  cpuMs: positive(maxLimitMs).optional(),
  memoryMb: positive(1024 * 1024).optional(),
  processes: positive(32_768).optional(),
  diskMb: positive(1024 * 1024).optional(),
  outputBytes: positive(2 ** 40).optional(),
});
