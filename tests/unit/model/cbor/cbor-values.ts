import fc, { type Arbitrary } from "fast-check";
import type { CborField, CborValue, ElementType } from "../../../../src/model/cbor/value.ts";
import { encodeCbor } from "./encode-cbor.ts";

const text: Arbitrary<string> = fc.string({ unit: "binary", maxLength: 12 }).filter((s) => s.isWellFormed());
const bytes: Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 12 });
const shape: Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });

const integer: Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -30n, max: 300n }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
);

const numericTypes: readonly ElementType[] = [
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "int8",
  "int16",
  "int32",
  "int64",
];

function wholeArray(
  elements: Arbitrary<readonly [ElementType, number, Arbitrary<number>]>,
): Arbitrary<CborValue> {
  return fc.tuple(elements, shape).chain(([[dtype, size, byte], dimensions]) => {
    const count = dimensions.reduce((product, length) => product * length, 1) * size;
    return fc
      .array(byte, { minLength: count, maxLength: count })
      .map((data): CborValue => ({ type: "ndarray", dtype, shape: dimensions, data: Uint8Array.from(data) }));
  });
}

const sizes = { 8: 1, 16: 2, 32: 4, 64: 8 } as const;

const integerArray = wholeArray(
  fc.constantFrom(...numericTypes).map((dtype) => {
    const bits = Number(dtype.replace(/\D/g, "")) as keyof typeof sizes;
    return [dtype, sizes[bits], fc.integer({ min: 0, max: 255 })] as const;
  }),
);

const boolArray = wholeArray(fc.constant(["bool", 1, fc.integer({ min: 0, max: 1 })] as const));

const floatArray: Arbitrary<CborValue> = fc
  .tuple(fc.constantFrom("float32" as const, "float64" as const), shape)
  .chain(([dtype, dimensions]) => {
    const count = dimensions.reduce((product, length) => product * length, 1);
    const element = dtype === "float32" ? fc.float() : fc.double();
    return fc.array(element, { minLength: count, maxLength: count }).map((elements): CborValue => {
      const typed = dtype === "float32" ? Float32Array.from(elements) : Float64Array.from(elements);
      return { type: "ndarray", dtype, shape: dimensions, data: new Uint8Array(typed.buffer) };
    });
  });

const stringArray: Arbitrary<CborValue> = fc.boolean().chain((isText) => {
  const item = isText ? text.filter((s) => !s.endsWith("\0")) : bytes.filter((b) => b.at(-1) !== 0);
  return fc.array<string | Uint8Array>(item, { maxLength: 4 }).map((items): CborValue => ({
    type: "stringarray",
    dtype: isText ? "str" : "bytes",
    width: Math.max(1, ...items.map((element) => Array.from<unknown>(element).length)),
    shape: [items.length],
    items,
  }));
});

const scalar: Arbitrary<CborValue> = fc.oneof(
  fc.constant<CborValue>({ type: "null" }),
  fc.boolean().map((value): CborValue => ({ type: "bool", value })),
  integer.map((value): CborValue => ({ type: "int", value })),
  fc.double().map((value): CborValue => ({ type: "float", value })),
  text.map((value): CborValue => ({ type: "text", value })),
  bytes.map((value): CborValue => ({ type: "bytes", value })),
  integerArray,
  boolArray,
  floatArray,
  stringArray,
);

function byEncoding(a: CborValue, b: CborValue): number {
  return Buffer.compare(encodeCbor(a), encodeCbor(b));
}

function key(value: CborValue): string {
  return encodeCbor(value).toString("hex");
}

function fieldsOf(inner: Arbitrary<CborValue>): Arbitrary<CborField[]> {
  return fc.uniqueArray(fc.tuple(text, inner), { maxLength: 4, selector: ([name]) => name });
}

function inOrder(fields: readonly CborField[]): CborField[] {
  return fields.toSorted((a, b) => byEncoding({ type: "text", value: a[0] }, { type: "text", value: b[0] }));
}

/** Values that Python can hash, of kinds that are equal only where their encodings are. */
const hashable: Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.constant<CborValue>({ type: "null" }),
    integer.map((value): CborValue => ({ type: "int", value })),
    text.map((value): CborValue => ({ type: "text", value })),
    bytes.map((value): CborValue => ({ type: "bytes", value })),
    fc.array(tie("value"), { maxLength: 3 }).map((items): CborValue => ({ type: "tuple", items })),
    fc
      .uniqueArray(tie("value"), { maxLength: 3, selector: key })
      .map((items): CborValue => ({ type: "frozenset", items: items.toSorted(byEncoding) })),
    fc.tuple(text, tie("value")).map(([name, value]): CborValue => ({ type: "typed", name, value })),
    fc
      .tuple(text, fc.option(text), tie("value"))
      .map(([name, member, value]): CborValue => ({ type: "enum", name, member, value })),
  ),
})).value;

function containers(inner: Arbitrary<CborValue>): Arbitrary<CborValue> {
  const elements = fc.uniqueArray(hashable, { maxLength: 4, selector: key });
  return fc.oneof(
    fc
      .tuple(fc.constantFrom("list" as const, "tuple" as const), fc.array(inner, { maxLength: 4 }))
      .map(([type, items]): CborValue => ({ type, items })),
    fc
      .tuple(fc.constantFrom("set" as const, "frozenset" as const), elements)
      .map(([type, items]): CborValue => ({ type, items: items.toSorted(byEncoding) })),
    fieldsOf(inner).map((fields): CborValue => ({ type: "map", entries: inOrder(fields) })),
    fc
      .tuple(text, fieldsOf(inner))
      .map(([name, fields]): CborValue => ({ type: "dataclass", name, entries: inOrder(fields) })),
    fc
      .tuple(text, fieldsOf(inner))
      .map(([name, entries]): CborValue => ({ type: "namedtuple", name, entries })),
    fc
      .tuple(text, fc.option(text), inner)
      .map(([name, member, value]): CborValue => ({ type: "enum", name, member, value })),
    fc.tuple(text, inner).map(([name, value]): CborValue => ({ type: "typed", name, value })),
    fc
      .tuple(elements, inner)
      .filter(([keys]) => keys.some((value) => value.type !== "text"))
      .map(([keys, value]): CborValue => ({
        type: "pairs",
        entries: keys.toSorted(byEncoding).map((one) => [one, value] as const),
      })),
  );
}

/** Any value of the profile, a few levels deep. */
export const cborValue: Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, depthSize: "small" }, scalar, containers(tie("value"))),
})).value;
