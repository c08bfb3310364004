import { readFileSync } from "node:fs";
import * as z from "zod";

import { sha256Of, toDigest } from "../../base/digest.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { packagedFile } from "../../image/runtime-files.ts";

/** What a zygote found of itself before it waited to be copied: `python/sameseed/zygote.py` writes it. */
export interface ZygoteReport {
  readonly world: ReportedWorld;
  /** What it speaks with its host; 0 of images that were built before it had a number. */
  readonly protocol: number;
  /** That what its sandboxes' networks hold for nobody is bounded; images built before it was do not have it. */
  readonly loopback?: "bounded";
  /** Only of a sealed zygote. */
  readonly numeric?: NumericReport;
}

/** Which world a zygote is in. */
export interface ReportedWorld {
  readonly mode: WorldMode;
  /** What of a sealed one does not hold, such as `vdso`. */
  readonly lacks: readonly string[];
}

/** Numeric results on fixed inputs, as `python/sameseed/world/numeric.py` makes them. */
export interface NumericReport {
  /** The libraries that made them, such as `numpy 2.4.6, OpenBLAS 0.3.30, glibc 2.36`. */
  readonly libraries: string;
  /** The name of a result → 10 hex digits of its digest. */
  readonly digests: Readonly<Record<string, string>>;
  /** Assertions on the libraries that do not hold, such as `blas-threads`. */
  readonly failed: readonly string[];
}

/** How a zygote's numeric results compare with the expected ones. */
export interface NumericVerdict {
  readonly fingerprint: string;
  /** Whether results are known for these libraries at all. */
  readonly known: boolean;
  /** The results that are others than the expected ones. */
  readonly differing: readonly string[];
}

const digests = z.record(z.string(), z.string());

const worldSchema = z.object({ mode: z.enum(["sealed", "host"]), lacks: z.array(z.string()) });

const numberedSchema = z.object({ protocol: z.number().default(0) });
const reportSchema: z.ZodType<ZygoteReport> = z.object({
  world: worldSchema,
  protocol: z.number(),
  loopback: z.literal("bounded").exactOptional(),
  numeric: z.object({ libraries: z.string(), digests, failed: z.array(z.string()) }).exactOptional(),
});

/**
 * Reads a zygote's report: JSON in UTF-8. It comes from Sameseed's own Python, before any other code has run.
 * @param ownProtocol the number of the host's; of a report with another one nothing else is read, since its image is refused
 */
export function parseZygoteReport(bytes: Uint8Array, ownProtocol: number): ZygoteReport {
  const said: unknown = JSON.parse(Buffer.from(bytes).toString());
  const { protocol } = numberedSchema.parse(said);
  if (protocol !== ownProtocol) return { world: { mode: "host", lacks: [] }, protocol };
  return reportSchema.parse(said);
}

/** Libraries → the name of a result → its digest on an x86-64-v3 host. */
export type ExpectedNumbers = Readonly<Record<string, Readonly<Record<string, string>>>>;

let expectedNumbers: ExpectedNumbers | undefined;

/** The results that came with this package: `images/numeric-fingerprints.json`. */
export function packagedNumbers(): ExpectedNumbers {
  expectedNumbers ??= z
    .record(z.string(), digests)
    .parse(JSON.parse(readFileSync(packagedFile("images/numeric-fingerprints.json"), "utf8")));
  return expectedNumbers;
}

/** Compares a zygote's results with those expected of an x86-64-v3 host. */
export function judgeNumbers(
  report: NumericReport,
  expected: ExpectedNumbers = packagedNumbers(),
): NumericVerdict {
  const lines = Object.keys(report.digests)
    .sort()
    .map((name) => `${name} ${report.digests[name]}\n`);
  const fingerprint = toDigest(sha256Of(["sameseed/numbers/1\0", ...lines]));
  const known = expected[report.libraries];
  if (known === undefined) return { fingerprint, known: false, differing: [] };
  const names = new Set([...Object.keys(report.digests), ...Object.keys(known)]);
  const differing = [...names].filter((name) => report.digests[name] !== known[name]).sort();
  return { fingerprint, known: true, differing };
}
