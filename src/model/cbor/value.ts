/** The element type of a numeric or boolean array, by numpy's name. */
export type ElementType =
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "float16"
  | "float32"
  | "float64"
  | "bool";

/** A numpy array of numbers or booleans; shape `[]` is a scalar. */
export interface CborArray {
  readonly type: "ndarray";
  readonly dtype: ElementType;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** The elements in C order, little-endian; a view of the decoded bytes. */
  readonly data: Uint8Array;
}

/** A numpy array of texts or byte strings. */
export interface CborStringArray {
  readonly type: "stringarray";
  readonly dtype: "str" | "bytes";
  /** The room of an element: code points for `str`, bytes for `bytes`. */
  readonly width: number;
  readonly shape: readonly number[];
  /** The elements in C order. */
  readonly items: readonly (string | Uint8Array)[];
}

/**
 * A decoded value. It keeps what JavaScript's own values would lose: integers apart from floats, sizes of
 * integers, the element types of arrays, and which Python container a list was.
 */
export type CborValue =
  | { readonly type: "null" }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "int"; readonly value: bigint }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "bytes"; /** A view of the decoded bytes. */ readonly value: Uint8Array }
  | { readonly type: "list" | "tuple" | "set" | "frozenset"; readonly items: readonly CborValue[] }
  | { readonly type: "map"; /** In canonical order. */ readonly entries: readonly CborField[] }
  | { readonly type: "pairs"; /** In canonical order. */ readonly entries: readonly CborPair[] }
  | {
      readonly type: "namedtuple" | "dataclass";
      /** `module.qualified_name`. */
      readonly name: string;
      readonly entries: readonly CborField[];
    }
  | {
      readonly type: "enum";
      readonly name: string;
      /** The member's name; null for a combination of flags that has none. */
      readonly member: string | null;
      readonly value: CborValue;
    }
  | {
      /** An instance of a subclass, or of a type that the environment's `encode` takes apart. */
      readonly type: "typed";
      /** `module.qualified_name`. */
      readonly name: string;
      /** Its base value, or what `encode` made of it. */
      readonly value: CborValue;
    }
  | CborArray
  | CborStringArray
  | { readonly type: "opaque"; /** The type of a value that has no encoding. */ readonly name: string };

/** A named part of a map, named tuple or dataclass. */
export type CborField = readonly [name: string, value: CborValue];

/** An entry of a dictionary whose keys are not all texts. */
export type CborPair = readonly [key: CborValue, value: CborValue];

/** The value of a text-keyed entry, or undefined. */
export function entryOf(entries: readonly CborField[], name: string): CborValue | undefined {
  return entries.find((entry) => entry[0] === name)?.[1];
}
