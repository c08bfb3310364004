/*
 * Theory of operation. A schema that refers to itself, or to a part of its own, does so from its own root. In a document of many
 * schemas a reference is read from the document's root, so such parts go among the document's components.
 */
import type { JsonObject, JsonValue } from "../../model/json.ts";

const ownParts = "#/$defs/";
/** Stands for the name of a part in its own text. */
const self = "#self";

/** The parts of a document's schemas that are referred to. */
export class SchemaParts {
  readonly #parts: Map<string, JsonValue> = new Map();
  readonly #names: Map<string, string> = new Map();

  /** Every part by its name. */
  get all(): JsonObject {
    return Object.fromEntries(this.#parts);
  }

  /** A schema whose references are read from the document's root. */
  add(schema: JsonValue): JsonValue {
    if (!isObject(schema)) return schema;
    const { $defs, ...root } = schema;
    const own: Record<string, JsonValue> = {};
    for (const [name, part] of Object.entries(isObject($defs) ? $defs : {})) own[ownParts + name] = part;
    if (refersTo(root, "#")) own["#"] = root;
    if (Object.keys(own).length === 0) return schema;
    const names = new Map(Object.entries(own).map(([ref, part]) => [ref, this.#nameOf(ref, part)]));
    const moved = (value: JsonValue): JsonValue =>
      withReferences(value, (ref) => {
        const name = names.get(ref);
        return name === undefined ? ref : `#/components/schemas/${name}`;
      });
    for (const [ref, part] of Object.entries(own)) this.#parts.set(names.get(ref)!, moved(part));
    return own["#"] === undefined ? moved(root) : moved({ $ref: "#" });
  }

  /** Parts that only refer to themselves are one where they say the same. */
  #nameOf(ref: string, part: JsonValue): string {
    const text = JSON.stringify(withReferences(part, (other) => (other === ref ? self : other)));
    const isAlone = !text.includes(ownParts);
    const known = isAlone ? this.#names.get(text) : undefined;
    if (known !== undefined) return known;
    const name = `Part${this.#names.size + 1}`;
    this.#names.set(isAlone ? text : `${name} ${text}`, name);
    return name;
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refersTo(value: JsonValue, ref: string): boolean {
  let isReferred = false;
  withReferences(value, (each) => {
    isReferred ||= each === ref;
    return each;
  });
  return isReferred;
}

/** A copy of a schema with other references. */
function withReferences(value: JsonValue, to: (ref: string) => string): JsonValue {
  if (Array.isArray(value)) return value.map((item) => withReferences(item as JsonValue, to));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string" ? to(inner) : withReferences(inner, to),
    ]),
  );
}
