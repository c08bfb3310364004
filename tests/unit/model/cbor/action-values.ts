import { Float, float, type ActionValue } from "../../../../src/model/cbor/typed-value.ts";
import { NdArray, StringArray, toNdArray } from "../../../../src/model/cbor/ndarray.ts";
import type { CborValue } from "../../../../src/model/cbor/value.ts";

/** What to send for a decoded value, so that it is the very same for Python; undefined where nothing says it. */
export function actionOf(value: CborValue): ActionValue | undefined {
  switch (value.type) {
    case "null":
      return null;
    case "bool":
    case "text":
    case "bytes":
      return value.value;
    case "int":
      return value.value;
    case "float":
      return float(value.value);
    case "list": {
      const items = value.items.map(actionOf);
      return items.includes(undefined) ? undefined : (items as ActionValue[]);
    }
    case "map": {
      const entries = value.entries.map(([key, item]) => [key, actionOf(item)] as const);
      return entries.some(([, item]) => item === undefined)
        ? undefined
        : (Object.fromEntries(entries) as ActionValue);
    }
    case "pairs": {
      const entries = value.entries.map(([key, item]) => [keyOf(key), actionOf(item)] as const);
      if (entries.some(([key, item]) => key === undefined || item === undefined)) return undefined;
      return new Map(entries as [ActionValue, ActionValue][]);
    }
    case "ndarray":
      return toNdArray(value);
    case "stringarray":
      return new StringArray(value.dtype, value.width, value.shape, value.items);
    case "tuple":
    case "set":
    case "frozenset":
    case "namedtuple":
    case "dataclass":
    case "enum":
    case "opaque":
  }
  return undefined;
}

function keyOf(key: CborValue): ActionValue | undefined {
  const isSimple = ["null", "bool", "int", "float", "text", "bytes"].includes(key.type);
  return isSimple ? actionOf(key) : undefined;
}

/** The same action with its integers as numbers, where they are. */
export function withNumbers(action: ActionValue): ActionValue {
  if (typeof action === "bigint") return Number.isSafeInteger(Number(action)) ? Number(action) : action;
  if (Array.isArray(action)) return action.map(withNumbers);
  if (typeof action !== "object" || action === null || action instanceof Map) return action;
  if (
    action instanceof Float ||
    action instanceof NdArray ||
    action instanceof StringArray ||
    ArrayBuffer.isView(action)
  )
    return action;
  return Object.fromEntries(
    Object.entries(action).map(([key, item]) => [key, withNumbers(item as ActionValue)]),
  );
}
