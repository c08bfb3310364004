import { randomBytes } from "node:crypto";

import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { runScript } from "../../../src/testing/contract-check.ts";
import { probeSource, readAnswer } from "./probe.ts";

const flip = 0x40;

/** 32 bytes that nobody else has. They exist in this process as their flipped halves only, until they are planted. */
export class Canary {
  readonly #flipped: Buffer;

  /** @param bytes ones that mean something. @default random ones, of which none is zero */
  constructor(bytes?: Uint8Array) {
    const flipped =
      bytes?.map((byte) => byte ^ flip) ?? randomBytes(32).map((byte) => (byte === flip ? 1 : byte));
    this.#flipped = Buffer.from(flipped);
  }

  /** The bytes themselves. */
  bytes(): Buffer {
    return Buffer.from(this.#flipped.map((byte) => byte ^ flip));
  }

  /** What a scanner is given. */
  halves(): [string, string] {
    return [this.#flipped.toString("hex", 0, 16), this.#flipped.toString("hex", 16)];
  }

  /** A Python expression for the bytes that does not hold them. */
  expression(): string {
    return `bytes(n ^ ${flip} for n in bytes.fromhex("${this.#flipped.toString("hex")}"))`;
  }
}

/** What a scanner found, and how much it looked at. */
export interface Scan {
  readonly found: Readonly<Record<string, readonly string[]>>;
  readonly memoryBytes: number;
  readonly fileBytes: number;
  readonly descriptors: readonly number[];
}

/** The source of a program that looks for canaries in all it has. */
export function scanSource(canaries: Readonly<Record<string, Canary>>, files: boolean): string {
  const flipped = Object.fromEntries(Object.entries(canaries).map(([name, each]) => [name, each.halves()]));
  return probeSource("scan", { flipped, files }, ["memory"]);
}

/** What a scanner printed. */
export function readScan(stdout: string): Scan {
  const answer = readAnswer(stdout);
  if (answer === undefined) throw new Error(`the scanner said: ${stdout}`);
  return JSON.parse(answer.seen) as Scan;
}

/** Looks for canaries in a sandbox of its own. */
export async function scan(
  backend: SandboxBackend,
  canaries: Readonly<Record<string, Canary>>,
  options: { readonly files: boolean; readonly before?: string },
): Promise<Scan> {
  const source = `${options.before ?? ""}\n${scanSource(canaries, options.files)}`;
  const { stdout, stderr, end } = await runScript(backend, source, { memoryMb: 512, cpuMs: 60_000 });
  if (end.exitCode !== 0) throw new Error(`the scanner ended: ${stderr || JSON.stringify(end)}`);
  return readScan(stdout);
}
