import * as z from "zod";

import { readScores, type RecordedScores } from "../judge/record/score-folder.ts";
import type { JsonValue } from "../model/json.ts";
import type { ObjectStore } from "../store/objects/object-store.ts";
import { leafOfAnswer } from "./answer.ts";
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
import { withoutRecord } from "./drive/batch-errors.ts";
import { answerChunks } from "./drive/batch-kind.ts";
import { LeafTable } from "./leaf-table.ts";
import { quarantinedHosts } from "./quarantine.ts";
import { type Subject, tallyRecords } from "./tally-records.ts";

/** What a fleet vouches for: `fleet.json` beside the `score.json` of a folder of scores. */
export interface ScoreCertificate extends Vouching {
  readonly kind: "scores";
  /** The digest of the tasks and completions, which `score.json` has too. */
  readonly inputs: string;
  readonly images: Readonly<Record<string, string>>;
  /** Scores in the folder. Of equal completions the first is in the store, and stands for all. */
  readonly scores: number;
}

const schema = certificateSchema<ScoreCertificate>({
  kind: z.literal("scores"),
  inputs: z.string(),
  images: z.record(z.string(), z.string()),
  scores: count,
});

/**
 * Writes the certificate of scores that a fleet gave, after looking whether the store says the same of them. One that counts a
 * mismatch does not hold: a completion that answers otherwise on another host is as likely as a host that lies.
 * @throws `fleet_disagrees`, `run_damaged`, `io_failed`
 */
export async function writeScoreCertificate(
  dir: string,
  store: ObjectStore,
  spec: string,
): Promise<ScoreCertificate> {
  const quarantined = await quarantinedHosts(store);
  const recorded = readScores(dir);
  const subject = subjectOf(recorded, spec);
  const tally = await tallyRecords(store, spec, subject, quarantined);
  if (quarantined.length > 0) {
    const without = ownPlaces(recorded).filter((at) => !tally.recorded.has(at));
    if (without.length > 0) throw withoutRecord(without);
  }
  const { head } = recorded;
  return writeCertificate(dir, {
    kind: "scores" as const,
    inputs: head.digest,
    images: head.images,
    scores: subject.leaves.size,
    ...vouchedBy(tally, subject, { spec, store, quarantined }),
  });
}

/** What {@link checkScoreCertificate} found beside scores. */
export type ScoreCheck = CertificateCheck<ScoreCertificate>;

/**
 * Looks whether a folder of scores has a fleet's certificate, and whether it is about these scores.
 * @param store where given, every chunk's record in it must be of these scores, too
 * @throws `run_damaged`, `io_failed`
 */
export async function checkScoreCertificate(dir: string, store?: ObjectStore): Promise<ScoreCheck> {
  const read = readCertificate(dir, schema);
  if (read.state !== "intact") return read;
  const { certificate } = read;
  const recorded = readScores(dir);
  if (certificate.inputs !== recorded.head.digest)
    return { state: "altered", why: "it is about other tasks or completions" };
  const how = { about: certificate.scores, of: "folder", what: "scores", store };
  return await compareCertificate(certificate, subjectOf(recorded, certificate.spec), how);
}

function subjectOf({ items, results }: RecordedScores, spec: string): Subject {
  const leaves = new LeafTable();
  for (const [at, { id }] of items.entries()) {
    const answer = results.get(id!) as unknown as JsonValue | undefined;
    if (answer !== undefined) leaves.add(at, leafOfAnswer("scores", spec, { at, answer }));
  }
  const chunks = answerChunks({ kind: "scores", items, isAnswer: () => true }, () => {});
  const findings: Subject["findings"] = async (store, execution) => await chunks.findings(store, execution);
  return { leaves, findings };
}

/** Scores that hosts gave, but for those that are an equal completion's. */
function ownPlaces({ items, results }: RecordedScores): number[] {
  return [...items.entries()].flatMap(([at, { id }]) => {
    const result = results.get(id!);
    return result?.trustworthy === true && !result.memoised ? [at] : [];
  });
}
