/*
 * What the host sends to a referee that waits for its caller (`docs/trajectory-format.md` §10):
 * `u32 length | u8 type | payload`, little-endian.
 */
import { startOfText } from "../base/cut-text.ts";
import { encodePlain } from "../model/cbor/encode-plain.ts";
import type { CallerFailure } from "./live-options.ts";

const types = { action: 0x41, failed: 0x46, reseed: 0x52 } as const;
const headBytes = 5;
/** More of a text the referee would cut away. */
const textMost = 16_384;

/** The message with an encoded action. */
export function encodeAction(payload: Uint8Array): Uint8Array {
  return encodeMessage(types.action, payload);
}

/** The message that re-keys a state; null leaves it as it is. */
export function encodeReseed(number: number | null): Uint8Array {
  return encodeMessage(types.reseed, encodePlain(number));
}

/** The message of a caller that failed. */
export function encodeFailure({ kind, type, message, traceback = "" }: CallerFailure): Uint8Array {
  const said = { kind, type: plain(type), message: plain(message), traceback: plain(traceback) };
  return encodeMessage(types.failed, encodePlain(said));
}

function encodeMessage(type: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.writeUInt32LE(payload.length);
  bytes[4] = type;
  bytes.set(payload, headBytes);
  return bytes;
}

/** A text as it can be recorded. */
function plain(text: string): string {
  return startOfText(text, textMost).toWellFormed();
}
