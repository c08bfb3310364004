import { environmentName, policyNames } from "../../model/spec-names.ts";
import type { JsonValue } from "../../model/json.ts";
import type { RolloutSummary, RunSpec } from "../../model/rollout.ts";
import type { TrajectoryStep } from "../../model/trajectory-step.ts";
import type { Trajectory } from "../../trajectory/trajectory.ts";
import type { Cli } from "../cli.ts";
import { lineageText } from "./branch-text.ts";
import { count, formatNumber, formatReward } from "./numbers.ts";
import { formatFault, paintOutcome } from "./run-text.ts";
import { printable } from "./safe-text.ts";
import { clip } from "./style.ts";
import { columnWidths, formatRows, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "step", align: "right" },
  { title: "action" },
  { title: "reward", align: "right" },
  { title: "end" },
  { title: "observation" },
  { title: "info" },
];

/** Steps that decide how wide columns are; the table is printed while it is read. */
const measuredSteps = 500;
const widestAction = 40;
const widestInfo = 60;
const defaultWidth = 160;

/** A recorded rollout for people, line by line. */
export function* formatTrajectory(
  spec: RunSpec,
  summary: RolloutSummary,
  trajectory: Trajectory,
  { paint, output }: Pick<Cli, "paint" | "output">,
): Generator<string, void, undefined> {
  const { seed, branch, outcome, steps, totalReward, digest, contentDigest, playDigest, seeded, error } =
    summary;
  yield `${paint("strong", environmentName(spec.environment))} · policy ${policyNames(spec)} · seed ${seed}`;
  yield `${paintOutcome(outcome, paint)} after ${count(steps, "step")} · return ${formatReward(totalReward)}`;
  yield `play digest     ${playDigest}`;
  yield `content digest  ${contentDigest}`;
  yield `digest          ${digest}`;
  if (branch !== undefined) yield lineageText(branch);
  if (seeded.length > 0) yield paint("dim", `seeded: ${clip(seeded.join(", "), 200)}`);
  for (const warning of summary.warnings) yield `${paint("warn", "warning:")} ${clip(warning, 300)}`;
  yield "";
  const widest = Math.max(20, (output.columns ?? defaultWidth) - 40);
  const cells = Iterator.from(trajectory.steps()).map((step) => toCells(step, widest));
  const measured = [...cells.take(measuredSteps)];
  const widths = columnWidths(columns, measured);
  const [head = ""] = formatRows(columns, widths, [columns.map(({ title }) => title)]);
  yield paint("dim", head);
  yield* formatRows(columns, widths, measured);
  const rest = Iterator.from(trajectory.steps()).drop(measuredSteps);
  for (const step of rest) yield* formatRows(columns, widths, [toCells(step, widest)]);
  yield* formatAsked(trajectory);
  if (error === undefined) return;
  yield "";
  yield formatFault(summary, paint).trimStart();
  if (error.traceback !== undefined) yield* printable(error.traceback.trimEnd(), true).split("\n");
}

/** What the rollout asked of its sealed world, all records together. */
function* formatAsked(trajectory: Trajectory): Generator<string, void, undefined> {
  const asked = new Map<string, number>();
  for (const { ledger = {} } of trajectory.records()) {
    for (const [kind, times] of Object.entries(ledger)) asked.set(kind, (asked.get(kind) ?? 0) + times);
  }
  if (asked.size === 0) return;
  yield "";
  yield `asked of the world: ${[...asked].map(([kind, times]) => `${kind} ${formatNumber(times)}`).join(" · ")}`;
}

function toCells(step: TrajectoryStep, widest: number): string[] {
  const observation = clip(shortText(step.observation), widest);
  const info = isEmpty(step.info) ? "" : clip(shortText(step.info), widestInfo);
  if (!("action" in step)) return ["0", "", "", "reset", observation, info];
  const flags = [
    ...(step.terminated === true ? ["terminated"] : []),
    ...(step.truncated === true ? ["truncated"] : []),
  ];
  return [
    String(step.step),
    clip(shortText(step.action), widestAction),
    clip(shortText(step.reward), widestAction),
    flags.join(" "),
    observation,
    info,
  ];
}

/** A value in few characters: numbers with six digits, texts without quotes where they stand alone. */
function shortText(value: JsonValue, inside = false): string {
  if (typeof value === "number") return formatNumber(value);
  if (typeof value === "string") return inside ? JSON.stringify(value) : value;
  if (typeof value !== "object" || value === null) return String(value);
  if (isList(value)) return `[${value.map((item) => shortText(item, true)).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}: ${shortText(item, true)}`)
    .join(", ")}}`;
}

function isEmpty(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
