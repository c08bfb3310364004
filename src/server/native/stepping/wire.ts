/*
 * Theory of operation. Every message of the WebSocket is one map in canonical CBOR. An answer is encoded once, without the `id`
 * that it answers: the same answer may be given again, to a request of another connection with another `id`.
 */
import { SameseedError } from "../../../base/error.ts";
import { toNdArray, StringArray } from "../../../model/cbor/ndarray.ts";
import { decodeCbor } from "../../../model/cbor/decode.ts";
import { encodePlain } from "../../../model/cbor/encode-plain.ts";
import { fieldSpans } from "../../../model/cbor/field-spans.ts";
import { type ActionValue, Float, type TypedValue } from "../../../model/cbor/typed-value.ts";
import { type CborField, type CborValue, entryOf } from "../../../model/cbor/value.ts";

/** The most bytes of one message to the server. */
export const requestBytesMost: number = 32 * 1024 * 1024;
/** The most bytes of one message of the server's. */
export const answerBytesMost: number = 1024 * 1024 * 1024;

/** A request, decoded. */
export interface SocketCall {
  readonly id: number;
  readonly op: string;
  readonly entries: readonly CborField[];
  /** The message as it came. */
  readonly bytes: Uint8Array;
}

/** Reads a message. @throws `protocol_broken` for bytes that are no request */
export function readCall(bytes: Uint8Array): SocketCall {
  const value = decodeCbor(bytes, "protocol_broken");
  const entries = value.type === "map" ? value.entries : [];
  const [id, op] = [entryOf(entries, "id"), entryOf(entries, "op")];
  if (
    id?.type !== "int" ||
    id.value < 0n ||
    id.value > BigInt(Number.MAX_SAFE_INTEGER) ||
    op?.type !== "text"
  )
    throw new SameseedError("protocol_broken", "a request is a map with a whole number `id` and a text `op`");
  return { id: Number(id.value), op: op.value, entries, bytes };
}

/** Whether two messages ask for the same: all their fields but `id` are equal. */
export function asksTheSame(a: Uint8Array, b: Uint8Array): boolean {
  return withoutId(a).equals(withoutId(b));
}

/** What a message asks for, without its `id`. */
export function withoutId(bytes: Uint8Array): Buffer {
  const parts = fieldSpans(bytes, "protocol_broken").flatMap(({ name, start, end }) =>
    name === "id" ? [] : [Buffer.from(`${name}\0`), bytes.subarray(start, end)],
  );
  return Buffer.concat(parts);
}

/** Encodes what is answered. */
export function encodeAnswer(value: Readonly<Record<string, TypedValue | Float | undefined>>): Uint8Array {
  const present = Object.entries(value).filter((entry) => entry[1] !== undefined);
  return encodePlain(plain(Object.fromEntries(present)) as ActionValue, answerBytesMost);
}

/** An answer with the `id` of its request: a map of two entries, whose keys are in canonical order. */
export function answerBytes(id: number | null, kind: "ok" | "error", encoded: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xa2]), encodePlain("id"), encodePlain(id), encodePlain(kind), encoded]);
}

/** An error as it is answered. */
export function errorAnswer(error: SameseedError): Uint8Array {
  const { code, message, hint, context } = error;
  return encodeAnswer({
    code,
    message: message.toWellFormed(),
    hint: hint?.toWellFormed(),
    context: JSON.stringify(context).toWellFormed(),
  });
}

/** A value without sets and instances: what the encoder takes. Whatever holds none of them stays as it is. */
export function plain(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Set) return [...value].map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key as unknown, plain(inner)]));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), plain(inner)]));
}

/** A decoded value as an action: its types stay what they are. @throws `bad_argument` */
export function toAction(value: CborValue): ActionValue {
  switch (value.type) {
    case "null":
      return null;
    case "bool":
    case "text":
    case "bytes":
      return value.value;
    case "float":
      return new Float(value.value);
    case "int":
      return value.value;
    case "list":
      return value.items.map(toAction);
    case "map":
      return Object.fromEntries(value.entries.map(([key, inner]) => [key, toAction(inner)]));
    case "pairs":
      return new Map(value.entries.map(([key, inner]) => [toAction(key), toAction(inner)]));
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
    case "typed":
    case "opaque":
      break;
  }
  throw new SameseedError("bad_argument", `an action has no ${value.type}`, {
    hint: "give null, booleans, numbers, texts, byte strings, lists, maps or arrays",
  });
}
