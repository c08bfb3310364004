import { LastBytes } from "../base/kept-bytes.ts";

const bytesMost = 8192;

/** The end of what each sandbox of a group wrote to standard error. */
export class LastWords {
  readonly #members = new Map<number, LastBytes>();

  /** Takes a chunk of one member. */
  push(member: number, data: Uint8Array): void {
    let kept = this.#members.get(member);
    if (kept === undefined) this.#members.set(member, (kept = new LastBytes(bytesMost)));
    kept.push(data);
  }

  /** The end of what one member said; empty if it said nothing. */
  of(member: number): string {
    return this.#members.get(member)?.text ?? "";
  }
}
