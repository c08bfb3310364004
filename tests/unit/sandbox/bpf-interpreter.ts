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
 */
export function interpret(program: readonly Instruction[], call: SystemCall): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture >>> 0, 4);
  for (const [index, value] of (call.args ?? []).entries()) {
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  }
  let accumulator = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, jt, jf, k } = program[at]!;
    if (code === 0x20) {
      if (k % 4 !== 0 || k > 60) throw new Error(`loads from ${k}`);
      accumulator = data.readUInt32LE(k);
    } else if (code === 0x06) return k >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) at += accumulator === k >>> 0 ? jt : jf;
    else if (code === 0x35) at += accumulator >= k >>> 0 ? jt : jf;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? jt : jf;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("the program runs off its end");
}
