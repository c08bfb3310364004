import { decodeCbor } from "../model/cbor/decode.ts";
import { entryOf, type CborValue } from "../model/cbor/value.ts";
import { readSeatSpaces, type SeatSpaces } from "../model/spaces.ts";
import { failRecord } from "../trajectory/records.ts";

/** What an ASK frame says. */
export interface AskedAction {
  readonly seat: string;
  /** The step that an action is wanted for, from 1. */
  readonly step: number;
  /** The numbers of the legal actions, where the environment says which they are. */
  readonly legal: readonly number[] | null;
  /** The seat's spaces; with its first question only. */
  readonly spaces?: SeatSpaces;
}

/**
 * Decodes the payload of an ASK frame, which an environment can have written.
 * @throws `protocol_broken`
 */
export function readQuestion(payload: Uint8Array): AskedAction {
  const value = decodeCbor(payload, "protocol_broken");
  if (value.type !== "map") return failRecord("protocol_broken", "a question is not a map");
  const seat = entryOf(value.entries, "seat");
  const legal = entryOf(value.entries, "legal");
  const spaces = entryOf(value.entries, "spaces");
  if (seat?.type !== "text") return failRecord("protocol_broken", "a question has no seat");
  return {
    seat: seat.value,
    step: wholeNumber(entryOf(value.entries, "step")),
    legal: legal?.type === "list" ? legal.items.map(wholeNumber) : null,
    ...(spaces === undefined ? {} : { spaces: readSeatSpaces(spaces) }),
  };
}

function wholeNumber(value: CborValue | undefined): number {
  const number = value?.type === "int" ? Number(value.value) : Number.NaN;
  return Number.isSafeInteger(number)
    ? number
    : failRecord("protocol_broken", "a question holds something else than a number");
}
