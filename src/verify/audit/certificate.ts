import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { digestOf } from "../../base/digest.ts";
import { isSameseedError } from "../../base/error.ts";
import { packageVersion } from "../../base/package-version.ts";
import { canonicalJson } from "../../harness/manifest.ts";
import type { JsonObject } from "../../model/json.ts";
import type { RunSpec } from "../../model/rollout.ts";
import type { RunManifest } from "../../model/run-manifest.ts";
import { readRegular } from "../../store/run-folder.ts";
import { outputError } from "../../store/store-error.ts";
import type { AuditReport, AuditVerdict } from "./audit-report.ts";

/** What a certificate says it is about: the run, what its rollouts do, and where. */
interface CertifiedRun {
  readonly runId: string;
  /** The digest of the spec without its seeds. */
  readonly spec: string;
  readonly image: string;
  readonly world: RunManifest["world"];
}

/** A determinism certificate: `audit.json` beside a run's `run.json`. */
export interface AuditCertificate extends CertifiedRun {
  readonly format: 1;
  readonly sameseedVersion: string;
  readonly report: AuditReport;
  /** SHA-256 over the JCS form of everything else. */
  readonly digest: string;
}

/** What {@link checkCertificate} found beside a run. */
export type CertificateCheck =
  | { readonly state: "none" }
  /** Unaltered, and about this run. */
  | { readonly state: "intact"; readonly verdict: AuditVerdict; readonly digest: string }
  /** It was changed after it was written, or is not a certificate. */
  | { readonly state: "altered"; readonly why: string }
  /** It is about another run, spec, image or world. */
  | { readonly state: "foreign"; readonly why: string };

const fileName = "audit.json";
const largestBytes = 16 * 1024 * 1024;

const verdictSchema = z.enum(["pure", "virtualised", "sensitive", "broken"]);
const certificateSchema = z.object({
  format: z.literal(1),
  runId: z.string(),
  spec: z.string(),
  image: z.string(),
  world: z.string(),
  sameseedVersion: z.string(),
  report: z.looseObject({ verdict: verdictSchema, imageDigest: z.string(), world: z.string() }),
  digest: z.string(),
});

/** Where the certificate of a run lies. */
export function certificatePath(dir: string): string {
  return join(dir, fileName);
}

/**
 * Writes the certificate of a run. @returns its path
 * @throws `io_failed`, `disk_full`
 */
export function writeCertificate(dir: string, manifest: RunManifest, report: AuditReport): string {
  const content = { format: 1, ...certified(manifest), sameseedVersion: packageVersion(), report } as const;
  const path = certificatePath(dir);
  const certificate: AuditCertificate = { ...content, digest: digestOfContent(content) };
  try {
    writeFileAtomic(path, `${JSON.stringify(certificate, undefined, 2)}\n`);
  } catch (error) {
    throw outputError(error, path);
  }
  return path;
}

/** Looks whether a run has a certificate, whether it is as it was written, and whether it is about this run. */
export function checkCertificate(dir: string, manifest: RunManifest): CertificateCheck {
  const path = certificatePath(dir);
  if (!existsSync(path)) return { state: "none" };
  let value: unknown;
  try {
    value = JSON.parse(readRegular(path, largestBytes).toString("utf8"));
  } catch (error) {
    return { state: "altered", why: isSameseedError(error) ? error.message : `${fileName} is not JSON` };
  }
  const parsed = certificateSchema.safeParse(value);
  if (!parsed.success) return { state: "altered", why: `${fileName} is not a certificate of format 1` };
  const { digest, ...content } = value as AuditCertificate;
  let actual: string | undefined;
  try {
    actual = digestOfContent(content);
  } catch {
    // Text that JCS has no form for was never written by this program.
  }
  if (actual !== digest) return { state: "altered", why: "its content is not what its digest was made of" };
  const expected = certified(manifest);
  for (const name of ["runId", "spec", "image", "world"] as const)
    if (content[name] !== expected[name])
      return { state: "foreign", why: `it is about another ${name === "runId" ? "run" : name}` };
  const { report } = content;
  if (report.imageDigest !== expected.image || report.world !== expected.world)
    return { state: "foreign", why: "its audit ran in another image or world" };
  return { state: "intact", verdict: report.verdict, digest };
}

/** The report in a run's certificate; undefined unless it is as it was written, and about this run. */
export function readCertificate(dir: string, manifest: RunManifest): AuditReport | undefined {
  if (checkCertificate(dir, manifest).state !== "intact") return undefined;
  const value = JSON.parse(
    readRegular(certificatePath(dir), largestBytes).toString("utf8"),
  ) as AuditCertificate;
  return value.report;
}

function certified(manifest: RunManifest): CertifiedRun {
  const { runId, spec, image, world } = manifest;
  return { runId, spec: specDigest(spec), image: `sha256:${image.manifest.digest}`, world };
}

function specDigest(spec: RunSpec): string {
  const { seeds: _, ...template } = spec;
  return digestOf(canonicalJson(JSON.parse(JSON.stringify(template)) as JsonObject));
}

/** Numbers that JSON has no word for become null in both, the file and what the digest is made of. */
function digestOfContent(content: object): string {
  return digestOf(canonicalJson(JSON.parse(JSON.stringify(content)) as JsonObject));
}
