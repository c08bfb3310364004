import { expect, vi } from "vitest";

import { sha256 } from "../../src/base/digest.ts";
import type { Chunk } from "../../src/fleet/chunk.ts";
import type { ChunkReport, LanesOptions } from "../../src/fleet/queue/dispatcher.ts";

let tests = 0;

/** A test has a queue of its own. */
export function nextQueue(): void {
  tests++;
}

/** The number of the test's queue. */
export function queueNumber(): number {
  return tests;
}

/** Each test has a queue of its own. */
export function hostClass(): string {
  return `class-${tests}`;
}

/** What a host says of itself. */
export function noteOf(host: string, lanes: number): LanesOptions["note"] {
  return {
    id: `${host}-1`,
    host,
    hostClass: hostClass(),
    lanes,
    slots: 1,
    store: "folder:/nowhere",
    version: "1",
  };
}

/** A chunk of the test's batch. */
export function chunk(name: string, more: Partial<Chunk> = {}): Chunk {
  const id = `b${tests}.${name}`;
  return { v: 1, id, batch: `b${tests}`, spec: "0".repeat(64), seeds: [[1, 2]], purpose: "run", ...more };
}

/** What a host says that has run a chunk. */
export const report: ChunkReport = { root: sha256("x").toString("hex"), host: "a" };

/** Waits for something to become true, and says what it was where it does not. */
export async function until<T>(read: () => Promise<T>, expected: T, timeout = 10_000): Promise<void> {
  await vi.waitFor(async () => expect(await read()).toEqual(expected), { timeout, interval: 30 });
}
