import * as z from "zod";

import type { ObjectStore } from "../store/objects/object-store.ts";
import { RunReader } from "../store/run-reader.ts";
import {
  type CertificateCheck,
  certificateSchema,
  compareCertificate,
  count,
  readCertificate,
  vouchedBy,
  type Vouching,
  writeCertificate,
} from "./certificate-form.ts";
import { unrecordedSeeds } from "./drive/batch-errors.ts";
import { readFindings } from "./drive/compare-executions.ts";
import { LeafTable } from "./leaf-table.ts";
import { leafOf } from "./merkle.ts";
import { quarantinedHosts } from "./quarantine.ts";
import { type Subject, tallyRecords } from "./tally-records.ts";

/** What a fleet vouches for: `fleet.json` beside a run's `run.json`. */
export interface FleetCertificate extends Vouching {
  readonly runId: string;
  readonly image: string;
  /** Rollouts of the run. */
  readonly rollouts: number;
}

const schema = certificateSchema<FleetCertificate>({
  runId: z.string(),
  image: z.string(),
  rollouts: count,
});

/**
 * Writes the certificate of a run that a fleet made, after looking whether the store says the same of it. Where a host is
 * quarantined, every row needs a record of another one: rows that it made may be in the run from before.
 * @returns it, which does not hold where it counts a mismatch
 * @throws `fleet_disagrees`, `run_damaged`, `io_failed`
 */
export async function writeFleetCertificate(
  dir: string,
  store: ObjectStore,
  spec: string,
): Promise<FleetCertificate> {
  const quarantined = await quarantinedHosts(store);
  using reader = await RunReader.open(dir);
  const subject = subjectOf(reader, spec);
  const tally = await tallyRecords(store, spec, subject, quarantined);
  if (quarantined.length > 0) {
    const without = [...subject.leaves.numbers()].filter((seed) => !tally.recorded.has(seed));
    if (without.length > 0) throw unrecordedSeeds(without);
  }
  return writeCertificate(dir, {
    runId: reader.manifest.runId,
    image: `sha256:${reader.manifest.image.manifest.digest}`,
    rollouts: subject.leaves.size,
    ...vouchedBy(tally, subject, { spec, store, quarantined }),
  });
}

/** What {@link checkFleetCertificate} found beside a run. */
export type FleetCheck = CertificateCheck<FleetCertificate>;

/**
 * Looks whether a run has a fleet's certificate, and whether it is about these rollouts.
 * @param store where given, every chunk's record in it must be of these rollouts, too
 * @throws `run_damaged`, `io_failed`
 */
export async function checkFleetCertificate(dir: string, store?: ObjectStore): Promise<FleetCheck> {
  const read = readCertificate(dir, schema);
  if (read.state !== "intact") return read;
  const { certificate } = read;
  using reader = await RunReader.open(dir);
  if (certificate.runId !== reader.manifest.runId)
    return { state: "altered", why: "it is about another run" };
  const how = { about: certificate.rollouts, of: "run", what: "rollouts", store };
  return await compareCertificate(certificate, subjectOf(reader, certificate.spec), how);
}

function subjectOf(reader: RunReader, spec: string): Subject {
  const leaves = new LeafTable();
  for (const summary of reader.rows()) leaves.add(summary.seed, leafOf(spec, summary));
  return { leaves, findings: readFindings };
}
