import { NdArray, toNdArray } from "./cbor/ndarray.ts";
import { toTyped, type TypedValue } from "./cbor/typed-value.ts";
import { entryOf, type CborField, type CborValue } from "./cbor/value.ts";

/**
 * A space as Gymnasium's `Space` holds it, save its generator. A bound of a `Box` that is the same everywhere is the array of
 * shape `[]`.
 */
export type Space =
  | {
      readonly type: "Box";
      readonly dtype: string;
      readonly shape: readonly number[];
      readonly low: NdArray;
      readonly high: NdArray;
    }
  | { readonly type: "Discrete"; readonly n: number; readonly start: number; readonly dtype: string }
  | {
      readonly type: "MultiDiscrete";
      readonly dtype: string;
      readonly shape: readonly number[];
      readonly nvec: NdArray;
      readonly start: NdArray;
    }
  | { readonly type: "MultiBinary"; readonly dtype: string; readonly shape: readonly number[] }
  | {
      readonly type: "Text";
      readonly minLength: number;
      readonly maxLength: number;
      /** Every character, in the order of their code points. */
      readonly charset: string;
    }
  | {
      readonly type: "Dict";
      /** In the space's own order. */
      readonly spaces: readonly (readonly [key: TypedValue, space: Space])[];
    }
  | { readonly type: "Tuple" | "OneOf"; readonly spaces: readonly Space[] }
  | { readonly type: "Sequence"; readonly featureSpace: Space; readonly stack: boolean }
  | { readonly type: "Graph"; readonly nodeSpace: Space; readonly edgeSpace: Space | null }
  /** A space of a class of its own. */
  | { readonly type: "other"; /** The class's name. */ readonly name: string };

/** The spaces of one seat. A part is undefined where the environment has none, or none that can be told. */
export interface SeatSpaces {
  readonly action: Space | undefined;
  readonly observation: Space | undefined;
}

/** What a recording says of each seat's spaces. */
export function readSpaces(value: CborValue | undefined): Readonly<Record<string, SeatSpaces>> {
  if (value?.type !== "map") return {};
  return Object.fromEntries(value.entries.map(([seat, told]) => [seat, readSeatSpaces(told)]));
}

/** What is said of one seat's spaces. It comes from the environment's process, so that anything may be missing. */
export function readSeatSpaces(value: CborValue | undefined): SeatSpaces {
  const entries = value?.type === "map" ? value.entries : [];
  return {
    action: readSpace(entryOf(entries, "action")),
    observation: readSpace(entryOf(entries, "observation")),
  };
}

function readSpace(value: CborValue | undefined): Space | undefined {
  if (value?.type !== "map") return undefined;
  const name = textOf(value.entries, "type");
  const known = readKnown(name, value.entries);
  return known ?? { type: "other", name };
}

/** A space of Gymnasium's; undefined where it is none, or a part of it is missing. */
function readKnown(type: string, entries: readonly CborField[]): Space | undefined {
  const dtype = textOf(entries, "dtype");
  const shape = numbersOf(entries, "shape");
  const array = (name: string): NdArray | undefined => arrayOf(entryOf(entries, name));
  const number = (name: string): number => numberOf(entryOf(entries, name));
  switch (type) {
    case "Box": {
      const [low, high] = [array("low"), array("high")];
      return low === undefined || high === undefined ? undefined : { type, dtype, shape, low, high };
    }
    case "Discrete":
      return { type, n: number("n"), start: number("start"), dtype };
    case "MultiDiscrete": {
      const [nvec, start] = [array("nvec"), array("start")];
      return nvec === undefined || start === undefined ? undefined : { type, dtype, shape, nvec, start };
    }
    case "MultiBinary":
      return { type, dtype, shape };
    case "Text":
      return {
        type,
        minLength: number("min_length"),
        maxLength: number("max_length"),
        charset: textOf(entries, "charset"),
      };
    default:
      return readNested(type, entries);
  }
}

function readNested(type: string, entries: readonly CborField[]): Space | undefined {
  const parts = entryOf(entries, "spaces");
  const items = parts?.type === "list" ? parts.items : [];
  const space = (name: string): Space | undefined => readSpace(entryOf(entries, name));
  switch (type) {
    case "Dict":
      return { type, spaces: items.flatMap(readKeyed) };
    case "Tuple":
    case "OneOf":
      return { type, spaces: items.flatMap((item) => readSpace(item) ?? []) };
    case "Sequence": {
      const featureSpace = space("feature_space");
      const stack = entryOf(entries, "stack");
      const isStacked = stack?.type === "bool" && stack.value;
      return featureSpace === undefined ? undefined : { type, featureSpace, stack: isStacked };
    }
    case "Graph": {
      const nodeSpace = space("node_space");
      return nodeSpace === undefined
        ? undefined
        : { type, nodeSpace, edgeSpace: space("edge_space") ?? null };
    }
    default:
      return undefined;
  }
}

function readKeyed(value: CborValue): (readonly [TypedValue, Space])[] {
  const [key, told] = value.type === "list" ? value.items : [];
  const space = readSpace(told);
  return key === undefined || space === undefined ? [] : [[toTyped(key), space]];
}

function textOf(entries: readonly CborField[], name: string): string {
  const value = entryOf(entries, name);
  return value?.type === "text" ? value.value : "";
}

function numberOf(value: CborValue | undefined): number {
  return value?.type === "int" ? Number(value.value) : Number.NaN;
}

function numbersOf(entries: readonly CborField[], name: string): readonly number[] {
  const value = entryOf(entries, name);
  return value?.type === "list" ? value.items.map(numberOf) : [];
}

function arrayOf(value: CborValue | undefined): NdArray | undefined {
  return value?.type === "ndarray" ? toNdArray(value) : undefined;
}
