import { accessSync, constants } from "node:fs";

import { SameseedError } from "../../base/error.ts";
import { readSeeds } from "../../model/seed.ts";
import { RunReader } from "../../store/run-reader.ts";
import { outputError } from "../../store/store-error.ts";
import { imageForRerun, optionsForRerun } from "../recorded-run.ts";
import { auditAnywhere, auditWallMs, type AuditWatch } from "./audit-environment.ts";
import type { AuditReport } from "./audit-report.ts";
import { certificatePath, writeCertificate } from "./certificate.ts";

/** How {@link auditRun} audits. */
export interface AuditRunOptions extends AuditWatch {
  /** Which of the run's seeds. @default the first that is recorded */
  readonly seeds?: readonly number[];
}

/** An audit of a recorded run. */
export interface AuditedRun {
  readonly report: AuditReport;
  /** Where its certificate lies. */
  readonly path: string;
}

/**
 * Audits what a recorded run does and lays the certificate beside it.
 * @throws `run_missing`, `run_damaged`, `image_missing` where the image of the recording is gone, `bad_argument`, `io_failed` and
 * `disk_full` where the certificate cannot be written
 */
export async function auditRun(dir: string, options: AuditRunOptions = {}): Promise<AuditedRun> {
  using reader = await RunReader.open(dir);
  const { manifest } = reader;
  if (manifest.spec.branch !== undefined)
    throw new SameseedError("bad_argument", `${dir} holds branches, which an audit does not take`, {
      hint: "audit the run of their parent: what a branch does, its environment does",
    });
  refuseReadOnly(dir);
  const { image, differences } = imageForRerun(manifest);
  if (differences.length > 0) {
    throw new SameseedError("image_missing", `the image that ${dir} was recorded with is missing`, {
      hint: "build it again, or record the run again with an image in the store; a certificate is for one image",
    });
  }
  const first = [...reader.rows().take(1)].map(({ seed }) => seed);
  const seeds = options.seeds === undefined ? first : readSeeds(options.seeds);
  const foreign = seeds.find((seed) => !reader.has(seed));
  if (seeds.length === 0 || foreign !== undefined) {
    throw new SameseedError(
      "run_missing",
      `${dir} holds no rollout${foreign === undefined ? "" : ` of seed ${foreign}`}`,
      {
        hint: "record it first, or name recorded seeds",
      },
    );
  }
  const resolved = optionsForRerun(manifest, image, "zygote");
  const limits = { ...resolved.limits, wallMs: Math.min(resolved.limits.wallMs, auditWallMs) };
  const { environment } = manifest.spec;
  const env = environment.kind === "file" ? `${environment.name}:${environment.className}` : environment.id;
  const report = await auditAnywhere({ env, options: { ...resolved, limits }, seeds }, options);
  return { report, path: writeCertificate(dir, manifest, report) };
}

/** A certificate that cannot be written is known before the audit, not after. */
function refuseReadOnly(dir: string): void {
  try {
    accessSync(dir, constants.W_OK);
  } catch (error) {
    throw outputError(error, certificatePath(dir));
  }
}
