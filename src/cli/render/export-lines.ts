import { rowKey } from "../../model/branch.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import { Trajectory } from "../../trajectory/trajectory.ts";
import type { RunReader } from "../../store/run-reader.ts";
import { jsonText } from "./json-text.ts";

/** What a run is exported as. */
export type ExportFormat = "csv" | "jsonl";

type Line = Readonly<Record<string, unknown>>;

const rolloutColumns = [
  "outcome",
  "return",
  "steps",
  "digest",
  "contentDigest",
  "playDigest",
  "tier",
  "image",
  "startMs",
  "runMs",
  "error",
] as const;

const stepColumns = ["step", "action", "reward", "terminated", "truncated", "observation", "info"] as const;

/** The lines of a run's export, without line feeds. @param steps one for each step, in place of one for each rollout */
export function* exportLines(reader: RunReader, format: ExportFormat, steps: boolean): Generator<string> {
  // Branches of one rollout have its seed: in a run of branches their number is beside it.
  const keys = reader.manifest.spec.branch === undefined ? ["seed"] : ["seed", "branch"];
  const columns = [...keys, ...(steps ? stepColumns : rolloutColumns)];
  if (format === "csv") yield columns.join(",");
  for (const line of steps ? stepLines(reader) : Iterator.from(reader.rows()).map(rolloutLine))
    yield format === "csv" ? columns.map((name) => csvCell(line[name])).join(",") : jsonText(line);
}

function keyOf({ seed, branch }: RolloutSummary): Line {
  return branch === undefined ? { seed } : { seed, branch: branch.number };
}

function rolloutLine(row: RolloutSummary): Line {
  const { outcome, totalReward, steps } = row;
  const { digest, contentDigest, playDigest, receipt, timings, error } = row;
  return {
    ...keyOf(row),
    outcome,
    return: totalReward,
    steps,
    digest,
    contentDigest,
    playDigest,
    tier: receipt.tier,
    image: receipt.image.digest,
    startMs: timings.startMs,
    runMs: timings.runMs,
    ...(error === undefined ? {} : { error: `${error.type}: ${error.message}` }),
  };
}

function* stepLines(reader: RunReader): Generator<Line> {
  for (const row of reader.rows())
    for (const step of new Trajectory(reader.trajectory(rowKey(row))).steps())
      yield { ...keyOf(row), ...step };
}

/** A cell by RFC 4180; what is neither a number nor a text is JSON. */
function csvCell(value: unknown): string {
  if (value === undefined || value === null) return "";
  const isNumber = typeof value === "number";
  const text =
    typeof value === "string" ? value : isNumber && !Number.isFinite(value) ? String(value) : jsonText(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
