import type { RecordedRollout, RolloutSpec } from "../../model/rollout.ts";
import type { AuditCause, AuditLocation, AuditUnlocated } from "./audit-report.ts";
import { locateCause, Tracer, type LocateInputs } from "./locate-cause.ts";
import type { Suspect } from "./layouts.ts";

/** A world that gave one seed's rollout other bytes. */
export interface SeedSuspect {
  readonly spec: RolloutSpec;
  readonly baseline: RecordedRollout;
  readonly suspect: Suspect;
}

/** So many suspects are traced at most; further ones join the cause that shows at the same place. */
const tracedMost = 8;

interface Located {
  readonly seed: number;
  readonly suspect: Suspect;
  readonly location: AuditLocation | AuditUnlocated;
}

/** Finds each suspect's line, and makes one cause of those that share one. */
export async function explainCauses(
  locate: Omit<LocateInputs, "spec">,
  suspects: readonly SeedSuspect[],
): Promise<AuditCause[]> {
  const tracer = new Tracer(locate.runner);
  const located = await Promise.all(
    suspects.map(async ({ spec, suspect }, at): Promise<Located> => {
      const inputs = { ...locate, spec };
      const location = at < tracedMost ? await locateCause(inputs, suspect, tracer) : "not-traced";
      return { seed: spec.seed, suspect, location };
    }),
  );
  const causes: AuditCause[] = [];
  // Those whose lines are known first: one whose line is not joins the cause that shows at the same place.
  const isUnknown = ({ location }: Located): number => Number(typeof location === "string");
  for (const each of [...located].sort((a, b) => isUnknown(a) - isUnknown(b))) {
    const { seed, suspect, location } = each;
    const same = causes.findIndex((cause) => isSamePlace(cause, suspect, location));
    const before = causes[same];
    if (before === undefined) causes.push(toCause(seed, suspect, location));
    else if (before.factor !== suspect.factor && !before.also.includes(suspect.factor))
      causes[same] = { ...before, also: [...before.also, suspect.factor] };
  }
  return causes;
}

function isSamePlace(cause: AuditCause, { divergence }: Suspect, location: Located["location"]): boolean {
  if (typeof location === "string") return cause.step === divergence.step && cause.field === divergence.field;
  return cause.location?.file === location.file && cause.location.line === location.line;
}

function toCause(seed: number, { factor, divergence }: Suspect, location: Located["location"]): AuditCause {
  const { step, field, path, expected, actual, expectedType, actualType, ulps } = divergence;
  const values = { expected, actual, expectedType, actualType, ...(ulps === undefined ? {} : { ulps }) };
  const where = typeof location === "string" ? { location: null, unlocated: location } : { location };
  return { factor, also: [], seed, step, field, path, ...values, ...where };
}
