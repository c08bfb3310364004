import { isComplete } from "../../model/outcome.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import type { RolloutOptions } from "../../rollout/rollout-config.ts";
import type { RolloutHost } from "../../rollout/rollout-host.ts";
import { whereRaised } from "../../rollout/where-raised.ts";
import { RunReader } from "../../store/run-reader.ts";
import { auditEnvironment } from "../audit/audit-environment.ts";
import { isReproducible, type AuditReport } from "../audit/audit-report.ts";
import type { AuditRow, CheckRow, CheckRows } from "./check-report.ts";
import { askGymnasium, comparePlain } from "./plain-rows.ts";
import type { PlainSubject } from "./plain-subject.ts";
import { rerun, type RerunKind } from "./rerun-row.ts";
import { askSeeding } from "./seeding-row.ts";
import { measureSpeed } from "./speed-row.ts";

/** What a check runs on. */
export interface CheckPlace {
  readonly subject: PlainSubject;
  /** The options of its rollouts. */
  readonly rollouts: RolloutOptions;
  readonly host: RolloutHost;
  /** The folder of the recorded run. */
  readonly dir: string;
  readonly onProgress: (doing: string) => void;
  readonly onPart: (name: keyof CheckRows, row: CheckRow) => void | Promise<void>;
}

/** How many seeds the audit looks at: it runs each in many worlds. */
const auditedSeeds = 2;

/** Says of recorded rollouts whether each was a whole episode. */
export function judgePlays(rollouts: readonly RolloutSummary[]): CheckRow {
  const steps = rollouts.reduce((sum, rollout) => sum + rollout.steps, 0);
  const faults = rollouts.filter(({ outcome }) => !isComplete(outcome));
  const notes = [...new Set(rollouts.flatMap(({ warnings }) => warnings))];
  const [first] = faults;
  if (first === undefined) {
    const verdict = notes.length === 0 ? "pass" : "warn";
    return { verdict, summary: `${rollouts.length} episodes, ${steps} steps`, notes };
  }
  const message = first.error === undefined ? "" : `: ${first.error.message.split("\n")[0]}`;
  const where = whereRaised(first.error?.traceback);
  return {
    verdict: "fail",
    summary: `${faults.length} of ${rollouts.length} episodes did not end by themselves; seed ${first.seed}: ${first.outcome}${message}`,
    notes: where === "" ? notes : [where, ...notes],
  };
}

/**
 * Runs every part of a check that comes after the first. What could not be played is not asked any further.
 * @throws as `runRollout`
 */
export async function runChecks(plays: CheckRow, place: CheckPlace): Promise<CheckRows> {
  const none = unasked(plays);
  const told = async <Row extends CheckRow>(name: keyof CheckRows, row: Row): Promise<Row> => {
    await place.onPart(name, row);
    return row;
  };
  if (plays.verdict === "fail") {
    for (const [name, row] of Object.entries(none)) await told(name as keyof CheckRows, row as CheckRow);
    return none;
  }
  await told("plays", plays);
  const { subject, onProgress } = place;
  const { environment } = subject.options.template;
  const several = environment.kind === "parallel" ? "plain Gymnasium has one agent" : undefined;
  const ask = async <Row extends CheckRow>(
    doing: string,
    work: () => Promise<Row>,
    not: Row,
  ): Promise<Row> => {
    if (several !== undefined) return { ...not, summary: several };
    onProgress(doing);
    return await work();
  };
  const gymnasium = await told(
    "gymnasium",
    await ask("Gymnasium's check_env", async () => await askGymnasium(subject), none.gymnasium),
  );
  const seeding = await told(
    "seeding",
    await ask("what the seed decides", async () => await askSeeding(subject), none.seeding),
  );
  const warm = await told("warm", await runAgain("warm", place));
  const cold = await told("cold", await runAgain("cold", place));
  const loaded = await told("loaded", await runAgain("loaded", place));
  const { row, report } = await runAudit(place);
  const audit = await told("audit", row);
  const asks = Object.keys(report?.ledger ?? {}).length > 0 || audit.verdict === "fail";
  const compare = async (): Promise<CheckRows["plain"]> => {
    using reader = await RunReader.open(place.dir);
    return await comparePlain(subject, reader, { asks, numericClass: place.host.receipt.world.numericClass });
  };
  const plain = await told("plain", await ask("plain Gymnasium", compare, none.plain));
  const speed = await told("speed", await ask("speed", async () => await measureSpeed(subject), none.speed));
  return { plays, gymnasium, seeding, warm, cold, loaded, audit, plain, speed };
}

async function runAgain(
  kind: RerunKind,
  { dir, host, subject, onProgress }: CheckPlace,
): Promise<CheckRows["warm"]> {
  onProgress(`again, ${kind}`);
  const busy = { backend: host.backend, limits: subject.options.limits };
  return await rerun(dir, kind, busy, subject.signal);
}

async function runAudit({
  rollouts,
  subject,
  onProgress,
}: CheckPlace): Promise<{ readonly row: AuditRow; readonly report?: AuditReport }> {
  const { backend: _backend, idleMs: _idleMs, ...audited } = rollouts;
  const report = await auditEnvironment({
    ...audited,
    seeds: subject.seeds.slice(0, auditedSeeds),
    onProgress: (doing) => onProgress(`audit: ${doing}`),
  });
  const { verdict, causes, ledger } = report;
  const asked = Object.entries(ledger).map(([kind, count]) => `${kind} ${count}`);
  const fit = isReproducible(verdict);
  const row: AuditRow = {
    verdict: fit ? "pass" : "fail",
    summary: asked.length === 0 ? verdict : `${verdict}; asked of the world: ${asked.join(", ")}`,
    notes: causes.map(({ factor, step, path, location }) => {
      const where = location === null ? "" : ` (${location.file}:${location.line} ${location.source.trim()})`;
      return `depends on ${factor}, first at step ${step}, ${path}${where}`;
    }),
    audit: verdict,
    causes,
  };
  return { row, report };
}

/** Rows of what was not asked. */
function unasked(plays: CheckRow): CheckRows {
  const none = { verdict: "skipped", summary: "it does not play", notes: [] } as const;
  const again = { ...none, rollouts: 0, equal: 0 };
  return {
    plays,
    gymnasium: { ...none, error: null },
    seeding: { ...none, repeatable: null, distinct: 0, of: 0, survivesReset: null },
    warm: again,
    cold: again,
    loaded: again,
    audit: { ...none, audit: null, causes: [] },
    plain: { ...none, pinned: null, native: null, numericClass: "" },
    speed: { ...none, plainStepsPerSecond: null, stepsPerSecond: null, ratio: null, rolloutMs: null },
  };
}
