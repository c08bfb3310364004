import { createHash } from "node:crypto";

import type { ColumnSource } from "hyparquet-writer";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import type { ConvertedType, SchemaElement } from "hyparquet";

import { rowKey } from "../../model/branch.ts";
import type { CborValue } from "../../model/cbor/value.ts";
import type { RolloutSummary } from "../../model/rollout.ts";
import type { TrajectoryRecord } from "../../model/trajectory.ts";
import { Trajectory } from "../../trajectory/trajectory.ts";
import type { RunReader } from "../run-reader.ts";
import { makeNewFile } from "./new-file.ts";
import { arrowSchema, type Column, type IntWidth, narrowed } from "./arrow-schema.ts";
import { type Cell, cellOf, type ColumnKind, commonKind, kindOfValue } from "./column.ts";

/**
 * How much of a file is written together, in rows and in bytes: pictures must not all be in memory. Both follow from what is
 * written alone, so that the same run gives the same bytes.
 */
const groupMost = { rows: 50_000, bytes: 64 * 1024 * 1024 };

/** What of a step is in the file; a type is found in the run, once for all of its steps. */
const stepFields = ["observation", "action", "reward", "terminated", "truncated", "info"] as const;
type StepField = (typeof stepFields)[number];

/** One row for each step of a run, or one for each rollout. */
export type ParquetRows = "steps" | "rollouts";

/**
 * Writes a run as a Parquet file. The same rollouts give the same bytes, whatever the folder, the host or the time; the file says
 * by digest which rollouts they are.
 * @param path a file that must not exist
 * @throws `bad_argument` where it exists, `run_damaged`, `io_failed`, `disk_full`
 */
export async function exportParquet(reader: RunReader, path: string, rows: ParquetRows): Promise<void> {
  await makeNewFile(path, async () => {
    const columns = rows === "steps" ? stepColumns(reader) : rolloutColumns(reader);
    const source = rows === "steps" ? stepRows(reader, columns) : rolloutRows(reader);
    await writeParquet(path, { columns, rows: source, metadata: metadataOf(reader, columns) });
  });
}

/** What a Parquet file is made of. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: Iterable<readonly Cell[]>;
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
  /** Whether all rows are one row group: some readers take no rows of two together. @default false */
  readonly whole?: boolean;
}

/** Writes rows as a Parquet file, with the types as Arrow names them: the same rows give the same bytes. */
export async function writeParquet(
  path: string,
  { columns, rows, metadata, whole = false }: Table,
): Promise<void> {
  const kvMetadata = [{ key: "ARROW:schema", value: arrowSchema(columns) }, ...metadata];
  const schema = schemaOf(columns);
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, kvMetadata, createdBy: "sameseed" });
  let group: (readonly Cell[])[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const columnData: ColumnSource[] = columns.map(({ name }, at) => ({
      name,
      data: group.map((row) => row[at] ?? null),
    }));
    await writer.write({ columnData, rowGroupSize: group.length });
    [group, bytes] = [[], 0];
  };
  for (const row of rows) {
    group.push(row);
    for (const cell of row) bytes += bytesOf(cell);
    if (!whole && (group.length >= groupMost.rows || bytes >= groupMost.bytes)) await flush();
  }
  if (group.length > 0) await flush();
  await writer.finish();
}

/** How large a cell is, about: numbers as binary64. */
function bytesOf(cell: Cell): number {
  if (typeof cell === "string" || cell instanceof Uint8Array) return cell.length;
  return 8 * (Array.isArray(cell) ? cell.length : 1);
}

/** SHA-256 over which rollouts a run has, by seed and digest. */
export function rolloutsDigest(reader: RunReader): string {
  const hash = createHash("sha256");
  for (const { seed, digest } of reader.rows()) hash.update(`${seed} ${digest}\n`);
  return `sha256:${hash.digest("hex")}`;
}

/** Which rollouts they are, by digest, and what the arrays were. */
function metadataOf(reader: RunReader, columns: readonly Column[]): { key: string; value: string }[] {
  const arrays = columns.flatMap(({ name, type }) =>
    type.kind === "list" || type.kind === "bytes" ? [[name, type.array] as const] : [],
  );
  return [
    { key: "sameseed.rollouts", value: rolloutsDigest(reader) },
    { key: "sameseed.arrays", value: JSON.stringify(Object.fromEntries(arrays)) },
  ];
}

/** Which rollout it is: branches of one have its seed, so in a run of branches their number is beside it. */
function keyColumns({ manifest }: RunReader): readonly Column[] {
  const names = manifest.spec.branch === undefined ? ["seed"] : ["seed", "branch"];
  return names.map((name) => ({ name, type: { kind: "int64" }, nullable: false }));
}

function keyCells({ seed, branch }: Pick<RolloutSummary, "seed" | "branch">): readonly Cell[] {
  return branch === undefined ? [BigInt(seed)] : [BigInt(seed), BigInt(branch.number)];
}

const rolloutColumns = (reader: RunReader): readonly Column[] => [
  ...keyColumns(reader),
  { name: "outcome", type: { kind: "text" }, nullable: false },
  { name: "return", type: { kind: "float64" }, nullable: true },
  { name: "steps", type: { kind: "int64" }, nullable: false },
  { name: "digest", type: { kind: "text" }, nullable: false },
  { name: "contentDigest", type: { kind: "text" }, nullable: false },
  { name: "playDigest", type: { kind: "text" }, nullable: false },
  { name: "tier", type: { kind: "text" }, nullable: false },
  { name: "image", type: { kind: "text" }, nullable: false },
  { name: "error", type: { kind: "text" }, nullable: true },
];

function* rolloutRows(reader: RunReader): Generator<readonly Cell[]> {
  for (const row of reader.rows()) yield rolloutCells(row);
}

function rolloutCells(row: RolloutSummary): readonly Cell[] {
  const { outcome, totalReward, steps } = row;
  const { digest, contentDigest, playDigest, receipt, error } = row;
  const fault = error === undefined ? null : `${error.type}: ${error.message}`;
  // A return that is no single number has its place in the JSON lines.
  const sum = typeof totalReward === "number" ? totalReward : null;
  return [
    ...keyCells(row),
    outcome,
    sum,
    BigInt(steps),
    digest,
    contentDigest,
    playDigest,
    receipt.tier,
    receipt.image.digest,
    fault,
  ];
}

/** The columns of a run's steps: one look at every value, so that a type holds for all of them. */
function stepColumns(reader: RunReader): readonly Column[] {
  const kinds: Partial<Record<StepField, ColumnKind>> = {};
  for (const { record } of recordsIn(reader))
    for (const field of stepFields) {
      const value = valueOf(record, field);
      const kind = value === undefined ? kinds[field] : commonKind(kinds[field], kindOfValue(value));
      if (kind !== undefined) kinds[field] = kind;
    }
  return [
    ...keyColumns(reader),
    { name: "step", type: { kind: "int64" }, nullable: false },
    ...stepFields.map((name) => ({ name, type: kinds[name] ?? { kind: "json" as const }, nullable: true })),
    { name: "is_first", type: { kind: "bool" }, nullable: false },
    { name: "is_last", type: { kind: "bool" }, nullable: false },
  ];
}

function* stepRows(reader: RunReader, columns: readonly Column[]): Generator<readonly Cell[]> {
  const kinds = new Map(columns.map(({ name, type }) => [name, type]));
  for (const { row, record, isLast } of recordsIn(reader)) {
    const cells = stepFields.map((field) => cellOf(valueOf(record, field), kinds.get(field)!));
    yield [...keyCells(row), BigInt(record.k), ...cells, record.kind === "reset", isLast];
  }
}

interface OwnRecord {
  readonly row: RolloutSummary;
  readonly record: TrajectoryRecord;
  readonly isLast: boolean;
}

/** Resets and steps of all rollouts, in seed order. */
function* recordsIn(reader: RunReader): Generator<OwnRecord> {
  for (const row of reader.rows()) {
    let held: OwnRecord | undefined;
    for (const record of new Trajectory(reader.trajectory(rowKey(row))).records()) {
      if (record.kind === "closing") continue;
      if (held !== undefined) yield held;
      held = { row, record, isLast: false };
    }
    if (held !== undefined) yield { ...held, isLast: true };
  }
}

function valueOf(record: TrajectoryRecord, field: StepField): CborValue | undefined {
  if (record.kind === "step") return record[field];
  if (record.kind === "closing") return undefined;
  return field === "observation" || field === "info" ? record[field] : undefined;
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [{ name: "root", num_children: columns.length }, ...columns.flatMap(elementsOf)];
}

function convertedInt({ bits, signed }: IntWidth): ConvertedType {
  return `${signed ? "INT" : "UINT"}_${bits === 8 ? 8 : 16}`;
}

const physical = {
  bool: "BOOLEAN",
  int32: "INT32",
  int64: "INT64",
  float32: "FLOAT",
  float64: "DOUBLE",
  bytes: "BYTE_ARRAY",
  text: "BYTE_ARRAY",
  json: "BYTE_ARRAY",
} as const;

function elementsOf({ name, type, nullable }: Column): SchemaElement[] {
  const repetition_type = nullable ? "OPTIONAL" : "REQUIRED";
  const int = narrowed(type);
  if (type.kind === "list")
    return [
      { name, repetition_type, num_children: 1, converted_type: "LIST" },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      {
        name: "element",
        repetition_type: "REQUIRED",
        type: physical[type.element],
        ...(int === undefined ? {} : { converted_type: convertedInt(int) }),
      },
    ];
  const isText = type.kind === "text" || type.kind === "json";
  return [
    {
      name,
      repetition_type,
      type: physical[type.kind],
      ...(isText ? { converted_type: "UTF8" as const } : {}),
    },
  ];
}
