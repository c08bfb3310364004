/**
 * The messages between host, zygote and slots, as `native/zygote/zygote.h` lays them out:
 * `u32 length | u8 type | u8 channel | u16 zero | body`, little-endian.
 */

import { parseZygoteReport, type ZygoteReport } from "./zygote-report.ts";

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
  | "error";

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
const startBytes = 48 + 24 + linksMax * linkBytes;
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
  flags: { readonly allowBare: boolean; readonly ownIds: boolean },
  slotFilter: Uint8Array,
  childFilter: Uint8Array,
): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(slots, 0);
  head.writeUInt32LE((flags.allowBare ? 1 : 0) | (flags.ownIds ? 2 : 0), 4);
  head.writeUInt32LE(slotFilter.length, 8);
  head.writeUInt32LE(childFilter.length, 12);
  return encodeMessage(messages.config, Buffer.concat([head, slotFilter, childFilter]));
}

/** Asks for one more slot. */
export function encodeNewSlot(index: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(index);
  return encodeMessage(messages.newSlot, body);
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
    (start.bare ? 1 : 0) | (start.announce ? 2 : 0) | (start.asks === true ? 4 : 0),
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
    report: parseZygoteReport(body.subarray(readyBytes)),
  };
}

/** Called for each whole message. The body is valid only during the call where it is a view of the chunk. */
export type MessageHandler = (type: number, channel: number, body: Buffer) => void;

/** Cuts a stream of chunks into messages. What it is fed comes from the zygote's own C code, never from a sandbox. */
export class MessageReader {
  readonly #handle: MessageHandler;
  #rest: Buffer = Buffer.alloc(0);

  constructor(handle: MessageHandler) {
    this.#handle = handle;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length >= headerBytes) {
      const end = headerBytes + data.readUInt32LE(0);
      if (data.length < end) break;
      this.#handle(data.readUInt8(4), data.readUInt8(5), data.subarray(headerBytes, end));
      data = data.subarray(end);
    }
    this.#rest = data;
  }
}
