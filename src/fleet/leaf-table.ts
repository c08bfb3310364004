import { SameseedError } from "../base/error.ts";

const leafBytes = 32;

/** Leaves by the number of what each is over, in ascending order: 40 bytes for each of them, however many there are. */
export class LeafTable {
  #numbers = new Float64Array(64);
  #bytes = Buffer.alloc(64 * leafBytes);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes the next one. @param number larger than all before */
  add(number: number, leaf: Uint8Array): void {
    const last = this.#size === 0 ? -1 : this.#numbers[this.#size - 1]!;
    if (number <= last) throw new SameseedError("internal", `leaf ${number} was added after ${last}`);
    if (this.#size === this.#numbers.length) this.#grow();
    this.#numbers[this.#size] = number;
    this.#bytes.set(leaf, this.#size * leafBytes);
    this.#size++;
  }

  get(number: number): Buffer | undefined {
    const at = this.#find(number);
    return at === undefined ? undefined : this.#at(at);
  }

  has(number: number): boolean {
    return this.#find(number) !== undefined;
  }

  #find(number: number): number | undefined {
    let [from, to] = [0, this.#size];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#numbers[middle]! < number) from = middle + 1;
      else to = middle;
    }
    return from < this.#size && this.#numbers[from] === number ? from : undefined;
  }

  *numbers(): Generator<number, undefined> {
    for (let at = 0; at < this.#size; at++) yield this.#numbers[at]!;
  }

  *values(): Generator<Buffer, undefined> {
    for (let at = 0; at < this.#size; at++) yield this.#at(at);
  }

  #at(index: number): Buffer {
    return this.#bytes.subarray(index * leafBytes, (index + 1) * leafBytes);
  }

  #grow(): void {
    const numbers = new Float64Array(2 * this.#numbers.length);
    numbers.set(this.#numbers);
    const bytes = Buffer.alloc(2 * this.#bytes.length);
    bytes.set(this.#bytes);
    [this.#numbers, this.#bytes] = [numbers, bytes];
  }
}
