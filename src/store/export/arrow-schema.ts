import { Builder } from "flatbuffers";

import type { ColumnKind, ScalarKind } from "./column.ts";

/*
 * Readers that come from Arrow look for a schema of theirs in a Parquet file, under the key `ARROW:schema`: with it a list of four
 * floats is a list of four floats, without it a list of any length. It is a message of Arrow's format for streams
 * (`Message.fbs`, `Schema.fbs`), in base64.
 */

/** A column of a file. */
export interface Column {
  readonly name: string;
  readonly type: ColumnKind;
  readonly nullable: boolean;
}

/** An integer type of its own width. */
export interface IntWidth {
  readonly bits: number;
  readonly signed: boolean;
}

/** The width of a list's integers where it is to be theirs and Parquet's integers are wider. */
export function narrowed(type: ColumnKind): IntWidth | undefined {
  if (type.kind !== "list" || type.exact !== true) return undefined;
  const [, unsigned, bits] = /^(u?)int(8|16)$/.exec(type.array.dtype) ?? [];
  return bits === undefined ? undefined : { bits: Number(bits), signed: unsigned === "" };
}

/** Arrow's numbers for its types (`Schema.fbs`, `union Type`). */
const types = { int: 2, floatingPoint: 3, binary: 4, utf8: 5, bool: 6, fixedSizeList: 16 } as const;
/** `MetadataVersion.V5` and `MessageHeader.Schema`. */
const [version5, headerSchema] = [4, 1];

/** The schema of a file's columns, as its metadata has it. */
export function arrowSchema(columns: readonly Column[]): string {
  const builder = new Builder(1024);
  const fields = columns.map((column) => fieldOf(builder, column));
  const list = vectorOf(builder, fields);
  builder.startObject(4);
  builder.addFieldOffset(1, list, 0);
  const schema = builder.endObject();
  builder.startObject(5);
  builder.addFieldInt16(0, version5, 0);
  builder.addFieldInt8(1, headerSchema, 0);
  builder.addFieldOffset(2, schema, 0);
  builder.finish(builder.endObject());
  const message = builder.asUint8Array();
  const padded = Math.ceil(message.length / 8) * 8;
  const framed = Buffer.alloc(8 + padded);
  framed.writeUInt32LE(0xffffffff, 0);
  framed.writeInt32LE(padded, 4);
  framed.set(message, 8);
  return framed.toString("base64");
}

function fieldOf(builder: Builder, { name, type, nullable }: Column, int?: IntWidth): number {
  const children = type.kind === "list" ? [fieldOf(builder, elementOf(type.element), narrowed(type))] : [];
  const below = vectorOf(builder, children);
  const label = builder.createString(name);
  const [kind, table] = typeOf(builder, type, int);
  builder.startObject(7);
  builder.addFieldOffset(0, label, 0);
  builder.addFieldInt8(1, Number(nullable), 0);
  builder.addFieldInt8(2, kind, 0);
  builder.addFieldOffset(3, table, 0);
  builder.addFieldOffset(5, below, 0);
  return builder.endObject();
}

function elementOf(kind: ScalarKind): Column {
  return { name: "element", type: { kind }, nullable: false };
}

/** A type's number and its table. */
function typeOf(builder: Builder, type: ColumnKind, int?: IntWidth): readonly [number, number] {
  switch (type.kind) {
    case "bool":
      return [types.bool, tableOf(builder, 0, () => {})];
    case "int32":
    case "int64":
      return [
        types.int,
        tableOf(builder, 2, () => {
          builder.addFieldInt32(0, int?.bits ?? (type.kind === "int32" ? 32 : 64), 0);
          builder.addFieldInt8(1, Number(int?.signed ?? true), 0);
        }),
      ];
    case "float32":
    case "float64":
      return [
        types.floatingPoint,
        tableOf(builder, 1, () => builder.addFieldInt16(0, type.kind === "float32" ? 1 : 2, 0)),
      ];
    case "list":
      return [types.fixedSizeList, tableOf(builder, 1, () => builder.addFieldInt32(0, type.length, 0))];
    case "bytes":
      return [types.binary, tableOf(builder, 0, () => {})];
    case "text":
    case "json":
      break;
  }
  return [types.utf8, tableOf(builder, 0, () => {})];
}

function tableOf(builder: Builder, fields: number, fill: () => void): number {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

function vectorOf(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}
