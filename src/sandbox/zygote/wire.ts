/**
 * The messages between host, zygote and slots, as `native/zygote/zygote.h` lays them out:
 * `u32 length | u8 type | u8 channel | u16 zero | body`, little-endian.
 */

import { parseZygoteReport, type ZygoteReport } from "./zygote-report.ts";

/** The number of these layouts (`PROTOCOL` in `zygote.h`): an image that was built with another is refused. */
export const protocol = 4;

/** The name of a message type. */
export type MessageName =
  | "config"
  | "newSlot"
  | "ready"
  | "slotDied"
  | "start"
  | "input"
  | "inputEnd"
  | "kill"
  | "born"
  | "output"
  | "exit"
  | "error"
  | "lend"
  | "returned"
  | "copy"
  | "copied"
  | "leave";

/** Message types, by what they say. */
export const messages: Readonly<Record<MessageName, number>> = {
  config: 0x43,
  newSlot: 0x4e,
  ready: 0x52,
  slotDied: 0x44,
  start: 0x53,
  input: 0x49,
  inputEnd: 0x46,
  kill: 0x4b,
  born: 0x42,
  output: 0x4f,
  exit: 0x58,
  error: 0x45,
  lend: 0x4c,
  returned: 0x51,
  copy: 0x59,
  copied: 0x5a,
  leave: 0x47,
};

/** Bytes before a message's body. */
export const headerBytes = 8;

/** The most bytes one `input` message carries. */
export const inputChunkBytes: number = 64 * 1024;

/** The most slots one zygote can have. */
export const slotsMax = 96;

/** The most links one sandbox can have. */
export const linksMax = 8;

/** One end of a stream between two sandboxes of a group. */
export interface WireLink {
  /** Who makes the pair, and who takes its other end from its inbox. */
  readonly kind: "make" | "take";
  /** The slot at the other end. */
  readonly peer: number;
  /** The same at both ends. */
  readonly token: bigint;
}

/** What `start` sets before the job runs. */
export interface WireStart {
  readonly addressSpaceBytes: number;
  readonly fileBytes: number;
  readonly tmpBytes: number;
  readonly shmBytes: number;
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly cpuSeconds: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly links: readonly WireLink[];
  /** Without the wall; only a zygote started for benchmarks obeys it. */
  readonly bare: boolean;
  /** Whether to tell of the birth at once; otherwise the first output or the exit tells. */
  readonly announce: boolean;
  /** Whether it asks its host: what lies between its last word and an answer is none of its wall time. */
  readonly asks?: boolean;
  /** By which number the host knows the stream that it is handed itself; the slot carries it where there is none. */
  readonly direct?: number | undefined;
  /** Whether it can be copied; only in a zygote of a tree. */
  readonly trunk?: boolean;
  /** Whether it goes on as what it was copied from; then it has no job. */
  readonly copy?: boolean;
  /** Whether it has a network of its own with the loopback device; its filter lies before its job. */
  readonly loopback?: boolean;
  /** Bytes of a filter of its own, which lies before its job. @default 0 */
  readonly filterBytes?: number;
}

/** How a sandbox's first process ended, as its slot saw it. */
export interface WireExit {
  readonly cause: "own" | "killed" | "wall" | "cpu";
  /** As `waitpid` gives it. */
  readonly status: number;
  readonly cpuMs: number;
  readonly maxRssBytes: number;
  readonly wallMs: number;
  /** From the fork to the standing wall, in ms; undefined if the wall never stood. */
  readonly bornMs: number | undefined;
}

const readyBytes = 16;
const linkBytes = 16;
const startBytes = 48 + 32 + linksMax * linkBytes;
const causes = ["own", "killed", "wall", "cpu"] as const;

/** A message's header. */
export function encodeHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(length, 0);
  header.writeUInt8(type, 4);
  return header;
}

/** Channel of `input`: the answer to what the sandbox said last. */
const answerChannel = 1;

/** An answer for a sandbox that waits for it, as `input` messages; the first of them says what it is. */
export function encodeAnswer(data: Uint8Array): Buffer {
  if (data.length <= inputChunkBytes) {
    const message = Buffer.allocUnsafe(headerBytes + data.length);
    message.writeUInt32LE(data.length, 0);
    message.writeUInt32LE(messages.input | (answerChannel << 8), 4);
    message.set(data, headerBytes);
    return message;
  }
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += inputChunkBytes) {
    const part = data.subarray(at, at + inputChunkBytes);
    const header = encodeHeader(messages.input, part.length);
    if (at === 0) header.writeUInt8(answerChannel, 5);
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

/** A whole message. */
export function encodeMessage(type: number, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([encodeHeader(type, body.length), body]);
}

/** The first message a zygote reads. */
export function encodeConfig(
  slots: number,
  flags: {
    readonly allowBare: boolean;
    readonly ownIds: boolean;
    readonly tree?: boolean;
    readonly direct?: boolean;
  },
  slotFilter: Uint8Array,
  childFilter: Uint8Array,
): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(slots, 0);
  head.writeUInt32LE(
    (flags.allowBare ? 1 : 0) |
      (flags.ownIds ? 2 : 0) |
      (flags.tree === true ? 4 : 0) |
      (flags.direct === true ? 8 : 0),
    4,
  );
  head.writeUInt32LE(slotFilter.length, 8);
  head.writeUInt32LE(childFilter.length, 12);
  return encodeMessage(messages.config, Buffer.concat([head, slotFilter, childFilter]));
}

/** Asks for one more slot. */
export function encodeNewSlot(index: number): Buffer {
  return encodeMessage(messages.newSlot, encodeIndex(index));
}

/** Asks the zygote of a tree to lend a slot's stream to whichever trunk is copied next. */
export function encodeLend(index: number): Buffer {
  return encodeMessage(messages.lend, encodeIndex(index));
}

/** How many numbers there are for the copies of a trunk (`COPY_NUMBERS`). */
export const copyNumbers = 10_000;

/** A copy to be made. */
export interface CopyOrder {
  /** The lent stream that it gets. */
  readonly index: number;
  /** Gives it its process id in its trunk's namespace; one that its trunk has not buried yet is still in use. */
  readonly number: number;
}

/** Asks a copy that waits to be copied. */
export function encodeCopy(order: CopyOrder): Buffer {
  return encodeMessage(messages.copy, encodeTrunkCopy(order).subarray(5));
}

/** The same for a trunk that waits for its host: a message of the trunk's own stream. */
export function encodeTrunkCopy({ index, number }: CopyOrder): Buffer {
  const message = Buffer.alloc(13);
  message.writeUInt32LE(8);
  message.writeUInt8(messages.copy, 4);
  message.writeUInt32LE(index, 5);
  message.writeUInt32LE(number, 9);
  return message;
}

function encodeIndex(index: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(index);
  return body;
}

/** Starts a sandbox with its job. */
export function encodeStart(start: WireStart, job: Uint8Array): Buffer {
  const message = Buffer.alloc(headerBytes + startBytes + job.length);
  message.writeUInt32LE(startBytes + job.length, 0);
  message.writeUInt8(messages.start, 4);
  const sizes = [
    start.addressSpaceBytes,
    start.fileBytes,
    start.tmpBytes,
    start.shmBytes,
    start.wallUs,
    start.cpuUs,
  ];
  let at = headerBytes;
  for (const size of sizes) at = message.writeBigUInt64LE(BigInt(Math.floor(size)), at);
  const counts = [
    start.cpuSeconds,
    start.processes,
    start.openFiles,
    start.links.length,
    (start.bare ? 1 : 0) |
      (start.announce ? 2 : 0) |
      (start.asks === true ? 4 : 0) |
      (start.trunk === true ? 8 : 0) |
      (start.copy === true ? 16 : 0) |
      (start.direct === undefined ? 0 : 32) |
      (start.loopback === true ? 64 : 0),
    start.filterBytes ?? 0,
    start.direct ?? 0,
    0,
  ];
  for (const count of counts) at = message.writeUInt32LE(count, at);
  for (const { kind, peer, token } of start.links) {
    message.writeUInt32LE(kind === "make" ? 1 : 2, at);
    message.writeUInt32LE(peer, at + 4);
    message.writeBigUInt64LE(token, at + 8);
    at += linkBytes;
  }
  message.set(job, headerBytes + startBytes);
  return message;
}

/** Reads the body of `exit`. */
export function decodeExit(body: Buffer): WireExit {
  const bornUs = Number(body.readBigUInt64LE(40));
  return {
    cause: causes[body.readUInt32LE(0)] ?? "own",
    status: body.readInt32LE(4),
    cpuMs: Number(body.readBigUInt64LE(8) + body.readBigUInt64LE(16)) / 1000,
    maxRssBytes: Number(body.readBigUInt64LE(24)),
    wallMs: Number(body.readBigUInt64LE(32)) / 1000,
    bornMs: bornUs === 0 ? undefined : bornUs / 1000,
  };
}

/** What a zygote says of itself when it waits to be forked. */
export interface WireReady {
  readonly report: ZygoteReport;
  /** The interpreter's own address space after the warm-up; a memory limit counts from here. */
  readonly addressSpaceBytes: number;
  readonly addressesFixed: boolean;
}

/** Reads the body of `ready`. */
export function decodeReady(body: Buffer): WireReady {
  return {
    addressSpaceBytes: Number(body.readBigUInt64LE(0)),
    addressesFixed: body.readUInt32LE(8) === 1,
    report: parseZygoteReport(body.subarray(readyBytes), protocol),
  };
}
