import type { JsonObject, JsonValue } from "../model/json.ts";
import type { PastPart } from "../trajectory/lineage.ts";
import { encodedList } from "./recorded-actions.ts";

/** What a script needs of a part. */
export type PlayedPart = Pick<PastPart, "manifest" | "origin" | "actions">;

/**
 * A past as the referee's script has it: for each part who sat where, the recorded actions, and what the state is re-keyed by
 * after its last step.
 *
 * @param reseed what it is re-keyed by where the past ends
 */
export function pastArgument(parts: readonly PlayedPart[], reseed: number | null): JsonObject[] {
  return parts.map((part, at) => {
    const next = parts[at + 1]?.origin;
    return {
      seats: seatsOf(part),
      actions: encodedList(part.actions),
      reseed: next === undefined ? reseed : next.reseed,
    };
  });
}

/** Only built-in policies are asked again, since only they run in the referee. */
function seatsOf({ manifest }: PlayedPart): JsonObject[] {
  const { seats } = manifest["spec"] as { readonly seats: readonly { seat: string; policy: JsonObject }[] };
  return seats.map(({ seat, policy }): JsonObject => {
    const { kind, name } = policy as { readonly kind: JsonValue; readonly name: JsonValue };
    return kind === "builtin" ? { seat, kind, name } : { seat, kind: "past" };
  });
}
