import { randomBytes } from "node:crypto";
import * as z from "zod";

import { resolveImage } from "../../image/image-store.ts";
import { importWhereNamed } from "../../image/import-image.ts";
import type { JsonValue } from "../../model/json.ts";
import { engineOf, malformedAnswer, type RolloutFleet } from "../../rollout/rollout-fleet.ts";
import type { AuditSubject } from "./audit-environment.ts";
import type { AuditReport } from "./audit-report.ts";

/** What a machine of a fleet found of an environment, as a row of a table without its name. */
export type FarAudit =
  | { readonly report: AuditReport }
  | { readonly skipped: string }
  | { readonly failed: string };

/** How audits are made elsewhere. */
export interface FarAuditOptions {
  readonly fleet: RolloutFleet;
  readonly signal?: AbortSignal | undefined;
  /** Whether it is one audit, whose zygotes nobody shares and whose errors are the caller's. */
  readonly isAlone: boolean;
}

/**
 * Audits on the machines of a fleet, each subject on one of them, and yields what was found in the order they finish. It is always
 * done: nothing is taken from what an earlier call has left.
 * @throws as `auditRollouts` where `isAlone`; `queue_timeout`, `io_failed`
 */
export async function* auditElsewhere(
  subjects: readonly AuditSubject[],
  { fleet, signal, isAlone }: FarAuditOptions,
): AsyncGenerator<{ readonly at: number; readonly answer: FarAudit }, void, undefined> {
  const images: Record<string, string> = {};
  const names: Record<string, string> = {};
  for (const { options } of subjects) {
    if (images[options.image] !== undefined) continue;
    await importWhereNamed(options.image, signal);
    const { name, manifest } = resolveImage(options.image);
    images[options.image] = manifest.digest;
    names[options.image] = name;
  }
  const answers = engineOf(fleet).answers({
    kind: "audits",
    title: subjects.length === 1 ? `audit of ${subjects[0]!.env}` : `${subjects.length} audits`,
    items: subjects.map(({ env, seeds, options }) => ({ own: { env, seeds, isAlone }, options })),
    wanted: subjects.map((_, at) => at),
    images,
    call: randomBytes(8).toString("hex"),
    isAnswer: (answer, at) => auditOf(answer, subjects[at]!.env) !== undefined,
    signal,
  });
  for await (const { at, ...came } of answers) {
    const { options, env } = subjects[at]!;
    if ("lost" in came) yield { at, answer: { failed: came.lost } };
    else yield { at, answer: checked(came.answer, env, names[options.image]!) };
  }
}

/** What of an answer is looked at before anything is made of it: the rest is text and numbers for people. */
const reportSchema = z.looseObject({
  env: z.string(),
  verdict: z.enum(["pure", "virtualised", "sensitive", "broken"]),
  worlds: z.array(z.looseObject({ factor: z.string() })),
  causes: z.array(z.looseObject({ factor: z.string(), seed: z.number() })),
  ledger: z.record(z.string(), z.number()),
  tier: z.string(),
  imageDigest: z.string(),
  seeds: z.array(z.number()),
  rollouts: z.array(z.looseObject({ seed: z.number(), outcome: z.string() })),
  cost: z.strictObject({ rollouts: z.number(), zygotes: z.number() }),
});
const answerSchema = z.union([
  z.strictObject({ report: reportSchema }),
  z.strictObject({ skipped: z.string() }),
  z.strictObject({ failed: z.string() }),
]);

/** What an answer says; undefined where it is not of the form it must have. */
function auditOf(answer: JsonValue, env: string): FarAudit | undefined {
  const { data } = answerSchema.safeParse(answer);
  if (data === undefined || !("report" in data)) return data;
  return data.report.env === env ? (answer as unknown as FarAudit) : undefined;
}

function checked(answer: JsonValue, env: string, image: string): FarAudit {
  const own = auditOf(answer, env);
  if (own === undefined) throw malformedAnswer("audits");
  // Hosts know an image by its digest.
  return "report" in own ? { report: { ...own.report, image } } : own;
}
