import type { Instruction } from "../../../src/sandbox/seccomp/compile.ts";

/** What the kernel hands to a filter. */
export interface SystemCall {
  readonly number: number;
  readonly architecture: number;
  /** Up to six, 64 bits each. */
  readonly args?: readonly bigint[];
}

/**
 * Runs a classic BPF program over `struct seccomp_data` as the kernel does, and gives what it returns. It throws where
 * the kernel would refuse the program or run off its end.
 * @param taken gets a line for every instruction that ran, with where it went on
 */
export function interpret(program: readonly Instruction[], call: SystemCall, taken?: Set<string>): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture >>> 0, 4);
  for (const [index, value] of (call.args ?? []).entries()) {
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  }
  let accumulator = 0;
  for (let at = 0; at < program.length;) {
    const { code, jt, jf, k } = program[at]!;
    let next = at + 1;
    if (code === 0x20) {
      if (k % 4 !== 0 || k > 60) throw new Error(`loads from ${k}`);
      accumulator = data.readUInt32LE(k);
    } else if (code === 0x05) next += k;
    else if (code === 0x15) next += accumulator === k >>> 0 ? jt : jf;
    else if (code === 0x35) next += accumulator >= k >>> 0 ? jt : jf;
    else if (code === 0x45) next += (accumulator & k) !== 0 ? jt : jf;
    else if (code !== 0x06) throw new Error(`unknown instruction ${code}`);
    taken?.add(code === 0x06 ? `${at} returns` : `${at} to ${next}`);
    if (code === 0x06) return k >>> 0;
    at = next;
  }
  throw new Error("the program runs off its end");
}
