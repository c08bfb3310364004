import { closeSync, openSync, readSync } from "node:fs";

/** Opens all or none. */
export function openAll(paths: readonly string[]): number[] {
  const files: number[] = [];
  try {
    for (const path of paths) files.push(openSync(path, "r"));
    return files;
  } catch (error) {
    for (const file of files) closeSync(file);
    throw error;
  }
}

/** What a file of counters says now. */
export function readAll(file: number): string {
  const buffer = Buffer.allocUnsafe(1024);
  return buffer.toString("latin1", 0, readSync(file, buffer, 0, buffer.length, 0));
}

/** The number that stands after a name in a file of counters. */
export function eventCount(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
