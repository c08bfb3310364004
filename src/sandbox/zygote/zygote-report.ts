import { readFileSync } from "node:fs";
import * as z from "zod";

import { sha256Of, toDigest } from "../../base/digest.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { packagedFile } from "../../image/runtime-files.ts";

/** What a zygote found of itself before it waited to be copied: `python/sameseed/zygote.py` writes it. */
export interface ZygoteReport {
  readonly world: ReportedWorld;
  /** Whether its slots take ids of the host of their own; images built before they did say nothing. */
  readonly slotIds: boolean;
  /** Whether it can be the zygote of a tree; images built before trunks say nothing. */
  readonly trunks: boolean;
  /** Whether its sandboxes can have a network of their own; images built before that say nothing. */
  readonly networks: boolean;
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

/** As images say it that were built before it was an object: `host`, or `sealed` and what does not hold. */
const formerWorld = z
  .string()
  .transform((said) => said.split(" "))
  .transform(([mode, ...lacks]) => ({ mode, lacks }));
const worldSchema = z.object({ mode: z.enum(["sealed", "host"]), lacks: z.array(z.string()) });

const reportSchema: z.ZodType<ZygoteReport> = z.object({
  world: z.union([worldSchema, formerWorld.pipe(worldSchema)]),
  slotIds: z.boolean().default(false),
  trunks: z.boolean().default(false),
  networks: z.boolean().default(false),
  numeric: z.object({ libraries: z.string(), digests, failed: z.array(z.string()) }).exactOptional(),
});

/** Reads a zygote's report: JSON in UTF-8. It comes from Sameseed's own Python, before any other code has run. */
export function parseZygoteReport(bytes: Uint8Array): ZygoteReport {
  return reportSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
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
